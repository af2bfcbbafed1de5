"""Bundles made to harm: refused with the fault named, in few words and little memory."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from models.bundle import ENCODER_FILE, VOCABULARY_FILE, Bundle, load_bundle
from models.errors import BundleError
from models.manifest import MANIFEST, content_hash

TAGS = ["lo-fi", "hip hop", "r'n'b", "été", "80s"]
LONGEST_MESSAGE = 600
MOST_MEGABYTES = 400

_LOAD = """
import re, sys
from pathlib import Path
from models.bundle import load_bundle
from models.errors import BundleError
try:
    load_bundle(Path(sys.argv[1]))
except BundleError as error:
    print(error)
# Of this program alone; getrusage counts the process that it was forked from as well.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.fixture
def path(make_bundle: Callable[..., Bundle]) -> Path:
    """A sound bundle."""
    return make_bundle(TAGS).path


def sign(path: Path, changes: dict[str, Any] | None = None) -> None:
    """Make a manifest fit the files again, with other values in it."""
    fields = json.loads((path / MANIFEST).read_text()) | (changes or {})
    for name in (ENCODER_FILE, VOCABULARY_FILE):
        file = path / name
        digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.stat().st_size < 2**30 else "0" * 64
        fields["files"][name] = {"size": file.stat().st_size, "sha256": digest}
    fields["version"] = content_hash({key: value for key, value in fields.items() if key != "version"})
    (path / MANIFEST).write_text(json.dumps(fields))


def refusal(path: Path) -> str:
    """Return the message that a bundle is refused with, once it is known to be short."""
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    assert len(str(caught.value)) < LONGEST_MESSAGE
    return str(caught.value)


def stretched(path: Path) -> None:
    """Make the encoder a sparse file of 8 GiB, which takes no room on the disk."""
    with (path / ENCODER_FILE).open("r+b") as file:
        file.truncate(8 * 2**30)
    sign(path)


def declared(path: Path) -> None:
    """Let the settings call for a vocabulary that would fill it."""
    stretched(path)
    fields = json.loads((path / MANIFEST).read_text())
    fields["encoder"]["settings"]["n_tags"] = 2**31
    sign(path, {"encoder": fields["encoder"], "n_tags": 2**31})


@pytest.mark.parametrize("harm", [stretched, declared])
def test_a_file_is_judged_before_it_is_read(path: Path, harm: Callable[[Path], None]) -> None:
    harm(path)
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    message, megabytes = done.stdout.splitlines()
    assert "bytes" in message
    assert "at most" in message
    assert int(megabytes) < MOST_MEGABYTES


def test_a_header_of_many_names_is_not_read(path: Path) -> None:
    header = json.dumps(
        {f"tensor {n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_000)}
    ).encode()
    (path / VOCABULARY_FILE).write_bytes(len(header).to_bytes(8, "little") + header)
    sign(path)
    assert "at most" in refusal(path)


def test_many_names_make_a_short_message(path: Path) -> None:
    tensors = safetensors.numpy.load_file(path / ENCODER_FILE)
    tensors |= {f"tensor {n}": np.empty(0, np.float32) for n in range(2000)}
    (path / ENCODER_FILE).write_bytes(safetensors.numpy.save(tensors))
    sign(path)
    assert "and 1995 more" in refusal(path)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"quality": {"completion": {"documents": 10**400}}}, "a number is larger than"),
        ({"quality": {"completion": 0.5}}, "quality.completion"),
        (
            {
                "quality": {
                    "p": {"protocol": "p", "documents": 1, "unit": "%", "methods": {"m": {"MAP": "1"}}}
                }
            },
            "quality.p.methods.m.MAP",
        ),
        ({"training": {"recipe": ["completion"]}}, "training.recipe"),
        ({"training": {"seed": "0"}}, "training.seed"),
        ({"corpus": {"name": ["demo"]}}, "corpus.name"),
        ({"corpus": {"name": "tests", "n_documents": "many"}}, "corpus.n_documents"),
        ({"corpus": {"name": "\ud800"}}, "lone surrogate"),
        ({"corpus": {"name": "x" * 100_000, "licence": 7}}, "corpus.licence"),
        ({"libraries": {"numpy": 2}}, "libraries.numpy"),
        ({"training": {"notes": nested(40)}}, "nested more than"),
        ({"n_tags": -5}, "n_tags is"),
        ({"encoder": {"kind": "x" * 100_000, "settings": {}}}, "is unknown"),
        ({"x" * 100_000: 1}, "fields missing or unknown"),
    ],
)
def test_a_manifest_with_values_that_no_page_could_show_is_refused(
    path: Path, changes: dict[str, Any], fault: str
) -> None:
    sign(path, changes)
    assert fault in refusal(path)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('"n_documents": 0', '"n_documents": NaN', "NaN is no JSON number"),
        ('"n_documents": 0', '"n_documents": -Infinity', "-Infinity is no JSON number"),
        ('"n_documents": 0', '"n_documents": 0, "n_documents": 1', "'n_documents' comes twice"),
        ('"n_documents": 0', '"n_documents": 1e999', "larger than"),
    ],
)
def test_json_that_readers_understand_differently_is_refused(
    path: Path, before: str, after: str, fault: str
) -> None:
    text = (path / MANIFEST).read_text()
    assert before in text
    (path / MANIFEST).write_text(text.replace(before, after))
    assert fault in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_count_that_is_not_a_number_is_refused(path: Path, value: float) -> None:
    tensors = safetensors.numpy.load_file(path / VOCABULARY_FILE)
    tensors["document_frequency"] = np.full(len(TAGS), value)
    (path / VOCABULARY_FILE).write_bytes(safetensors.numpy.save(tensors))
    sign(path)
    assert "document_frequency must be whole numbers" in refusal(path)


def test_any_damage_is_a_bundle_error_or_changes_nothing(path: Path) -> None:
    """Only names and library versions are outside of the version's hash."""
    draw = random.Random(0)
    sound = load_bundle(path)
    contents = {file.name: file.read_bytes() for file in path.iterdir()}
    messages = []
    for _ in range(1000):
        name = draw.choice(sorted(contents))
        content = bytearray(contents[name])
        kind = draw.choice(("cut", "flip", "swap", "grow", "repeat"))
        at = draw.randrange(len(content))
        if kind == "cut":
            del content[at:]
        elif kind == "flip":
            content[at] ^= 1 << draw.randrange(8)
        elif kind == "swap":
            other = draw.randrange(len(content))
            content[at], content[other] = content[other], content[at]
        elif kind == "grow":
            content += draw.randbytes(draw.randrange(1, 50))
        else:
            content[at:at] = content[at : at + 20]
        (path / name).write_bytes(content)
        try:
            loaded = load_bundle(path)
        except BundleError as error:
            messages.append(str(error))
        else:
            assert loaded.version == sound.version
            assert loaded.vocabulary.index_to_key == sound.vocabulary.index_to_key
        (path / name).write_bytes(contents[name])
    assert len(messages) > 900
    assert max(map(len, messages)) < LONGEST_MESSAGE
