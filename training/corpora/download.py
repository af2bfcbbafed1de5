"""Download a collection from its publisher and verify its checksums."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.errors import CorpusError

TIMEOUT_SECONDS = 30
CHUNK = 1 << 16


@dataclass(frozen=True)
class Download:
    """The address and the files of a published collection.

    Attributes
    ----------
    url
        A stable address: of a zip archive that holds `files`, or of the one file itself.
    files
        SHA-256 of each file, by name; None where none is on record.
    """

    url: str
    files: Mapping[str, str | None]


OnReceived = Callable[[int, int | None], None]


def fetch(download: Download, out: Path, progress: OnReceived) -> dict[str, bool]:
    """Download the files of a collection into the folder `out`.

    Files appear there only if all of them are complete and verified.

    Parameters
    ----------
    download
        What to fetch.
    out
        The folder; made if need be.
    progress
        Called with the bytes received so far and the total, or None where the publisher does not send it.

    Returns
    -------
    dict
        For each file, whether its checksum was on record and so verified.

    Raises
    ------
    CorpusError
        If a file is there already, the publisher cannot be reached, the download breaks off, or a
        file is missing in it or has another checksum than on record.
    """
    for name in download.files:
        if (out / name).exists():
            raise CorpusError(f"{out / name} is there already; move it away to fetch it again")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=out) as temporary:
            files = _unpacked(download, _received(download.url, Path(temporary), progress))
            verified = {name: _verified(download, name, file) for name, file in files.items()}
            for name, file in files.items():
                file.replace(out / name)
    except urllib.error.HTTPError as error:
        error.close()
        raise CorpusError(f"{download.url}: the publisher answers {error.code} {error.reason}") from None
    except OSError as error:
        raise CorpusError(
            f"{download.url} cannot be fetched to {out}: {error}. On a machine without internet, download it "
            "elsewhere and copy it here"
        ) from None
    return verified


def _received(url: str, folder: Path, progress: OnReceived) -> Path:
    file = folder / Path(urlsplit(url).path).name
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response, file.open("wb") as target:
        length = response.headers.get("Content-Length")
        total = int(length) if length else None
        received = 0
        try:
            while chunk := response.read(CHUNK):
                target.write(chunk)
                received += len(chunk)
                progress(received, total)
        except http.client.HTTPException as error:
            raise CorpusError(f"{url} broke off after {received} bytes: {error}") from None
    if total is not None and received != total:
        raise CorpusError(f"{url} broke off after {received} of {total} bytes")
    return file


def _unpacked(download: Download, file: Path) -> dict[str, Path]:
    if file.suffix != ".zip":
        (name,) = download.files
        return {name: file}
    files = {}
    try:
        with zipfile.ZipFile(file) as archive:
            members = {Path(member).name: member for member in archive.namelist()}
            for name in download.files:
                if name not in members:
                    raise CorpusError(
                        f"{download.url} holds no {name}; it holds {', '.join(sorted(members))}"
                    )
                files[name] = file.parent / name
                with archive.open(members[name]) as source, files[name].open("wb") as target:
                    shutil.copyfileobj(source, target)
    except zipfile.BadZipFile as error:
        raise CorpusError(f"{download.url} is not a sound zip archive: {error}") from None
    return files


def _verified(download: Download, name: str, file: Path) -> bool:
    recorded = download.files[name]
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if recorded is not None and found != recorded:
        raise CorpusError(
            f"{download.url}: {name} has the SHA-256 {found}, on record is {recorded}; nothing was kept"
        )
    return recorded is not None
