"""What serving loads, seen from a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"torch", "gensim", "sklearn", "matplotlib", "scipy", "pandas", "training"}


def test_the_application_loads_nothing_of_training() -> None:
    script = (
        "import sys, app.main, app.server, app.cli\n"
        "print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"fastapi", "faiss", "numpy"} <= loaded, "the check itself must see what is loaded"
    assert loaded & HEAVY == set()
