"""Making bundles: from a trained model, and as copies of others.

A bundle is written to a temporary folder, loaded from there and compared; only then has the folder its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.bundle import (
    EMBEDDINGS_FILE,
    ENCODER_FILE,
    PROJECTION_FILE,
    VOCABULARY_FILE,
    Bundle,
    load_bundle,
)
from models.embeddings import EmbeddingBasis
from models.encoders.contract import Encoder
from models.errors import BundleError
from models.manifest import MANIFEST, Manifest
from models.new_folder import new_folder
from models.projection import Projection
from models.tensor_files import tensor_bytes, write_file
from models.vocabulary import Vocabulary


def save_bundle(
    path: Path,
    encoder: Encoder,
    vocabulary: Vocabulary,
    describe: Mapping[str, Any],
    check: Callable[[Bundle], None] = lambda bundle: None,
    replace: bool = False,
    projection: Projection | None = None,
    embeddings: EmbeddingBasis | None = None,
) -> Bundle:
    """Write a bundle, load it back, check it, and give it its name in one step.

    Parameters
    ----------
    path
        The folder to make.
    encoder, vocabulary
        The model.
    describe
        The manifest's ``corpus``, ``training``, ``quality``, ``libraries`` and ``git_revision``, and
        optionally ``name`` (else the folder's name).
    check
        Called with the bundle as read back; raises if it is not what was trained.
    replace
        Whether an existing bundle at `path` may be replaced.
    projection
        The vocabulary's map, if it is to have one.
    embeddings
        The basis of smaller embeddings, if it is to have one.

    Raises
    ------
    BundleError
        If `path` is taken, or what was written does not load.
    """
    if path.exists() and not replace:
        raise BundleError(f"{path} exists already; bundles are immutable, so choose another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(path) as partial:
        contents = {
            ENCODER_FILE: tensor_bytes(encoder.tensors()),
            VOCABULARY_FILE: tensor_bytes(vocabulary.tensors()),
        }
        if projection is not None:
            contents[PROJECTION_FILE] = tensor_bytes(projection.tensors())
        if embeddings is not None:
            contents[EMBEDDINGS_FILE] = tensor_bytes(embeddings.tensors())
            describe = {**describe, "embeddings": embeddings.describe()}
        manifest = Manifest.build(
            name=str(describe.get("name", path.name)),
            encoder={"kind": encoder.kind, "settings": encoder.settings()},
            metric=encoder.metric,
            oov_rule=encoder.oov_rule,
            n_tags=len(vocabulary),
            describe=describe,
            contents=contents,
        )
        for name, content in contents.items():
            write_file(partial / name, content)
        write_file(partial / MANIFEST, manifest.to_json().encode())
        check(load_bundle(partial))
    return load_bundle(path)


def copy_bundle(path: Path, folder: Path) -> Bundle:
    """Copy a verified bundle into `folder`, under its name and version; one that is there stays.

    Raises
    ------
    BundleError
        If the bundle does not load, or `folder` cannot be written.
    """
    bundle = load_bundle(path)
    target = folder / f"{bundle.name}-{bundle.version}"
    if target.exists():
        return load_bundle(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with new_folder(target, shared=True) as partial:
            for name in (MANIFEST, *bundle.manifest.files):
                write_file(partial / name, (path / name).read_bytes())
                (partial / name).chmod(0o644)  # whatever the umask is, the service's user reads it
            load_bundle(partial)
    except OSError as error:
        raise BundleError(f"{folder}: cannot be written: {error.strerror}") from None
    return load_bundle(target)
