"""Audio files of a moment's silence, byte by byte, with tags that mutagen writes into them."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import Any

FRAME_BYTES = 417  # of an MPEG-1 layer III frame with 128 kbit/s and 44.1 kHz


def mp3(path: Path, frames: list[Any]) -> None:
    """Write an MP3 file with the given ID3 frames."""
    from mutagen.id3 import ID3

    path.write_bytes((b"\xff\xfb\x90\x64" + bytes(FRAME_BYTES - 4)) * 20)
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path)


def wav(path: Path, frames: list[Any]) -> None:
    """Write a WAV file with the given ID3 frames."""
    from mutagen.wave import WAVE

    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        out.writeframes(bytes(1600))
    file = WAVE(path)
    file.add_tags()
    for frame in frames:
        file.tags.add(frame)
    file.save()


def flac(path: Path, comments: dict[str, list[str]]) -> None:
    """Write a FLAC file with the given Vorbis comments."""
    from mutagen.flac import FLAC

    rate, channels, bits = 8000, 1, 16
    packed = (rate << 44) | ((channels - 1) << 41) | ((bits - 1) << 36)
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    path.write_bytes(b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info)
    _commented(FLAC(path), comments)


def ogg_vorbis(path: Path, comments: dict[str, list[str]]) -> None:
    """Write an Ogg Vorbis file."""
    from mutagen.oggvorbis import OggVorbis

    head = b"\x01vorbis" + struct.pack("<IBIIIIBB", 0, 1, 8000, 0, 64000, 0, 0xB8, 1)
    _write_ogg(path, [head], [b"\x03vorbis" + _no_comments() + b"\x01", b"\x05vorbis"])
    _commented(OggVorbis(path), comments)


def opus(path: Path, comments: dict[str, list[str]]) -> None:
    """Write an Opus file."""
    from mutagen.oggopus import OggOpus

    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 312, 48000, 0, 0)
    _write_ogg(path, [head], [b"OpusTags" + _no_comments()])
    _commented(OggOpus(path), comments)


def _no_comments() -> bytes:
    return struct.pack("<I", 0) + struct.pack("<I", 0)


def _write_ogg(path: Path, head: list[bytes], rest: list[bytes]) -> None:
    from mutagen.ogg import OggPage

    pages = [*OggPage.from_packets(head), *OggPage.from_packets(rest, sequence=1)]
    silence = OggPage.from_packets([bytes(100)], sequence=2)
    pages[0].first, silence[-1].last, silence[-1].position = True, True, 960
    path.write_bytes(b"".join(page.write() for page in (*pages, *silence)))


def _commented(file: Any, comments: dict[str, list[str]]) -> None:
    if file.tags is None:
        file.add_tags()
    for name, values in comments.items():
        file[name] = values
    file.save()


def m4a(path: Path, tags: dict[str, Any]) -> None:
    """Write an M4A file with the given atoms."""
    from mutagen.mp4 import MP4

    handler = _atom(b"hdlr", bytes(8) + b"soun" + bytes(13))
    header = _atom(b"mdhd", bytes(12) + struct.pack(">II", 8000, 8000) + bytes(4))
    sample = _atom(b"mp4a", bytes(6) + struct.pack(">HQHHIHH", 1, 0, 1, 16, 0, 8000, 0) + _atom(b"free", b""))
    described = _atom(b"stsd", bytes(4) + struct.pack(">I", 1) + sample)
    media = _atom(b"mdia", handler + header + _atom(b"minf", _atom(b"stbl", described)))
    movie = _atom(b"moov", _atom(b"mvhd", bytes(100)) + _atom(b"trak", media))
    path.write_bytes(_atom(b"ftyp", b"M4A \x00\x00\x00\x00M4A mp42") + movie + _atom(b"mdat", bytes(100)))
    file = MP4(path)
    for name, value in tags.items():
        file[name] = value
    file.save()


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content
