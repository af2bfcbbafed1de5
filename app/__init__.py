"""How a trained model is served."""

from importlib.metadata import version


def release() -> str:
    """Return the installed version of tagprime."""
    return version("tagprime")
