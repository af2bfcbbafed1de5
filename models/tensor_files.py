"""Files of tensors in a bundle: safetensors, read only as the manifest says that they are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from models.encoders.contract import TensorSpec
from models.errors import BundleError, listed, shown
from models.types import AnyArray, NamedArrays

MAX_HEADER_BYTES = 1 << 20
"""A header names a dozen tensors; its size is room enough for thousands."""


def tensor_bytes(tensors: NamedArrays) -> bytes:
    """Return the content of a safetensors file of these arrays."""
    return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def write_file(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def room_for(specs: Mapping[str, TensorSpec]) -> int:
    """Return the most bytes that a file of these tensors may have.

    Raises
    ------
    BundleError
        If a shape is none.
    """
    room = MAX_HEADER_BYTES
    for name, spec in specs.items():
        if not all(isinstance(side, int) and side >= 0 for side in spec.shape):
            raise BundleError(f"{shown(name)} would have the shape {shown(str(spec.shape))}")
        room += prod(spec.shape) * np.dtype(spec.dtype).itemsize
    return room


def read_tensors(file: Path, entry: Mapping[str, Any], most_bytes: int) -> dict[str, AnyArray]:
    """Return the tensors of a file that has the ``size`` and ``sha256`` of its entry in the manifest.

    Its size is checked before anything of it is read.

    Parameters
    ----------
    file
        A safetensors file.
    entry
        Its entry in the manifest.
    most_bytes
        How large it may be by what else the manifest says; see `room_for`.

    Raises
    ------
    BundleError
        If it is missing, a link, larger than that, another file than the manifest says, or not a
        safetensors file.
    """
    if file.is_symlink() or not file.is_file():
        raise BundleError(f"{file}: is missing or not a plain file")
    size = file.stat().st_size
    if size != entry["size"]:
        raise BundleError(f"{file}: has {size} bytes; the manifest says {entry['size']}")
    if size > most_bytes:
        raise BundleError(f"{file}: has {size} bytes; the manifest's settings call for at most {most_bytes}")
    with file.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
    if header > min(MAX_HEADER_BYTES, size):
        raise BundleError(f"{file}: has a header of {header} bytes; at most {MAX_HEADER_BYTES} are read")
    # Read once, hash what was read: the bytes that are checked are the bytes that are used.
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry["sha256"]:
        raise BundleError(f"{file}: SHA-256 is {digest}; the manifest says {entry['sha256']}")
    try:
        return safetensors.numpy.load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise BundleError(f"{file}: is not a safetensors file: {str(error)[:200]}") from None


def check_tensors(file: Path, tensors: NamedArrays, specs: Mapping[str, TensorSpec]) -> None:
    """Check that a file holds the tensors that are called for, of their shape and dtype, and finite.

    Raises
    ------
    BundleError
        If it does not; the message names the file and the tensor.
    """
    if set(tensors) != set(specs):
        odd = set(tensors) ^ set(specs)
        raise BundleError(f"{file}: tensors missing or not called for: {listed(odd)}")
    for name, spec in specs.items():
        array = tensors[name]
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise BundleError(
                f"{file}: {name} is {array.dtype} {array.shape}; "
                f"the manifest calls for {spec.dtype} {spec.shape}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BundleError(f"{file}: {name} holds a value that is not finite")
