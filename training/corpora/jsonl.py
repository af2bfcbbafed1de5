"""A user's own catalogue as JSONL: ``{"id": "track-1", "tags": ["lo-fi", "hip hop"], "group": "artist-9"}``.

`models.document_files` says what a line may hold.
"""

from __future__ import annotations

from pathlib import Path

from training.corpora.own import CHECKSUMS, CITATION, DOWNLOAD, LICENCE, SOURCE, load_file
from training.corpus import TagCorpus

DOCUMENTS = "your own"
LAYOUT = 'a file with a line {"id": ..., "tags": [...], "group"?: ...} a document'

__all__ = ["CHECKSUMS", "CITATION", "DOCUMENTS", "DOWNLOAD", "LAYOUT", "LICENCE", "SOURCE", "load"]


def load(path: Path | str | None) -> TagCorpus:
    """Load a JSONL file; CorpusError names file, line and content of a fault."""
    return load_file("jsonl", path, LAYOUT)
