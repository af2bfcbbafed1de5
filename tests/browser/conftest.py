"""The shipped bundle behind a real server, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.api.conftest import serving

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo bundle and an empty store."""
    store = tmp_path_factory.mktemp("store") / "store.db"
    with serving("--database", f"sqlite:///{store}") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; CI must have it, elsewhere the tests are skipped without.

    It ends with its module: while Playwright is open, its event loop runs in this thread and no other
    test of the same process could run one.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = "the explorer's tests need Debian's package chromium, and it is not installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One visitor's page, and what must not happen on it."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the explorer."""
        self.page.goto(self.address + path)

    def ranked(self, side: str = "context") -> list[str]:
        """Return the ranking's tags, best first."""
        return self.page.locator(f".column-{side} .row .tag").all_text_contents()

    def hear(self, message: ConsoleMessage) -> None:
        """Take down what the browser's console complains of."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def watch(self, request: Request) -> None:
        """Take down a request to anybody else."""
        if not request.url.startswith((self.address, "data:")):
            self.complaints.append(f"foreign request: {request.url}")

    def fail(self, error: Error) -> None:
        """Take down an error that no script caught."""
        self.complaints.append(str(error))


@pytest.fixture(params=[True])
def visit(request: pytest.FixtureRequest, browser: Browser, explorer: str) -> Iterator[Visit]:
    """A page of one's own; in the end, nothing was complained of and nobody else was asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=request.param)
    page = context.new_page()
    expect.set_options(timeout=20_000)
    page.set_default_timeout(20_000)
    visit = Visit(page, explorer)
    page.on("console", visit.hear)
    page.on("pageerror", visit.fail)
    page.on("request", visit.watch)
    yield visit
    context.close()
    assert visit.complaints == []


def check_looks(visit: Visit) -> None:
    """Check the page in front of the visitor, narrow and wide, light and dark."""
    visit.page.emulate_media(reduced_motion="reduce")  # colours on their way to others are no fault
    for width, scheme in product((360, 1280), ("light", "dark")):
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = Axe().run(visit.page)
        assert found.violations_count == 0, f"{width} px, {scheme}: {found.generate_report()}"
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
