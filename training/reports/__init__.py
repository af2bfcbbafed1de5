"""Tables and figures of the paper's experiments, ours beside the paper's."""
