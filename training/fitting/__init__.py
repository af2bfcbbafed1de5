"""What the training of both encoder families needs: progress, held-out splits, counts, the linear solver."""
