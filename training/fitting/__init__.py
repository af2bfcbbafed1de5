"""Shared by the training of both encoder families: progress, held-out splits, counts, the linear solver."""
