"""The project's own documents, and the code that they quote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("examples/*.md"),
        ROOT / "docker" / "secrets" / "README.md",
        ROOT / "training" / "corpora" / "demo" / "README.md",
    ]
)

_FENCE = re.compile(r"^```\w*\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def name_of(page: Path) -> str:
    """Return a page's path from the project's folder."""
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """Return a file of the project as text."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def quoted_in_prose(page: Path) -> list[str]:
    """Return what stands between backticks, outside of blocks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]


def quoted_lines(page: Path) -> Iterator[str]:
    """Yield the lines of a page's blocks of code, continued lines joined, and what its prose quotes."""
    for block in _FENCE.findall(page.read_text(encoding="utf-8")):
        yield from block.replace("\\\n", " ").splitlines()
    yield from quoted_in_prose(page)
