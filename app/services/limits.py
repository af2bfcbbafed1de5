"""Limits are settings, and an error names the one it met."""

from __future__ import annotations

from app.settings import Settings, variable
from models.errors import InputError


def check_limit(settings: Settings, setting: str, value: int, pointer: str, said: str) -> None:
    """Raise InputError at `pointer` if `value`, told by `said`, is over the limit of a setting."""
    most: int = getattr(settings, setting)
    if value > most:
        raise InputError(pointer, f"{said}; at most {most} are accepted ({variable(setting)})")
