"""One file a command of the training side; each has a ``register``."""
