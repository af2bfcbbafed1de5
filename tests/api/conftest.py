"""A small bundle and a store, served inside the test's process and by a real server beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import httpx
import numpy as np
import pytest
import structlog
from starlette.testclient import TestClient

from app.db.engine import transaction
from app.db.tables import metadata
from app.main import create_app
from app.services.runtime import Runtime
from app.settings import Settings
from models.bundle_writing import save_bundle
from models.vocabulary import Vocabulary
from tests.conftest import (
    DESCRIPTION,
    drawn_basis,
    new_database,
    random_completion_encoder,
    random_siamese_encoder,
)

TAGS = (
    "hip hop", "chillout", "indie rock", "garage rock", "lo-fi", "jazz", "acoustic guitar", "ac/dc",
    "female vocalists", "trip-hop", "ambient", "beyoncé",
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Log lines as a service off the terminal writes them; the default draws tracebacks for seconds."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
    )


@pytest.fixture(scope="session")
def tags() -> tuple[str, ...]:
    """The vocabulary of the small bundle."""
    return TAGS


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A completion bundle over twelve tags; its weights are drawn, so rankings are arbitrary but fixed."""
    path = tmp_path_factory.mktemp("bundles") / "small"
    encoder = random_completion_encoder(n_tags=len(TAGS))
    vocabulary, basis = Vocabulary(TAGS, np.arange(1, len(TAGS) + 1)), drawn_basis(len(TAGS))
    save_bundle(path, encoder, vocabulary, DESCRIPTION, embeddings=basis)
    return path


@pytest.fixture(scope="session")
def siamese_bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a siamese encoder, for what only that family does."""
    path = tmp_path_factory.mktemp("bundles") / "small-siamese"
    encoder = random_siamese_encoder(n_tags=len(TAGS))
    save_bundle(path, encoder, Vocabulary(TAGS, np.arange(1, len(TAGS) + 1)), DESCRIPTION)
    return path


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An own, empty store."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, bundle_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """The application in this process, on each database; a bug in it is a 500, as in a server."""
    url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'store.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
    settings = Settings(bundle=bundle_path, database_url=url, store_refresh_seconds=0.05)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        yield client


@pytest.fixture
def siamese_client(siamese_bundle_path: Path, database_url: str) -> Iterator[TestClient]:
    """The application with a siamese bundle and an own, empty store."""
    with TestClient(create_app(Settings(bundle=siamese_bundle_path, database_url=database_url))) as client:
        yield client


@pytest.fixture
def client(application: TestClient) -> TestClient:
    """The application with an empty store."""
    runtime: Runtime = application.app.state.runtime  # type: ignore[attr-defined]
    with transaction(runtime.engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    runtime.monitor.refresh()
    return application


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something that happens in the background has happened."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come to pass"
        sleep(0.02)


def command(*arguments: str) -> list[str]:
    """The tagprime command line of this environment."""
    return [sys.executable, "-c", "from app.cli import main; main()", *arguments]


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[str]:
    """Run `tagprime serve` on a free port; give its address once it listens."""
    process = subprocess.Popen(
        command("serve", "--port", "0", *arguments),
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stderr is not None
    # A server whose log nobody reads stands still once the pipe is full.
    reader = Thread(target=process.stderr.read)
    try:
        log = []
        for line in process.stderr:
            log.append(line)
            event = json.loads(line)["event"] if line.startswith("{") else ""
            if event.startswith("Uvicorn running on "):
                break
        else:
            pytest.fail("the server did not start:\n" + "".join(log))
        reader.start()
        yield event.split()[3]
    finally:
        process.terminate()
        process.wait(timeout=20)
        if reader.is_alive():
            reader.join()
        process.stderr.close()


@pytest.fixture(scope="session")
def server(bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real server over HTTP, shared by tests that change nothing in it."""
    store = tmp_path_factory.mktemp("store") / "store.db"
    arguments = ("--bundle", str(bundle_path), "--database", f"sqlite:///{store}")
    with serving(*arguments) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def serve() -> Callable[..., object]:
    """Start a server of one's own."""
    return serving
