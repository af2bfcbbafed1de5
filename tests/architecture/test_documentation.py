"""The documents can be read: the front page is short, links lead somewhere, paths exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.documents import PAGES, ROOT, name_of, prose, quoted_in_prose, text_of

README = ROOT / "README.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PROJECT_PATH = re.compile(r"(?:app|models|training|tests|benchmarks|docker|docs|examples)/[\w./-]*")
# Made by whoever follows the page.
NOT_COMMITTED = {"docker/secrets/database_password"}


def links(page: Path) -> list[tuple[Path, str]]:
    """Return (target, anchor) of a page's links within the project."""
    found = []
    for link in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            found.append(((page.parent / path).resolve() if path else page, anchor))
    return found


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_a_front_page() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 130


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    broken = [
        (str(target), anchor)
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = {README}, [README]
    while waiting:
        page = waiting.pop()
        for target, _ in links(page) if page.suffix == ".md" else ():
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    examples = [file for file in (ROOT / "examples").iterdir() if file.suffix in {".py", ".sh"}]
    assert {*PAGES, *examples} - seen == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = {span for span in quoted_in_prose(page) if PROJECT_PATH.fullmatch(span)}
    # A part in capitals is a place to fill in.
    meant = {path for path in named if not any(part.isupper() for part in Path(path).with_suffix("").parts)}
    assert sorted(path for path in meant - NOT_COMMITTED if not (ROOT / path).exists()) == []


def test_architecture_names_every_room() -> None:
    page = text_of("docs/architecture.md")
    rooms = [
        folder.relative_to(ROOT).as_posix()
        for floor in ("models", "training", "app", "app/services")
        for folder in sorted((ROOT / floor).iterdir())
        if folder.is_dir() and any(folder.glob("*.py")) and folder.name != "artifacts"
    ]
    assert len(rooms) > 10, "the check itself must find rooms"
    assert [room for room in rooms if f"`{room}/`" not in page] == []


def test_the_readmes_figures_are_rows_of_the_long_table() -> None:
    figures = re.compile(r"^\| (.+?) (?:\(what .+?\) )?\|( \.\d.+)$", flags=re.MULTILINE)
    shown = figures.findall(README.read_text(encoding="utf-8"))
    assert 1 < len(shown) <= 8
    assert set(shown) <= set(figures.findall(text_of("docs/results.md")))
