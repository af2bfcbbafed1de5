"""The manifest of a bundle: what it says, and how it is read without trusting it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from models.embeddings import description_fault
from models.errors import BundleError, listed, seen, shown
from models.manifest_content import content_fault, parse
from models.normalizer import NORMALIZER_VERSION

MANIFEST = "manifest.json"
FORMAT_VERSION = 4
"""1 knew no projection, 2 no damping of a completion encoder, 3 neither embeddings nor a normaliser."""

# A manifest is a few kilobytes; a larger one is not read into memory.
MAX_MANIFEST_BYTES = 4 * 1024 * 1024

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")

# What bundles of earlier formats do not have.
_OPTIONAL = frozenset({"embeddings", "normalizer"})

# What names a build, not its content: the same data, recipe and seed have one version.
_NOT_CONTENT = ("name", "version", "libraries", "git_revision")


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes
    ----------
    format_version
        Of the bundle's layout; a newer one than `FORMAT_VERSION` is refused.
    name, version
        The bundle's name, and the hash of its content (names, library versions and the git revision
        do not enter it).
    encoder
        ``{"kind", "settings"}``.
    metric, oov_rule
        How vectors are compared, and which end of the ranking answers an OOV query.
    n_tags
        Size of the vocabulary.
    corpus
        Provenance: name, counts, SHA-256 of inputs, licence.
    training
        Recipe and seed, and where training was stopped early.
    quality
        Measured figures by protocol, with the baselines beside them: ``methods`` (metrics by method) and
        ``curves`` (precision at recall 0, 0.1, ..., 1 by method; bundles made before there were any have
        none).
    libraries, git_revision
        What it was made with.
    files
        ``{name: {"size", "sha256"}}`` of every other file.
    normalizer
        The version of `normalize_tag` that the vocabulary is spelt by; 1 where none is named.
    embeddings
        Widths of embeddings and their overlap (`models.embeddings`); None where there are none but the full.
    """

    format_version: int
    name: str
    version: str
    encoder: dict[str, Any]
    metric: Literal["l2", "ip"]
    oov_rule: Literal["nearest", "furthest"]
    n_tags: int
    corpus: dict[str, Any]
    training: dict[str, Any]
    quality: dict[str, Any]
    libraries: dict[str, str]
    git_revision: str | None
    files: dict[str, dict[str, Any]]
    normalizer: int = 1
    embeddings: dict[str, Any] | None = None

    @classmethod
    def build(
        cls,
        *,
        name: str,
        encoder: dict[str, Any],
        metric: Literal["l2", "ip"],
        oov_rule: Literal["nearest", "furthest"],
        n_tags: int,
        describe: Mapping[str, Any],
        contents: Mapping[str, bytes],
    ) -> Manifest:
        """Make the manifest of a new bundle; its version follows from the rest."""
        if not _NAME.fullmatch(name):
            raise BundleError(
                f"{name!r} cannot name a bundle: letters, digits, '.', '_' and '-', at most 100"
            )
        fields: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "name": name,
            "encoder": encoder,
            "metric": metric,
            "oov_rule": oov_rule,
            "n_tags": n_tags,
            "corpus": dict(describe["corpus"]),
            "training": dict(describe["training"]),
            "quality": dict(describe["quality"]),
            "libraries": dict(describe["libraries"]),
            "git_revision": describe["git_revision"],
            "embeddings": describe.get("embeddings"),
            "files": {
                file: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for file, content in sorted(contents.items())
            },
            "normalizer": NORMALIZER_VERSION,
        }
        return cls(version=content_hash(fields), **fields)

    def to_json(self) -> str:
        """Return the manifest as it is written, indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of the bundle in folder `path`.

    Raises
    ------
    BundleError
        If it is missing, cannot be read, is not JSON, is of a newer format or altered, or a field is missing
        or not what it should be.
    """
    try:
        return _read(path)
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> BundleError:
    """Return the error for a bundle's file or folder that the system does not let us read."""
    return BundleError(f"{error.filename or path}: cannot be read: {error.strerror or error}")


def _read(path: Path) -> Manifest:
    if path.is_symlink() or not path.is_dir():
        raise BundleError(f"{path}: is not a bundle folder")
    file = path / MANIFEST
    if file.is_symlink() or not file.is_file():
        raise BundleError(f"{file}: is missing or not a plain file")
    if file.stat().st_size > MAX_MANIFEST_BYTES:
        raise BundleError(f"{file}: has {file.stat().st_size} bytes; at most {MAX_MANIFEST_BYTES} are read")
    try:
        fields = parse(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{file}: is not JSON: {str(error)[:200]}") from None
    fault = _fault(fields)
    if fault:
        raise BundleError(f"{file}: {fault}")
    manifest = Manifest(**fields)
    expected = content_hash({key: value for key, value in fields.items() if key != "version"})
    if manifest.version != expected:
        raise BundleError(
            f"{file}: version {shown(manifest.version)} is not that of its content, {expected!r}"
        )
    return manifest


def content_hash(fields: Mapping[str, Any]) -> str:
    """Return the version that a manifest's fields call for: 16 hexadecimal digits of their SHA-256."""
    content = {key: value for key, value in fields.items() if key not in _NOT_CONTENT}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fault(fields: Any) -> str | None:
    """Return what is wrong with a manifest's fields, or None."""
    if not isinstance(fields, dict):
        return "is not a JSON object"
    version = fields.get("format_version")
    if not isinstance(version, int) or version < 1:
        return f"format_version is {seen(version)}; needs a whole number from 1"
    if version > FORMAT_VERSION:
        return f"format_version {version} is newer than this version of Tagprime reads ({FORMAT_VERSION})"
    kinds: dict[str, Any] = {
        "name": str, "version": str, "encoder": dict, "n_tags": int, "corpus": dict, "training": dict,
        "quality": dict, "libraries": dict, "git_revision": str | None, "files": dict,
        "metric": str, "oov_rule": str, "format_version": int, "normalizer": int,
    }  # fmt: skip
    odd = (set(fields) ^ set(kinds)) - _OPTIONAL
    if odd:
        return f"fields missing or unknown: {listed(odd)}"
    for key, kind in kinds.items():
        if key in fields and not isinstance(fields[key], kind):
            return f"{key} is {seen(fields[key])}"
    return content_fault(fields) or _value_fault(fields)


def _value_fault(fields: Mapping[str, Any]) -> str | None:
    if fields["n_tags"] < 1:
        return f"n_tags is {shown(str(fields['n_tags']))}; needs at least 1"
    if not _NAME.fullmatch(fields["name"]):
        return f"name is {shown(fields['name'])}"
    if fields["metric"] not in ("l2", "ip"):
        return f"metric is {shown(fields['metric'])}; needs l2 or ip"
    if fields["oov_rule"] not in ("nearest", "furthest"):
        return f"oov_rule is {shown(fields['oov_rule'])}; needs nearest or furthest"
    normalizer = fields.get("normalizer", 1)
    if not 1 <= normalizer <= NORMALIZER_VERSION:
        return f"normalizer is {normalizer}; versions 1 to {NORMALIZER_VERSION} are known here"
    if fields.get("embeddings") is not None:
        fault = description_fault(fields["embeddings"])
        if fault:
            return fault
    encoder = fields["encoder"]
    if not isinstance(encoder.get("kind"), str) or not isinstance(encoder.get("settings"), dict):
        return "encoder needs a kind and settings"
    for name, entry in fields["files"].items():
        if not _FILE_NAME.fullmatch(name):
            return f"file name {shown(name)} is not a plain name"
        if not isinstance(entry, dict) or set(entry) != {"size", "sha256"}:
            return f"file {shown(name)} needs size and sha256"
        if (
            not isinstance(entry["size"], int)
            or entry["size"] < 0
            or not _SHA256.fullmatch(str(entry["sha256"]))
        ):
            return f"file {shown(name)}: size or sha256 is not one"
    return None
