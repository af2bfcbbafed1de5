"""The bundle: a trained, immutable, versioned artifact in a folder.

``manifest.json`` says what the model is, where it comes from and what every other file must hash to;
the rest is safetensors. Nothing in it is executed and nothing is pickled. `load_bundle` verifies all
of it before anything is used; `models.bundle_writing` makes bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.embeddings import EmbeddingBasis
from models.encoders.contract import Encoder
from models.encoders.registry import FAMILIES
from models.errors import BundleError, TagError, shown
from models.manifest import MANIFEST, Manifest, read_manifest, unreadable
from models.normalizer import MAX_TAG_LENGTH
from models.projection import Projection
from models.tensor_files import (
    MAX_HEADER_BYTES,
    check_tensors,
    read_tensors,
    room_for,
)
from models.vocabulary import Vocabulary

ENCODER_FILE = "encoder.safetensors"
VOCABULARY_FILE = "vocabulary.safetensors"
PROJECTION_FILE = "projection.safetensors"
EMBEDDINGS_FILE = "embeddings.safetensors"
FILES = (ENCODER_FILE, VOCABULARY_FILE)
OPTIONAL_FILES = (PROJECTION_FILE, EMBEDDINGS_FILE)
MAX_BUNDLE_BYTES = 4 * 2**30


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, ready to serve.

    Attributes
    ----------
    path
        Its folder.
    manifest
        What the model is and where it comes from.
    vocabulary
        The tags it knows.
    encoder
        Its embedding function.
    projection
        Its map; None in a bundle that was made without one.
    embeddings
        The basis of embeddings smaller than the full width; None in a bundle that was made without one.
    """

    path: Path
    manifest: Manifest
    vocabulary: Vocabulary
    encoder: Encoder
    projection: Projection | None
    embeddings: EmbeddingBasis | None

    @property
    def name(self) -> str:
        """The bundle's name, e.g. ``demo``."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The bundle's content hash."""
        return self.manifest.version


def load_bundle(path: Path, max_bytes: int = MAX_BUNDLE_BYTES) -> Bundle:
    """Read and verify a bundle, of at most so many bytes.

    Raises
    ------
    BundleError
        If the folder or a file is missing, cannot be read, is a link or is not listed; a size, hash, shape
        or dtype is wrong; a value is not finite; or the format is newer than this version reads. The
        message names the file and the fault.
    """
    manifest = read_manifest(path)
    total = sum(entry["size"] for entry in manifest.files.values())
    if total > max_bytes:
        raise BundleError(f"{path}: has {total} bytes; at most {max_bytes} are read")
    try:
        return _load(path, manifest)
    except OSError as error:
        raise unreadable(path, error) from None


def _load(path: Path, manifest: Manifest) -> Bundle:
    if not set(FILES) <= set(manifest.files) <= {*FILES, *OPTIONAL_FILES}:
        raise BundleError(
            f"{path / MANIFEST}: lists {sorted(manifest.files)}, needs {sorted(FILES)} "
            f"and may have {', '.join(OPTIONAL_FILES)}"
        )
    listed = {MANIFEST, *manifest.files}
    for entry in sorted(path.iterdir()):
        if entry.is_symlink() or not entry.is_file():
            raise BundleError(f"{entry}: is a link or not a plain file; a bundle holds plain files only")
        if entry.name not in listed:
            raise BundleError(f"{entry}: is not listed in the manifest")
    vocabulary = _read_vocabulary(path, manifest)
    projection = _read_projection(path, manifest)
    embeddings = _read_embeddings(path, manifest)
    return Bundle(path, manifest, vocabulary, _read_encoder(path, manifest), projection, embeddings)


def _read_vocabulary(path: Path, manifest: Manifest) -> Vocabulary:
    file = path / VOCABULARY_FILE
    # A tag has four bytes a character at most, a line end, and its count.
    room = MAX_HEADER_BYTES + manifest.n_tags * (4 * MAX_TAG_LENGTH + 1 + 8)
    tensors = read_tensors(file, manifest.files[file.name], room)
    try:
        vocabulary = Vocabulary.from_tensors(tensors, manifest.normalizer)
    except (TagError, UnicodeDecodeError) as error:
        raise BundleError(f"{file}: {error}") from None
    if len(vocabulary) != manifest.n_tags:
        raise BundleError(f"{file}: holds {len(vocabulary)} tags; the manifest says {manifest.n_tags}")
    return vocabulary


def _read_encoder(path: Path, manifest: Manifest) -> Encoder:
    file, kind, settings = path / ENCODER_FILE, manifest.encoder["kind"], manifest.encoder["settings"]
    if kind not in FAMILIES:
        raise BundleError(
            f"{path / MANIFEST}: encoder kind {shown(kind)} is unknown; known: {', '.join(FAMILIES)}"
        )
    family = FAMILIES[kind]
    try:
        specs = family.specs(settings)
        n_tags = settings["n_tags"]
        room = room_for(specs)
    except (KeyError, TypeError, IndexError, ValueError, OverflowError, BundleError) as error:
        reason = shown(str(error), 200)
        raise BundleError(f"{path / MANIFEST}: settings do not fit a {kind} encoder: {reason}") from None
    if n_tags != manifest.n_tags:
        raise BundleError(f"{path / MANIFEST}: n_tags is {manifest.n_tags}, but {n_tags} in the settings")
    tensors = read_tensors(file, manifest.files[file.name], room)
    check_tensors(file, tensors, specs)
    try:
        encoder = family.from_tensors(settings, tensors, manifest.oov_rule)
    except (KeyError, TypeError) as error:
        reason = shown(repr(error), 200)
        raise BundleError(f"{path / MANIFEST}: settings do not fit a {kind} encoder: {reason}") from None
    if encoder.metric != manifest.metric:
        raise BundleError(
            f"{path / MANIFEST}: metric {manifest.metric!r}; a {kind} encoder has {encoder.metric!r}"
        )
    return encoder


def _read_projection(path: Path, manifest: Manifest) -> Projection | None:
    file = path / PROJECTION_FILE
    if file.name not in manifest.files:
        return None
    specs = Projection.specs(manifest.n_tags)
    tensors = read_tensors(file, manifest.files[file.name], room_for(specs))
    check_tensors(file, tensors, specs)
    try:
        return Projection.from_tensors(tensors)
    except BundleError as error:
        raise BundleError(f"{file}: {error}") from None


def _read_embeddings(path: Path, manifest: Manifest) -> EmbeddingBasis | None:
    file, described = path / EMBEDDINGS_FILE, manifest.embeddings
    if (described is None) != (file.name not in manifest.files):
        raise BundleError(f"{path / MANIFEST}: embeddings and {file.name} need each other; one is missing")
    if described is None:
        return None
    specs = EmbeddingBasis.specs(described, manifest.n_tags)
    tensors = read_tensors(file, manifest.files[file.name], room_for(specs))
    check_tensors(file, tensors, specs)
    return EmbeddingBasis.from_tensors(described, tensors)
