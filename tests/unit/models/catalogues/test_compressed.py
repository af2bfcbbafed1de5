"""Compressed files and archives: read like plain ones, and told when they are damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.catalogues.document import Document
from models.catalogues.reading import open_catalogue
from models.errors import CorpusError

N_LINES = 5000
LINES = "".join(f'{{"id": "{n}", "tags": ["tag {n}"]}}\n' for n in range(N_LINES)).encode()


def zstandard(content: bytes) -> bytes:
    library = pytest.importorskip("zstandard", reason="the package zstandard is not installed")
    half = len(content) // 2
    frames = [library.ZstdCompressor().compress(part) for part in (content[:half], content[half:])]
    return b"".join(frames)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zstandard,
}


def ids(path: Path | str) -> list[str]:
    return [document.id for _, document in open_catalogue(path).documents()]


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("named", [True, False])
def test_compression_is_told_by_the_first_bytes(suffix: str, named: bool, tmp_path: Path) -> None:
    path = tmp_path / (f"own.jsonl.{suffix}" if named else "own")
    path.write_bytes(COMPRESSIONS[suffix](LINES))
    assert ids(path) == [str(n) for n in range(N_LINES)]


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_a_file_that_is_cut_short_is_told_as_damaged(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    whole = COMPRESSIONS[suffix](LINES)
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(CorpusError, match=r"own\.jsonl is damaged or cut short"):
        ids(path)


@pytest.mark.parametrize("suffix", COMPRESSIONS)
def test_harmed_bytes_are_told_as_damage(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    whole = bytearray(COMPRESSIONS[suffix](LINES))
    middle = len(whole) // 2
    whole[middle : middle + 200] = bytes(200)
    path.write_bytes(whole)
    with pytest.raises(CorpusError):
        ids(path)


def archive(path: Path, members: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in members.items():
                out.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["all.zip", "all.tar", "all.tar.gz"])
def test_the_member_of_an_archive_that_fits_is_found_or_chosen(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / name, {"README": b"Dear reader", "data/own.jsonl.gz": gzip.compress(LINES)})
    assert ids(path) == ids(f"{path}::data/own.jsonl.gz") == [str(n) for n in range(N_LINES)]
    with pytest.raises(CorpusError, match=r"has no member 'other\.jsonl'"):
        ids(f"{path}::other.jsonl")


def test_several_catalogues_in_one_archive_are_to_be_chosen_from(tmp_path: Path) -> None:
    table = b"id,tags\na,rock\n"
    path = archive(tmp_path / "all.zip", {"a.csv": table, "b.csv": table})
    with pytest.raises(
        CorpusError, match=r"holds several catalogues: 'a\.csv', 'b\.csv'; choose one as PATH::"
    ):
        ids(path)
    catalogue = open_catalogue(f"{path}::b.csv")
    assert list(catalogue.documents()) == [(2, Document("a", ("rock",)))]
    assert catalogue.source.name == f"{path}::b.csv"


def test_an_archive_without_a_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no member fits any format"):
        ids(archive(tmp_path / "all.zip", {"README": b"Dear reader"}))
    plain = tmp_path / "own.jsonl"
    plain.write_bytes(LINES)
    with pytest.raises(CorpusError, match="is no archive, so it has no member 'x'"):
        ids(f"{plain}::x")
