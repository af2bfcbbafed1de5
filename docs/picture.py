"""Draw the picture of the explorer that the README shows, with the shipped bundle.

    python docs/picture.py [--out app/web/explorer.png]

Needs the development extra and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 847
QUERY = "/?view=map&tag=lo-fi&context=hip+hop&context=chill"


def draw(address: str, out: Path) -> None:
    """Save the page once the map is drawn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(address + QUERY, wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(1500)  # the map moves to the query
        page.screenshot(path=out)
        browser.close()


def main() -> None:
    """Serve the shipped bundle with an empty store, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "app" / "web" / "explorer.png")
    out = parser.parse_args().out
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "tagprime"), "serve", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/store.db"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    httpx.get(f"{address}/readyz").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            draw(address, out)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
