"""Requests that the API's own description allows, and many that it does not: never a 5xx."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_no_request_breaks_the_service_or_its_description(server: httpx.Client, tmp_path: Path) -> None:
    cases = os.environ.get("TAGPRIME_TEST_SCHEMATHESIS_EXAMPLES", "5")
    done = subprocess.run(
        [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "--config-file", str(CONFIG),
            "run", str(server.base_url.join("/openapi.json")), "--max-examples", cases, "--seed", "1",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(CONFIG.with_name("schemathesis_hooks.py"))},
    )  # fmt: skip
    sys.stdout.write(done.stdout)
    generated = re.search(r"(\d+) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert generated is not None
    assert int(generated[1]) > 200, "the run must have asked something"
