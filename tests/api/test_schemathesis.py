"""Requests that the API's own description allows, and many that it does not: never a 5xx."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
# Three checks mean something else here; all others hold. That every request which fits the schema is taken
# is more than a schema can say of tags, of names of bundles and of cursors. A cancelled evaluation can still
# be read. And a write replayed under its Idempotency-Key repeats its answer, whatever was deleted since.
EXCLUDED = "positive_data_acceptance,use_after_free,ensure_resource_availability"


def test_no_request_breaks_the_service_or_its_description(server: httpx.Client, tmp_path: Path) -> None:
    cases = os.environ.get("TAGPRIME_TEST_SCHEMATHESIS_EXAMPLES", "5")
    done = subprocess.run(
        [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "run", str(server.base_url.join("/openapi.json")), "--max-examples", cases, "--seed", "1",
            "--exclude-checks", EXCLUDED, "--suppress-health-check", "all", "--no-color",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)},
    )  # fmt: skip
    generated = re.search(r"(\d+) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert generated is not None
    assert int(generated[1]) > 200, "the run must have asked something"
