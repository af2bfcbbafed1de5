"""What is vendored is what its list says, with its licence; the page's own scripts stay small."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import app.web

STATIC = Path(app.web.__file__).parent / "static"
VENDOR = STATIC / "vendor"


def test_vendored_files_are_the_ones_that_are_listed() -> None:
    row = re.compile(r"^\| (\S+) \| (\S+) \| \S+ \| `(\S+)` \| `(\w{64})` \|$", re.MULTILINE)
    listed = {
        f"{package.rpartition('/')[2].removesuffix('.org')}-{version}/{file}": digest
        for package, version, file, digest in row.findall((VENDOR / "README.md").read_text(encoding="utf-8"))
    }
    files = [file for pattern in ("*/*.js", "*/*.css", "*/*.woff2") for file in VENDOR.glob(pattern)]
    assert listed == {
        file.relative_to(VENDOR).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files
    }
    assert all((file.parent / "LICENSE").is_file() for file in files)


def test_the_scripts_are_small() -> None:
    scripts = [*STATIC.glob("*.js"), *VENDOR.glob("htmx-*/*.js")]
    assert len(scripts) > 2
    assert sum(script.stat().st_size for script in scripts) < 120_000
