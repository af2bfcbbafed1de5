"""What serving loads, seen from a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"torch", "gensim", "sklearn", "matplotlib", "scipy", "pandas", "training"}


def test_the_application_loads_nothing_of_training() -> None:
    script = (
        "import sys, app.main, app.server, app.cli; from app.settings import Settings\n"
        "app.main.create_app(Settings())\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    loaded = {name.partition(".")[0] for name in modules}
    assert {"fastapi", "faiss", "numpy"} <= loaded, "the check itself must see what is loaded"
    assert loaded & HEAVY == set()
    # FastAPI needs OpenTelemetry's interface; what would send anything is not loaded.
    assert modules & {"opentelemetry.sdk", "opentelemetry.exporter", "app.tracing"} == set()
