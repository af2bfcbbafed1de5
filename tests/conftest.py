"""What tests of several rooms share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from models.bundle import Bundle
from models.bundle_writing import save_bundle
from models.embeddings import EmbeddingBasis
from models.encoders.completion import CompletionEncoder
from models.encoders.contract import OovRule
from models.encoders.siamese import SiameseEncoder
from models.projection import Projection
from models.vocabulary import Vocabulary

# Tests run in parallel processes on few cores: threads inside each would only wait for one another.
# Set before torch or FAISS is imported, and inherited by the commands that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

DESCRIPTION: dict[str, Any] = {
    "corpus": {"name": "tests", "n_documents": 0},
    "training": {"seed": 0},
    "quality": {},
    "libraries": {},
    "git_revision": None,
}


def random_siamese_encoder(
    n_tags: int = 12,
    n_topics: int = 4,
    widths: tuple[int, ...] = (7, 3),
    seed: int = 0,
    oov_rule: OovRule = "nearest",
) -> SiameseEncoder:
    """An encoder with drawn weights: every shape is right and nothing was learnt."""
    rng = np.random.default_rng(seed)
    settings = {"n_tags": n_tags, "n_topics": n_topics, "widths": list(widths), "context_length": None}
    tensors = {
        name: rng.normal(size=spec.shape).astype(spec.dtype)
        for name, spec in SiameseEncoder.specs(settings).items()
    }
    tensors["context_std"] = np.abs(tensors["context_std"]) + 1
    tensors["document_frequency"] = np.round(np.abs(tensors["document_frequency"]) * 10 + 1)
    tensors["idf_sign"] = np.ones(n_tags, dtype=np.float32)
    topics = np.exp(tensors["log_topics"])
    tensors["log_topics"] = np.log(topics / topics.sum(axis=1, keepdims=True))
    return SiameseEncoder.from_tensors(settings, tensors, oov_rule)


def random_completion_encoder(
    variant: str = "b", stored: int | None = None, seed: int = 0, n_tags: int = 40
) -> CompletionEncoder:
    """A completion encoder with drawn weights; `stored` makes its linear term sparse."""
    rng = np.random.default_rng(seed)
    linear = {"l2": 3.0, "dropout": 0.5, "damping": 0.25, "stored": stored}
    settings = {"variant": variant, "n_tags": n_tags, "width": 6, "hidden": 5, "linear": linear}
    settings["company"] = 3 * n_tags
    tensors = {
        name: rng.normal(size=spec.shape).astype(spec.dtype)
        for name, spec in CompletionEncoder.specs(settings).items()
        if not name.startswith(("linear_ind", "company_ind"))
    }
    tensors["company_indptr"] = np.arange(0, 3 * n_tags + 1, 3)
    tensors["company_indices"] = ((np.arange(n_tags)[:, None] + [1, 4, 9]) % n_tags).astype(np.int32).ravel()
    tensors["linear_diagonal"] = 0.1 + np.abs(tensors["linear_diagonal"]) / 10
    tensors["frequency"] = 1 + np.abs(tensors["frequency"])
    tensors["scales"] = np.array([1.0, 0.3, 0.7, 0.5], dtype=np.float32)
    if stored is not None:
        drawn = sparse.random_array((n_tags, n_tags), density=stored / n_tags**2, rng=rng, format="csr")
        tensors["linear_indptr"] = drawn.indptr.astype(np.int64)
        tensors["linear_indices"] = drawn.indices.astype(np.int32)
        tensors["linear_values"] = drawn.data.astype(np.float32)
    else:
        np.fill_diagonal(tensors["linear_values"], 0)
    return CompletionEncoder.from_tensors(settings, tensors, "nearest")


def drawn_basis(n_tags: int, seed: int = 0) -> EmbeddingBasis:
    """A basis of embeddings with drawn columns."""
    columns = np.linalg.qr(np.random.default_rng(seed).normal(size=(n_tags, n_tags // 2)))[0]
    return EmbeddingBasis(columns.astype(np.float32), n_tags // 4, {n_tags // 4: 0.6, n_tags // 2: 0.9})


def drawn_projection(n_tags: int, seed: int = 0) -> Projection:
    """A map with drawn positions."""
    rng = np.random.default_rng(seed)
    return Projection(rng.uniform(-1, 1, size=(n_tags, 2)).astype(np.float32), 1.5)


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """Save a small bundle over the given tags and return it as loaded."""

    def make(tags: list[str], name: str = "small", **options: Any) -> Bundle:
        vocabulary = Vocabulary(tags, np.arange(1, len(tags) + 1))
        encoder = random_siamese_encoder(n_tags=len(tags), **options)
        return save_bundle(tmp_path / name, encoder, vocabulary, DESCRIPTION)

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real collections; skips where a machine does not have it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real collections are not on this machine: no folder {SHARED_DATA}")
    return SHARED_DATA


_names = itertools.count()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own, without a database's name."""
    # pgserver looks up the runtime folder at import, which warns where there is none.
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", str(runtime)))
        import pgserver

    server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def new_database(base: str) -> str:
    """Create an empty database on the PostgreSQL server at `base` and return its URL."""
    import psycopg

    name = f"test_{next(_names)}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return base.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An own, empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return new_database(request.getfixturevalue("postgresql"))
