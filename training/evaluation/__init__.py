"""Evaluation: methods, protocols, cross-validation, paired tests and tuning."""
