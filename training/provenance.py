"""The manifest's sections on a bundle's origin: the training corpus, the libraries and the revision."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from training.corpus import TagCorpus

LIBRARIES = ("numpy", "scipy", "gensim", "scikit-learn", "torch")
"""Libraries whose versions can change the result of a training."""


def corpus_description(corpus: TagCorpus) -> dict[str, Any]:
    """Return the corpus's name, size, source, licence and the checksums of its files."""
    return {
        "name": corpus.name,
        "n_documents": corpus.n_documents,
        "n_tags": corpus.n_tags,
        "n_assignments": int(corpus.matrix.nnz),
        "source": corpus.provenance.source,
        "citation": corpus.provenance.citation,
        "licence": corpus.provenance.licence,
        "files": dict(corpus.provenance.files),
    }


def build_description() -> dict[str, Any]:
    """Return the versions of Python and of the libraries, and the git revision (None outside a checkout)."""
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}
    try:
        revision = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        revision = None  # installed from a wheel, or no git on this machine
    return {"libraries": versions, "git_revision": revision}
