"""Fetching collections, from a publisher that stands on this machine."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.errors import CorpusError
from training.corpora.download import Download, fetch

CONTENT = b"userID\tartistID\n" * 10_000


def _zipped(members: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return archive.getvalue()


SERVED = {
    "/table.csv": CONTENT,
    "/release.zip": _zipped({"readme.txt": b"", "data/a.dat": CONTENT, "../b.dat": b"b"}),
    "/broken.zip": b"PK\x03\x04 no archive",
}


class _Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        cut = self.path == "/cut.csv"
        content = CONTENT if cut else SERVED.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write((content or b"")[: 1000 if cut else None])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def publisher() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Publisher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _unheard(received: int, total: int | None) -> None:
    """Pass over progress."""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_fetched_with_progress_and_verified(publisher: str, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    download = Download(f"{publisher}/table.csv", {"table.csv": _sha256(CONTENT)})
    out = tmp_path / "new" / "folder"
    assert fetch(download, out, lambda *step: steps.append(step)) == {"table.csv": True}
    assert [file.name for file in out.iterdir()] == ["table.csv"]
    assert (out / "table.csv").read_bytes() == CONTENT
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert len(steps) > 1


def test_members_of_an_archive_are_put_in_the_folder_and_nowhere_else(publisher: str, tmp_path: Path) -> None:
    download = Download(f"{publisher}/release.zip", {"a.dat": _sha256(CONTENT), "b.dat": None})
    out = tmp_path / "out"
    assert fetch(download, out, _unheard) == {"a.dat": True, "b.dat": False}
    assert sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.dat")) == [
        "out/a.dat",
        "out/b.dat",
    ]


@pytest.mark.parametrize(
    ("path", "files", "said"),
    [
        ("/table.csv", {"table.csv": "0" * 64}, _sha256(CONTENT)),
        ("/release.zip", {"a.dat": None, "b.dat": "0" * 64}, "b.dat has the SHA-256"),
        ("/release.zip", {"c.dat": None}, "holds no c.dat"),
        ("/broken.zip", {"a.dat": None}, "not a sound zip archive"),
        ("/nothing.csv", {"nothing.csv": None}, "404"),
        ("/cut.csv", {"cut.csv": None}, f"broke off after 1000 of {len(CONTENT)}"),
    ],
)
def test_nothing_is_kept_of_a_download_that_is_not_sound(
    path: str, files: dict[str, str | None], said: str, publisher: str, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError) as caught:
        fetch(Download(publisher + path, files), tmp_path, _unheard)
    assert said in str(caught.value)
    assert publisher + path in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_without_a_connection_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="without internet, download it elsewhere"):
        fetch(Download("http://127.0.0.1:9/a.csv", {"a.csv": None}), tmp_path, _unheard)


def test_files_that_are_there_are_left_alone(publisher: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("mine")
    with pytest.raises(CorpusError, match="there already"):
        fetch(Download(f"{publisher}/table.csv", {"table.csv": None}), tmp_path, _unheard)
    assert (tmp_path / "table.csv").read_text() == "mine"
