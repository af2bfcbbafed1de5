"""Documents: the bags of tags that training learns from and the store keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A bag of tags: what is on one track, album or artist.

    Attributes
    ----------
    id
        The owner's name for it.
    tags
        Normalised tags, each once.
    group
        What ties near-copies together (an artist, an album), or None.
    """

    id: str
    tags: tuple[str, ...]
    group: str | None = None
