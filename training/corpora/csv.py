"""A user's own catalogue as CSV: ``id,tags[,group]``, tags separated by ``|``, or long ``id,tag[,group]``.

`models.document_files` says what a row may hold.
"""

from __future__ import annotations

from pathlib import Path

from training.corpora.own import CHECKSUMS, CITATION, DOWNLOAD, LICENCE, SOURCE, load_file
from training.corpus import TagCorpus

DOCUMENTS = "your own"
LAYOUT = "a file with the header id,tags[,group] (tags separated by |) or id,tag[,group] (a row a tag)"

__all__ = ["CHECKSUMS", "CITATION", "DOCUMENTS", "DOWNLOAD", "LAYOUT", "LICENCE", "SOURCE", "load"]


def load(path: Path | str | None) -> TagCorpus:
    """Load a CSV file; CorpusError names file, line and content of a fault."""
    return load_file("csv", path, LAYOUT)
