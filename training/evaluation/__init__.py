"""Evaluation: methods, protocols, cross-validation, tuning, and the reproduction of the paper."""
