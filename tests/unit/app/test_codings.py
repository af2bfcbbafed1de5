"""Decoding of gzip and zstd, fed in pieces of any size."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator

import pytest
import zstandard

from app.errors import CodingError
from app.middleware.codings import DECODERS, MAX_ZSTD_WINDOW_BYTES, PIECE_BYTES

TEXT = b"".join(b'{"id": %d, "tags": ["lo-fi", "hip hop"]}\n' % i for i in range(20_000))
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def decode(coding: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = DECODERS[coding]()
    for chunk in chunks:
        yield from decoder.feed(chunk)
    decoder.end()


def cut(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 10**7])
@pytest.mark.parametrize("coding", ENCODE)
def test_what_was_encoded_comes_back_however_it_is_cut(coding: str, size: int) -> None:
    pieces = list(decode(coding, cut(ENCODE[coding](TEXT), size)))
    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize("coding", ENCODE)
def test_members_follow_one_another_and_may_be_empty(coding: str) -> None:
    encode = ENCODE[coding]
    encoded = encode(b"first") + encode(b"") * 5000 + encode(b"second")
    for size in (1, 13, 65_536, len(encoded)):
        assert b"".join(decode(coding, cut(encoded, size))) == b"firstsecond"


@pytest.mark.parametrize("coding", ENCODE)
def test_a_stream_that_is_cut_anywhere_is_told(coding: str) -> None:
    encoded = ENCODE[coding](TEXT[:300])
    for length in range(len(encoded)):
        with pytest.raises(CodingError, match=f"ends before its {coding} stream"):
            list(decode(coding, [encoded[:length]]))


@pytest.mark.parametrize("coding", ENCODE)
def test_a_corrupt_stream_is_told(coding: str) -> None:
    encoded = bytearray(ENCODE[coding](TEXT))
    encoded[len(encoded) // 2] ^= 0xFF
    for corrupt in (bytes(encoded), TEXT, ENCODE[coding](TEXT) + b"something else", zlib.compress(TEXT)):
        with pytest.raises(CodingError, match=f"not what {coding} makes"):
            list(decode(coding, cut(corrupt, 4096)))


def test_a_zstd_window_has_a_limit() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=24)
    encoder = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    encoded = encoder.compress(TEXT) + encoder.flush()
    with pytest.raises(CodingError, match=f"window of more than {MAX_ZSTD_WINDOW_BYTES} bytes"):
        list(decode("zstd", [encoded]))


@pytest.mark.parametrize("coding", ENCODE)
def test_a_bomb_is_inflated_no_further_than_it_is_read(coding: str) -> None:
    bomb = ENCODE[coding](bytes(2**28))
    assert len(bomb) < 2**19
    tracemalloc.start()
    try:
        read = 0
        for piece in decode(coding, [bomb]):
            read += len(piece)
            if read > 10**6:
                break
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20, "of 256 MiB"
    finally:
        tracemalloc.stop()
