"""The Library and signing in, as a visitor meets them in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from app.db.engine import open_engine
from app.db.migrations import upgrade
from app.services.access.keys import create_key
from tests.api.conftest import serving, wait_for
from tests.browser.conftest import Visit, check_looks

LIBRARY = "/explorer/library"
VARIANTS = "/explorer/library/variants"
LONG = "a tag that somebody has written a whole sentence into " + "o" * 120

without_scripts = pytest.mark.parametrize("visit", [False], indirect=True)

MADE_UP = [f"a made{sign}up {letter}" for letter in "abcdefghijklmnopqrst" for sign in " -"]
DOCUMENTS = [
    {"id": "track-1", "tags": ["hip hop", "lo-fi", "chill"]},
    {
        "id": "track-2",
        "tags": ["日本のロック", "シューゲイザー", "shoegaze", "موسيقى رومانسية", "rtl tag", LONG],
    },
    {"id": "x" * 150, "tags": ["bebop jazz", "jazz"], "group": "an artist"},
    {"id": "track-3", "tags": ["bebop-jazz"]},
    {"id": "track-4", "tags": ["bebop jazz", "eletronic"]},
    {"id": "track-5", "tags": []},
    *({"id": f"track-6-{number}", "tags": ["rock", "live"]} for number in range(12)),
    # Pairs of spellings for more than one page; the most used ones come first.
    *({"id": f"track-7-{number}", "tags": MADE_UP} for number in range(2)),
]


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo bundle and some documents."""
    store = tmp_path_factory.mktemp("library") / "store.db"
    with serving("--database", f"sqlite:///{store}", TAGPRIME_STORE_REFRESH_SECONDS="0.05") as address:
        for document in DOCUMENTS:
            wait_for(lambda body=document: httpx.post(f"{address}/v1/documents", json=body).is_success)
        wait_for(lambda: "bebop jazz" in httpx.get(f"{address}{LIBRARY}?q=bebop").text)
        yield address


@pytest.fixture(autouse=True)
def nothing_judged(explorer: str) -> None:
    """Every test begins with an empty alias table."""
    for line in httpx.get(f"{explorer}/v1/tag-aliases").json()["aliases"]:
        httpx.delete(f"{explorer}/v1/tag-aliases/{line['alias']}").raise_for_status()


@contextmanager
def own_server(visit: Visit, store: Path, **settings: str) -> Iterator[str]:
    """Run a server for one test; the browser leaves its pages before it ends, else a fetch is refused."""
    with serving("--database", f"sqlite:///{store}", **settings) as address:
        visit.address = address
        yield address
        visit.page.goto("about:blank")


def listed(visit: Visit) -> list[str]:
    """Return what the page lists."""
    return visit.page.locator(".shelf .item-name > :first-child").all_text_contents()


def test_a_tag_is_found_and_asked_for(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_role("link", name="Library").click()
    expect(visit.page.locator("h1")).to_have_text("Library")
    assert len(listed(visit)) == 24
    visit.page.get_by_label("Find", exact=True).fill("shoegaze")
    visit.page.get_by_role("button", name="Find").click()
    expect(visit.page).to_have_url(re.compile(r"q=shoegaze"))
    expect(visit.page.locator(".item")).to_have_count(1)
    nearest = visit.page.locator(".chip-link").all_text_contents()
    visit.page.get_by_role("link", name="shoegaze", exact=True).click()
    expect(visit.page.locator(".asked")).to_have_text("shoegaze")
    assert visit.ranked()[:5] == nearest


def test_tags_are_sorted_and_turned_over_by_keys_alone(visit: Visit) -> None:
    visit.go(LIBRARY)
    first = listed(visit)
    visit.page.get_by_label("Sort by").focus()
    visit.page.keyboard.type("name")
    expect(visit.page).to_have_url(re.compile("sort=name"))
    by_name = listed(visit)
    assert by_name != first
    visit.page.get_by_role("link", name="Next page").focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page).to_have_url(re.compile("cursor="))
    expect(visit.page.get_by_role("link", name="First page")).to_be_visible()
    assert by_name[-1] < listed(visit)[0]
    visit.page.go_back()
    expect(visit.page.get_by_role("link", name="First page")).to_have_count(0)
    assert listed(visit) == by_name


def test_from_a_tag_to_the_documents_that_hold_it(visit: Visit) -> None:
    visit.go(f"{LIBRARY}?q=bebop+jazz")
    visit.page.get_by_role("link", name=re.compile("2 documents of the store")).click()
    expect(visit.page.locator(".item-document")).to_have_count(2)
    assert sorted(listed(visit)) == ["track-4", "x" * 150]
    visit.page.get_by_label("That hold the tag").fill("hip ho")
    expect(visit.page.get_by_role("option").first).to_contain_text("hip hop")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".item-document")).to_have_count(1)
    added = visit.page.locator(".added a")
    offered = added.first.text_content() or ""
    assert offered not in {"hip hop", "lo-fi", "chill", ""}
    added.first.click()
    expect(visit.page.locator(".asked")).to_have_text(offered)
    expect(visit.page.locator(".column-context .beside")).to_have_text("beside chill, hip hop, lo-fi")


@without_scripts
def test_the_library_needs_no_script(visit: Visit) -> None:
    visit.go(LIBRARY)
    visit.page.get_by_label("Find", exact=True).fill("bebop")
    visit.page.get_by_label("Sort by").select_option("name")
    visit.page.get_by_role("button", name="Find").click()
    assert listed(visit) == ["bebop", "bebop jazz", "bebop-jazz"]
    visit.page.get_by_role("link", name="Documents", exact=True).click()
    assert len(listed(visit)) == 10
    visit.page.get_by_role("link", name="Next page").click()
    assert len(listed(visit)) == len(DOCUMENTS) - 10
    visit.go(VARIANTS)
    visit.page.get_by_role("link", name="Next page").click()
    visit.page.get_by_role("button", name="Accept: eletronic stands for electronic").click()
    expect(visit.page.locator(".judged")).to_contain_text("eletronic stands for electronic from now on")
    assert aliases(visit) == {"eletronic": "electronic"}
    visit.page.get_by_role("button", name="Undo").click()
    expect(visit.page.locator(".judged")).to_contain_text("stands for itself again")
    assert aliases(visit) == {}


def test_a_variant_is_accepted_and_taken_back(visit: Visit) -> None:
    visit.go(f"{LIBRARY}/variants")
    n_open = left_to_judge(visit)
    visit.page.get_by_role("button", name="Accept: hiphop stands for hip hop").click()
    expect(visit.page.locator("#message")).to_have_text("hiphop stands for hip hop from now on.")
    expect(visit.page.get_by_role("button", name="Accept: hiphop ")).to_have_count(0)
    assert left_to_judge(visit) == n_open - 1
    assert aliases(visit) == {"hiphop": "hip hop"}
    visit.page.get_by_role("button", name="Undo").click()
    expect(visit.page.get_by_role("button", name="Accept: hiphop ")).to_be_visible()
    assert aliases(visit) == {}


def test_variants_are_judged_by_keys_alone(visit: Visit) -> None:
    visit.go(VARIANTS)
    first, second = (
        visit.page.locator(".item-variant").nth(n).locator(".tag").first.text_content() for n in (0, 1)
    )
    visit.page.locator("#accept-1").focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#message")).to_contain_text(f"{first} stands for")
    expect(visit.page.locator("#accept-1")).to_be_focused()
    visit.page.keyboard.press("Tab")
    expect(visit.page.locator("#dismiss-1")).to_be_focused()
    visit.page.keyboard.press("Space")
    expect(visit.page.locator("#message")).to_contain_text(f"{second} and")
    assert not {first, second} & set(listed(visit))
    assert list(aliases(visit)) == [first]


def test_what_was_decided_elsewhere_meanwhile_is_told_and_stays(visit: Visit) -> None:
    visit.go(VARIANTS)
    httpx.put(f"{visit.address}/v1/tag-aliases/lofi", json={"target": "rap"}).raise_for_status()
    visit.page.get_by_role("button", name="Accept: lofi stands for lo-fi").click()
    expect(visit.page.get_by_role("alert").filter(has_text="stands for 'rap' already")).to_be_visible()
    assert aliases(visit) == {"lofi": "rap"}
    assert all("422" in complaint for complaint in visit.complaints), visit.complaints
    visit.complaints.clear()  # Chromium's own word on the status


@pytest.mark.parametrize(
    "path",
    [
        LIBRARY,
        f"{LIBRARY}?q=o&sort=store",
        f"{LIBRARY}?q=nowhere",
        f"{LIBRARY}/documents",
        f"{LIBRARY}/documents?tag=nothing",
        VARIANTS,
        f"{VARIANTS}?judged=accept&alias=dnb&target=drum+and+bass",
    ],
)
def test_axe_finds_nothing_and_nothing_overflows(visit: Visit, path: str) -> None:
    visit.go(path)
    check_looks(visit)


def test_an_empty_store_tells_how_to_fill_it(visit: Visit, tmp_path: Path) -> None:
    with own_server(visit, tmp_path / "store.db") as address:
        wait_for(lambda: httpx.get(f"{address}/v1/documents").is_success)
        visit.go(f"{LIBRARY}/documents")
        expect(visit.page.locator(".nothing")).to_contain_text("The store is empty")
        expect(visit.page.locator("#curl-documents")).to_contain_text(f"curl {address}/v1/documents")
        check_looks(visit)
        visit.page.get_by_role("button", name="Load 1,000 invented tracks").click()
        expect(visit.page.locator(".shelf .item")).to_have_count(10)
        check_looks(visit)


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """A key of each kind, in a store of their own."""
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    lifetime = timedelta(hours=1)
    made = {"read": create_key(engine, "read", "", lifetime)[0]}
    made["write"] = create_key(engine, "write", "", lifetime)[0]
    engine.dispose()
    return made


@pytest.mark.parametrize("visit", [True, False], indirect=True, ids=["with scripts", "without"])
def test_signing_in_and_out(visit: Visit, keys: dict[str, str], tmp_path: Path) -> None:
    with own_server(visit, tmp_path / "store.db", TAGPRIME_AUTH="required"):
        visit.go("/explorer/library/variants")
        expect(visit.page.locator("h1")).to_have_text("Sign in")
        expect(visit.page.get_by_label("Key")).to_be_focused()
        visit.page.keyboard.type("tp_wrong")
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("alert").filter(has_text="not valid: it is unknown")).to_be_visible()
        visit.page.get_by_label("Key").fill(keys["read"])
        visit.page.get_by_role("button", name="Sign in").click()
        expect(visit.page.locator("main")).to_contain_text("Your key reads only")
        expect(visit.page.get_by_role("button", name="Accept")).to_have_count(0)
        visit.page.get_by_role("button", name="Sign out").click()
        expect(visit.page.locator("h1")).to_have_text("Sign in")
        visit.go("/explorer/library/variants")
        visit.page.get_by_label("Key").fill(keys["write"])
        visit.page.keyboard.press("Enter")
        visit.page.get_by_role("button", name="Accept: hiphop stands for hip hop").click()
        expect(visit.page.locator(".judged")).to_contain_text("hiphop stands for hip hop")
        visit.page.context.clear_cookies()
        visit.page.get_by_role("button", name="Undo").click()
        expect(visit.page.locator("h1")).to_have_text("Sign in")
        assert all("422" in complaint for complaint in visit.complaints), visit.complaints
        visit.complaints.clear()  # Chromium's own word on the wrong key


def test_the_form_of_signing_in_looks_right(visit: Visit, keys: dict[str, str], tmp_path: Path) -> None:
    with own_server(visit, tmp_path / "store.db", TAGPRIME_AUTH="required"):
        visit.go("/")
        expect(visit.page.locator("h1")).to_have_text("Sign in")
        check_looks(visit)
        visit.page.get_by_label("Key").fill(keys["read"])
        visit.page.keyboard.press("Enter")
        expect(visit.page.get_by_role("button", name="Sign out")).to_be_visible()
        check_looks(visit)


def left_to_judge(visit: Visit) -> int:
    """Return how many pairs of spellings the page says are left."""
    said = visit.page.locator(".after").text_content() or ""
    return int(re.findall(r"of (\d+) left", said)[0])


def aliases(visit: Visit) -> dict[str, str | None]:
    """Return the alias table."""
    lines = httpx.get(f"{visit.address}/v1/tag-aliases").json()["aliases"]
    return {line["alias"]: line["target"] for line in lines}
