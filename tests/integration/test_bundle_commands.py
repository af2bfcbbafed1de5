"""`tagprime bundle verify|info` as people run them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.bundle import ENCODER_FILE, Bundle, load_bundle

TAGS = ["lo-fi", "hip hop", "chill"]


def tagprime(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_whole_bundle_verifies_and_tells_what_it_is(make_bundle: Callable[..., Bundle]) -> None:
    bundle = make_bundle(TAGS)
    verified = tagprime("bundle", "verify", str(bundle.path))
    assert verified.returncode == 0, verified.stderr
    assert bundle.version in verified.stdout
    shown = tagprime("bundle", "info", str(bundle.path))
    assert shown.returncode == 0, shown.stderr
    assert "siamese" in shown.stdout
    assert json.loads(tagprime("bundle", "info", str(bundle.path), "--json").stdout)["n_tags"] == 3


@pytest.mark.parametrize("command", ["verify", "info"])
def test_a_harmed_bundle_is_one_clear_line(make_bundle: Callable[..., Any], command: str) -> None:
    path = make_bundle(TAGS).path
    (path / ENCODER_FILE).write_bytes(b"harm")
    done = tagprime("bundle", command, str(path))
    assert done.returncode == 1
    assert "encoder.safetensors: has 4 bytes" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bundle_is_copied_into_a_registry_once(make_bundle: Callable[..., Bundle], tmp_path: Path) -> None:
    bundle = make_bundle(TAGS)
    registry = tmp_path / "bundles"
    for _ in range(2):
        done = tagprime("bundle", "import", str(bundle.path), "--bundles", str(registry))
        assert done.stdout == f"{bundle.name}@{bundle.version}\n", done.stderr
    [copied] = registry.iterdir()
    assert load_bundle(copied).version == bundle.version
    (bundle.path / ENCODER_FILE).write_bytes(b"harm")
    harmed = tagprime("bundle", "import", str(bundle.path), "--bundles", str(tmp_path / "other"))
    assert harmed.returncode == 1
    assert not (tmp_path / "other").exists()
