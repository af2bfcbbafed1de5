"""A bundle loads only if every byte of it is what the manifest says."""

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from models.bundle import ENCODER_FILE, VOCABULARY_FILE, Bundle, load_bundle
from models.bundle_writing import copy_bundle, save_bundle
from models.errors import BundleError
from models.manifest import FORMAT_VERSION, MANIFEST, content_hash
from models.vocabulary import Vocabulary
from tests.conftest import (
    DESCRIPTION,
    drawn_basis,
    drawn_projection,
    random_completion_encoder,
    random_siamese_encoder,
)

TAGS = ["lo-fi", "hip hop", "r'n'b", "été", "80s"]
Make = Callable[..., Bundle]


def test_what_is_saved_comes_back(make_bundle: Make) -> None:
    bundle = make_bundle(TAGS)
    assert bundle.vocabulary.index_to_key == tuple(TAGS)
    expected = random_siamese_encoder(n_tags=len(TAGS))
    for name, array in expected.tensors().items():
        np.testing.assert_array_equal(bundle.encoder.tensors()[name], array)


def test_a_bundle_from_before_maps_loads_without_one(
    make_bundle: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("models.manifest.FORMAT_VERSION", 1)
        bundle = make_bundle(TAGS)
    loaded = load_bundle(bundle.path)
    assert (loaded.manifest.format_version, loaded.projection) == (1, None)


def test_a_bundle_of_the_first_normaliser_still_answers(make_bundle: Make) -> None:
    bundle = make_bundle(TAGS)
    old = ["lo-fi", "r&amp;b", "soul", "\u200bchill", "80s"]
    tensors = safetensors.numpy.load((bundle.path / VOCABULARY_FILE).read_bytes())
    tensors["tags"] = np.frombuffer("\n".join(old).encode(), dtype=np.uint8)
    content = safetensors.numpy.save(tensors)
    (bundle.path / VOCABULARY_FILE).write_bytes(content)
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    del manifest["normalizer"], manifest["version"]
    manifest["format_version"] = 3
    manifest["files"][VOCABULARY_FILE] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["version"] = content_hash(manifest)
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))
    loaded = load_bundle(bundle.path)
    assert (loaded.manifest.normalizer, loaded.vocabulary.resolve("R&amp;B").index) == (1, 1)
    assert loaded.vocabulary.index_to_key == ("lo-fi", "r&b", "soul", "chill", "80s")


def test_a_map_comes_back_as_it_was(tmp_path: Path) -> None:
    drawn = drawn_projection(len(TAGS))
    vocabulary, encoder = Vocabulary(TAGS, [1] * 5), random_siamese_encoder(n_tags=5)
    bundle = save_bundle(tmp_path / "b", encoder, vocabulary, DESCRIPTION, projection=drawn)
    assert bundle.projection is not None
    np.testing.assert_array_equal(bundle.projection.positions, drawn.positions)
    assert bundle.projection.sharpness == np.float32(drawn.sharpness)
    copied = copy_bundle(bundle.path, tmp_path / "registry")
    assert copied.projection is not None
    assert copied.version == bundle.version


def test_a_bundle_that_is_copied_twice_at_once_is_there_once(make_bundle: Make, tmp_path: Path) -> None:
    bundle, registry = make_bundle(TAGS), tmp_path / "registry"
    with ThreadPoolExecutor(8) as pool:
        copies = list(pool.map(lambda _: copy_bundle(bundle.path, registry), range(24)))
    assert {copy.version for copy in copies} == {bundle.version}
    assert [path.name for path in registry.iterdir()] == [copies[0].path.name]


def test_a_copy_removes_what_a_killed_one_has_left(make_bundle: Make, tmp_path: Path) -> None:
    bundle, registry = make_bundle(TAGS), tmp_path / "registry"
    name = f"{bundle.name}-{bundle.version}"
    for left, age in (
        (f".{name}.abandone", 7200.0),
        (f".{name}.at__work", 10.0),
        (".another.abandone", 7200.0),
    ):
        (registry / left).mkdir(parents=True)
        os.utime(registry / left, (time() - age,) * 2)
    copy_bundle(bundle.path, registry)
    assert {path.name for path in registry.iterdir()} == {name, f".{name}.at__work", ".another.abandone"}


def test_a_copy_can_be_read_by_the_service_whatever_the_umask(make_bundle: Make, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        copied = copy_bundle(make_bundle(TAGS).path, tmp_path / "registry")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (copied.path, *copied.path.iterdir())}
    assert modes == {copied.path.name: 0o755} | dict.fromkeys((MANIFEST, *copied.manifest.files), 0o644)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"positions": np.full((5, 2), np.nan, dtype=np.float32)}, "homes holds a value that is not finite"),
        ({"positions": np.zeros((4, 2), dtype=np.float32)}, r"homes is float32 \(4, 2\)"),
        ({"positions": np.zeros((5, 2))}, r"homes is float64 \(5, 2\)"),
        ({"positions": np.full((5, 2), -1.5, dtype=np.float32)}, r"homes must lie in \[-1, 1\].* 1.5 "),
        ({"sharpness": 0.0}, "sharpness must be positive; it is 0"),
        ({"sharpness": float("inf")}, "sharpness holds a value that is not finite"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    harmed = replace(drawn_projection(5), **changes)
    encoder, vocabulary = random_siamese_encoder(5), Vocabulary(TAGS, [1] * 5)
    with pytest.raises(BundleError, match=f"projection.safetensors: {fault}"):
        save_bundle(tmp_path / "b", encoder, vocabulary, DESCRIPTION, projection=harmed)


def test_the_version_is_that_of_the_content_not_of_the_name_or_the_build(tmp_path: Path) -> None:
    vocabulary, encoder = Vocabulary(TAGS, [1] * 5), random_siamese_encoder(n_tags=5)
    one = save_bundle(tmp_path / "one", encoder, vocabulary, DESCRIPTION)
    two = save_bundle(tmp_path / "two", encoder, vocabulary, DESCRIPTION | {"git_revision": "abc"})
    other = save_bundle(tmp_path / "other", encoder, vocabulary, DESCRIPTION | {"training": {"seed": 1}})
    assert one.version == two.version != other.version


def test_an_existing_folder_is_never_overwritten_unasked(make_bundle: Make) -> None:
    bundle = make_bundle(TAGS)
    with pytest.raises(BundleError, match="exists already"):
        save_bundle(bundle.path, bundle.encoder, bundle.vocabulary, DESCRIPTION)
    changed = save_bundle(
        bundle.path, random_siamese_encoder(5, seed=9), bundle.vocabulary, DESCRIPTION, replace=True
    )
    assert changed.version != bundle.version
    assert [entry.name for entry in bundle.path.parent.iterdir()] == [bundle.path.name]


def test_a_failed_check_leaves_nothing_behind(tmp_path: Path) -> None:
    def refuse(bundle: Bundle) -> None:
        raise BundleError("differs from the trainer's own outputs")

    with pytest.raises(BundleError, match="own outputs"):
        save_bundle(tmp_path / "b", random_siamese_encoder(5), Vocabulary(TAGS, [1] * 5), DESCRIPTION, refuse)
    assert list(tmp_path.iterdir()) == []


def test_values_that_are_not_finite_never_reach_a_folder(tmp_path: Path) -> None:
    encoder = random_siamese_encoder(5)
    encoder.tag_offset[0] = np.nan
    with pytest.raises(BundleError, match="tag_offset holds a value that is not finite"):
        save_bundle(tmp_path / "b", encoder, Vocabulary(TAGS, [1] * 5), DESCRIPTION)


def _edit(**changes: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        fields = json.loads((path / MANIFEST).read_text())
        (path / MANIFEST).write_text(json.dumps(fields | changes))

    return edit


def _edit_and_sign(path: Path, **changes: Any) -> None:
    fields = json.loads((path / MANIFEST).read_text()) | changes
    fields["version"] = content_hash({key: value for key, value in fields.items() if key != "version"})
    (path / MANIFEST).write_text(json.dumps(fields))


def _flip_a_byte(path: Path) -> None:
    content = bytearray((path / ENCODER_FILE).read_bytes())
    content[-1] ^= 1
    (path / ENCODER_FILE).write_bytes(bytes(content))


def _link_out(path: Path) -> None:
    (path / VOCABULARY_FILE).rename(path.parent / "elsewhere")
    (path / VOCABULARY_FILE).symlink_to(path.parent / "elsewhere")


def _climb_out(path: Path) -> None:
    fields = json.loads((path / MANIFEST).read_text())
    fields["files"]["../outside"] = fields["files"].pop(ENCODER_FILE)
    (path / MANIFEST).write_text(json.dumps(fields))


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (lambda path: (path / MANIFEST).unlink(), "manifest.json: is missing"),
        (lambda path: (path / MANIFEST).write_text("{"), "manifest.json: is not JSON"),
        (lambda path: (path / MANIFEST).write_text("[]"), "not a JSON object"),
        (lambda path: (path / MANIFEST).write_text("[" * 100_000), "is not JSON"),
        (lambda path: (path / MANIFEST).write_text(" " * 5_000_000), "at most"),
        (_edit(format_version=FORMAT_VERSION + 1), "newer than this version"),
        (_edit(format_version="1"), "format_version is '1'"),
        (_edit(normalizer=3), "normalizer is 3; versions 1 to 2 are known here"),
        (_edit(normalizer=0), "normalizer is 0"),
        (_edit(surprise=1), "surprise"),
        (_edit(metric="cosine"), "metric is 'cosine'"),
        (_edit(oov_rule=None), "oov_rule is None"),
        (_edit(quality={}, corpus={"name": "others"}), "version"),
        (_edit(files={}), "version"),
        (_edit(files={"encoder.safetensors": 3}), "needs size and sha256"),
        (_climb_out, "'../outside' is not a plain name"),
        (lambda path: (path / ENCODER_FILE).unlink(), "encoder.safetensors: is missing"),
        (lambda path: (path / ENCODER_FILE).write_bytes(b""), "has 0 bytes"),
        (_flip_a_byte, "SHA-256"),
        (_link_out, "vocabulary.safetensors: is a link"),
        (lambda path: (path / "extra.bin").write_bytes(b"x"), "extra.bin: is not listed"),
        (lambda path: (path / "folder").mkdir(), "folder: is a link or not a plain file"),
    ],
)
def test_a_harmed_bundle_is_refused_by_name(
    make_bundle: Make, harm: Callable[[Path], Any], fault: str
) -> None:
    path = make_bundle(TAGS).path
    harm(path)
    with pytest.raises(BundleError, match="(?s)" + fault.replace("[", r"\[")):
        load_bundle(path)


def _with_embeddings(tmp_path: Path) -> Path:
    encoder, n = random_completion_encoder(n_tags=len(TAGS) * 4), len(TAGS) * 4
    vocabulary = Vocabulary([f"t{i:02d}" for i in range(n)], np.arange(1, n + 1))
    return save_bundle(tmp_path / "wide", encoder, vocabulary, DESCRIPTION, embeddings=drawn_basis(n)).path


def test_a_basis_of_embeddings_comes_back_as_it_was(tmp_path: Path) -> None:
    basis, loaded = drawn_basis(len(TAGS) * 4), load_bundle(_with_embeddings(tmp_path)).embeddings
    assert loaded is not None
    np.testing.assert_array_equal(loaded.columns, basis.columns)
    assert (loaded.default_width, loaded.overlap) == (basis.default_width, basis.overlap)


def test_a_bundle_from_before_embeddings_loads_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = random_completion_encoder(n_tags=len(TAGS))
    with monkeypatch.context() as before:
        before.setattr("models.manifest.FORMAT_VERSION", 3)
        saved = save_bundle(tmp_path / "old", encoder, Vocabulary(TAGS, [1] * len(TAGS)), DESCRIPTION)
    loaded = load_bundle(saved.path)
    assert (loaded.manifest.format_version, loaded.embeddings) == (3, None)


@pytest.mark.parametrize(
    ("described", "fault"),
    [
        ({"columns": 9, "default_width": 5, "overlap": {}}, "columns is float32"),
        ({"columns": 10**12, "default_width": 5, "overlap": {}}, "columns is float32"),
        ({"columns": 10, "default_width": 0, "overlap": {}}, "at least 1; got 10 and 0"),
        ({"columns": 10, "default_width": 5}, "needs columns, default_width and overlap"),
    ],
)
def test_a_basis_that_is_not_what_the_manifest_says_is_refused(
    tmp_path: Path, described: dict[str, Any], fault: str
) -> None:
    path = _with_embeddings(tmp_path)
    _edit_and_sign(path, embeddings=described)
    with pytest.raises(BundleError, match=fault):
        load_bundle(path)


def test_a_basis_without_its_description_is_refused(tmp_path: Path) -> None:
    path = _with_embeddings(tmp_path)
    _edit_and_sign(path, embeddings=None)
    with pytest.raises(BundleError, match="need each other; one is missing"):
        load_bundle(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere: is not a bundle folder"):
        load_bundle(tmp_path / "nowhere")
