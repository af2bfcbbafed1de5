"""Training of the siamese encoder: the paper's recipe LIT, and EXT beyond it."""
