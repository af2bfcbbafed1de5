"""The training commands, one module each, with a function ``register``."""
