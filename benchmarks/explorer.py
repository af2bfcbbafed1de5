"""Measure the speed of the explorer in a real browser, with the shipped bundle and with 5,000 tags.

    python benchmarks/explorer.py [--runs 5] [--tags 5000]

Needs the development extra and Chromium. The browser starts with an empty cache for every first paint, over
loopback. The large bundle is written for this from drawn weights around 60 drawn centres: its rankings mean
nothing, its sizes are those of a trained one. Times are medians; frames are gaps between animation frames,
16.7 ms where nothing is late.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from models.bundle_writing import save_bundle
from models.encoders.completion import CompletionEncoder
from models.projection import Projection
from models.vocabulary import Vocabulary
from training.projection import layout

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# What is measured is measured in the page; `painted` is the time after the next frame is on the screen.
IN_THE_PAGE = """
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    window.painted = async () => { await frame(); await frame(); return performance.now(); };
    let pressed = 0;
    addEventListener("keydown", ({ timeStamp }) => { pressed = timeStamp; }, true);
    const offered = () => document.querySelector("[role=listbox]:not([hidden]) [role=option]");
    window.offers = () => new Promise((done) => {
        const seen = new MutationObserver(async () => {
            if (!offered()) return;
            seen.disconnect();
            done(await painted() - pressed);
        });
        seen.observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    window.answer = () => new Promise((done) => {
        const sent = performance.now();
        const settled = async () => done(await painted() - sent);
        document.addEventListener("htmx:afterSettle", settled, { once: true });
        document.getElementById("ask").requestSubmit();
    });
    window.watch = () => {
        const gaps = [];
        let last = performance.now(), going = true;
        const next = (now) => { gaps.push(now - last); last = now; if (going) requestAnimationFrame(next); };
        requestAnimationFrame(next);
        window.gaps = () => { going = false; return gaps.slice(2); };
    };
    window.mapRests = async () => {
        while (!document.querySelector(".map-canvas[aria-busy=false]")) await frame();
        return performance.now();
    };
    window.firstPaint = () => new Promise((done) => new PerformanceObserver((list) => {
        const found = list.getEntriesByName("first-contentful-paint");
        if (found.length) done(found[0].startTime);
    }).observe({ type: "paint", buffered: true }));
"""


def write_bundle(path: Path, n_tags: int) -> None:
    """Write a bundle with a map over `n_tags` drawn tags."""
    rng = np.random.default_rng(0)
    width, hidden, n_centres = 128, 256, 60
    settings = {
        "variant": "b", "n_tags": n_tags, "width": width, "hidden": hidden,
        "linear": {"l2": 30.0, "dropout": 0.7, "stored": None},
    }  # fmt: skip
    centres, own = rng.normal(size=(n_centres, width)), rng.integers(n_centres, size=n_tags)
    tensors = {
        name: rng.normal(scale=0.05, size=spec.shape).astype(np.float32)
        for name, spec in CompletionEncoder.specs(settings).items()
    }
    for name in ("inputs", "outputs"):
        tensors[name] = (0.5 * (centres[own] + rng.normal(size=(n_tags, width)))).astype(np.float32)
    np.fill_diagonal(tensors["linear_values"], 0)
    tensors["linear_diagonal"] = np.full(n_tags, 0.02, dtype=np.float32)
    tensors["frequency"] = np.full(n_tags, 50, dtype=np.float32)
    tensors["scales"] = np.array([1.0, 0.3, 0.7, 0.5], dtype=np.float32)
    names = [f"{'abcdefghij'[tag % 10]}cene {own[tag]} tag {tag:04d}" for tag in range(n_tags)]
    frequency = np.sort(rng.zipf(1.4, size=n_tags).clip(max=100_000))[::-1]
    describe = {
        "corpus": {"name": "drawn", "n_documents": 0}, "training": {}, "quality": {}, "libraries": {},
        "git_revision": None,
    }  # fmt: skip
    save_bundle(
        path,
        CompletionEncoder.from_tensors(settings, tensors, "nearest"),
        Vocabulary(names, frequency),
        describe,
        projection=Projection(layout(tensors["outputs"], frequency, seed=0), 1.0),
    )


@contextmanager
def serving(bundle: Path | None) -> Iterator[str]:
    """Serve a bundle, or the shipped one, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "tagprime"), "serve", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/store.db"]
        command += [] if bundle is None else ["--bundle", str(bundle)]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            until_ready(address)
            yield address
        finally:
            server.terminate()
            server.wait()


def until_ready(address: str) -> None:
    while True:
        try:
            httpx.get(f"{address}/readyz").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.05)


def visit(browser: Browser, address: str, measure: Callable[[Page], float]) -> float:
    """Measure on a page of a browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(IN_THE_PAGE)
    page = context.new_page()
    page.goto(address)
    found = measure(page)
    context.close()
    return found


def first_paint(page: Page) -> float:
    return page.evaluate("firstPaint()")


def map_drawn(page: Page) -> float:
    return page.evaluate("mapRests()")


def offers(page: Page) -> float:
    page.evaluate("() => { window.offered = offers(); }")
    page.locator("#tag").press("c")
    return page.evaluate("offered")


def answer(page: Page) -> float:
    return page.evaluate("answer()")


def frames(page: Page, act: Callable[[], None]) -> str:
    """Return the gaps between frames while something is done, in words."""
    page.evaluate("watch()")
    act()
    gaps = sorted(page.evaluate("gaps()"))
    most = gaps[int(len(gaps) * 0.95)]
    middle = statistics.median(gaps)
    return f"median {middle:.1f} ms, 95 in 100 under {most:.1f} ms, longest {gaps[-1]:.1f} ms"


def zoom(page: Page) -> None:
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for step in range(60):
        page.mouse.wheel(0, -60 if step < 30 else 60)
        page.wait_for_timeout(16)


def change_context(page: Page) -> None:
    dropped = page.locator(".chip-drop").nth(1)
    page.locator(".chip-drop").first.click()
    dropped.wait_for(state="detached")
    page.wait_for_selector(".map-canvas[aria-busy=false]")


def report(browser: Browser, address: str, name: str, runs: int) -> None:
    tags = [tag["tag"] for tag in httpx.get(f"{address}/v1/tags", params={"limit": 40}).json()["tags"]]
    question = str(httpx.QueryParams({"tag": tags[3], "context": [tags[11], tags[25]]}))
    pages = {"empty": "/", "with an answer": f"/?{question}", "the map": f"/?view=map&{question}"}
    print(f"{name}")
    for page, path in pages.items():
        times = [visit(browser, address + path, first_paint) for _ in range(runs)]
        print(f"  first paint, {page}: {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
    mapped = address + pages["the map"]
    drawn = [visit(browser, mapped, map_drawn) for _ in range(runs)]
    print(f"  map drawn and at rest: {statistics.median(drawn):.0f} ms, slowest {max(drawn):.0f} ms")
    for what, measure in (("key press to offers", offers), ("asking to the painted answer", answer)):
        times = [visit(browser, address + pages["with an answer"], measure) for _ in range(runs)]
        print(f"  {what}: {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")
    started = time.perf_counter()
    size = len(httpx.get(f"{address}/explorer/map?{question}").content)
    print(f"  places of the map: {size / 1000:.0f} kB in {1000 * (time.perf_counter() - started):.0f} ms")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(IN_THE_PAGE)
    page.goto(mapped)
    page.wait_for_selector(".map-canvas[aria-busy=false]")
    print(f"  frames while zooming: {frames(page, lambda: zoom(page))}")
    print(f"  frames while the context changes: {frames(page, lambda: change_context(page))}")
    page.close()


def scripts(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/?view=map")
    page.wait_for_selector(".map-canvas[aria-busy=false]")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(({ name, decodedBodySize }) => [name, decodedBodySize])"
    )
    own = sum(size for path, size in loaded if path.endswith(".js") and "echarts" not in path)
    charts = sum(size for path, size in loaded if "echarts" in path)
    print(f"scripts of the map's page: {own / 1000:.1f} kB, and ECharts {charts / 1000:.0f} kB")
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tags", type=int, default=5000)
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        large = Path(folder) / "large"
        write_bundle(large, options.tags)
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        with serving(None) as address:
            scripts(browser, address)
            report(browser, address, "the shipped bundle", options.runs)
        with serving(large) as address:
            report(browser, address, f"{options.tags} tags", options.runs)
        browser.close()


if __name__ == "__main__":
    main()
