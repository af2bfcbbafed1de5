"""The map as a visitor meets it: it says what the library says, moves, zooms, and asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from app.settings import DEMO_BUNDLE
from models.bundle import load_bundle
from models.bundle_writing import save_bundle
from models.encoders.contract import Query
from models.index import TagSearch
from models.vocabulary import Vocabulary
from tests.api.conftest import serving, wait_for
from tests.browser.conftest import Visit
from tests.conftest import DESCRIPTION, random_siamese_encoder

LO_FI = "/?view=map&tag=lo-fi&context=hip+hop"
CANVAS = ".map-canvas"

# What the page draws, asked of the chart itself.
CHART = "echarts.getInstanceByDom(document.querySelector('.map-canvas'))"
DATA = f"{CHART}.getOption().series.find(({{ id }}) => id === 'tags').data"
SPAN = f"{CHART}.getOption().dataZoom.map(({{ start, end }}) => end - start)"


def settled(visit: Visit) -> None:
    """Wait until the map of the question in the address has come to rest."""
    expect(visit.page.locator(CANVAS)).to_have_attribute("aria-busy", "false")


def places(visit: Visit) -> dict[str, tuple[float, float]]:
    """Return where each tag is drawn, in the map's own coordinates."""
    settled(visit)
    return {name: tuple(at) for name, at in visit.page.evaluate(f"{DATA}.map((d) => [d.name, d.value])")}


def pixels(visit: Visit, tags: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return where each tag is on the screen."""
    box = visit.page.locator(CANVAS).bounding_box()
    assert box is not None
    found = visit.page.evaluate(
        f"(all) => all.map((at) => {CHART}.convertToPixel({{ xAxisIndex: 0, yAxisIndex: 0 }}, at))",
        list(tags.values()),
    )
    return {tag: (box["x"] + x, box["y"] + y) for tag, (x, y) in zip(tags, found, strict=True)}


def alone(visit: Visit) -> tuple[str, tuple[float, float]]:
    """Return a tag on the screen whose mark is far from every other."""
    shown = pixels(visit, places(visit))
    names, at = list(shown), np.array(list(shown.values()))
    apart = np.linalg.norm(at[:, None] - at[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    apart[at[:, 1] > 780] = 0  # below the fold
    best = int(apart.min(axis=1).argmax())
    assert apart[best].min() > 8
    return names[best], shown[names[best]]


def test_the_map_says_what_the_library_says(visit: Visit) -> None:
    bundle = load_bundle(DEMO_BUNDLE)
    known = bundle.vocabulary.key_to_index
    query, context = known["lo-fi"], np.array([known["hip hop"]])
    ranking = TagSearch(bundle.encoder).search(
        [Query(query, context)], len(known), [np.append(context, query)]
    )[0]
    assert bundle.projection is not None
    placed = bundle.projection.place(ranking.indices, ranking.scores)
    visit.go(LO_FI)
    drawn = places(visit)
    assert drawn.keys() == known.keys()
    assert drawn.pop("lo-fi") == pytest.approx(placed.query, abs=1e-4)
    for tag, at in drawn.items():
        assert at == pytest.approx(placed.places[known[tag]], abs=1e-4), tag


def test_another_context_moves_the_same_map(visit: Visit) -> None:
    visit.go(LO_FI)
    before = places(visit)
    visit.page.evaluate(f"window.first = {CHART}")
    visit.page.locator("#context-more").fill("indie rock")
    visit.page.locator("#context-more").press("Enter")
    expect(visit.page.locator(".beside")).to_have_text("beside hip hop, indie rock")
    after = places(visit)
    assert visit.page.evaluate(f"window.first === {CHART}")
    moved = {tag: np.hypot(*np.subtract(after[tag], before[tag])) for tag in before}
    assert moved["lo-fi"] > 0.05
    assert sum(way > 0.02 for way in moved.values()) > 10
    assert visit.page.url.endswith("/?view=map&tag=lo-fi&context=hip+hop&context=indie+rock")
    visit.page.reload()
    assert places(visit) == after
    visit.page.go_back()
    expect(visit.page.locator(".beside")).to_have_text("beside hip hop")
    assert places(visit) == before


def test_a_click_asks_in_the_same_context(visit: Visit) -> None:
    visit.go(LO_FI)
    tag, (x, y) = alone(visit)
    visit.page.mouse.click(x, y)
    expect(visit.page.locator(".asked")).to_have_text(tag)
    expect(visit.page.locator(".beside")).to_have_text("beside hip hop")
    assert httpx.URL(visit.page.url).params["tag"] == tag
    query = json.loads(httpx.get(visit.page.url.replace("/?", "/explorer/map?")).content)["asked"]
    assert places(visit)[tag] == (query["x"], query["y"])


def test_pointing_at_a_tag_names_it(visit: Visit) -> None:
    visit.go(LO_FI)
    tag, (x, y) = alone(visit)
    visit.page.mouse.move(x, y)
    said = f"{CHART}.getZr().storage.getDisplayList(true).map(({{ style }}) => style.text ?? '')"
    found = httpx.get(visit.page.url.replace("/?", "/explorer/map?")).json()
    score = f"score {found['scores'][found['tags'].index(tag)]:.3f}"
    wait_for(lambda: any(text.endswith(score) for text in visit.page.evaluate(said)))
    assert tag in visit.page.evaluate(said)


def test_the_wheel_zooms_and_a_new_question_keeps_the_view(visit: Visit) -> None:
    visit.go(LO_FI)
    x, y = pixels(visit, places(visit))["lo-fi"]
    visit.page.mouse.move(x, y)
    visit.page.mouse.wheel(0, -300)
    wait_for(lambda: max(visit.page.evaluate(SPAN)) < 95)
    settled(visit)
    before = visit.page.evaluate(SPAN)
    visit.page.get_by_role("link", name="Take hip hop out").click()
    expect(visit.page.locator(".beside")).to_have_text("on its own")
    settled(visit)
    assert visit.page.evaluate(SPAN) in (pytest.approx(before), [100, 100])  # whole where it left the view
    x, y = pixels(visit, places(visit))["lo-fi"]
    box = visit.page.locator(CANVAS).bounding_box()
    assert box is not None
    assert box["x"] <= x <= box["x"] + box["width"]
    assert box["y"] <= y <= box["y"] + box["height"]


def test_two_fingers_zoom(browser: Browser, explorer: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), explorer)
    visit.go(LO_FI)
    settled(visit)
    visit.page.locator(CANVAS).scroll_into_view_if_needed()
    box = visit.page.locator(CANVAS).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = context.new_cdp_session(visit.page)
    for kind, apart in [("touchStart", 20), *(("touchMove", 20 + 8 * step) for step in range(1, 12))]:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for(lambda: max(visit.page.evaluate(SPAN)) < 90)
    assert visit.page.evaluate("visualViewport.scale") == 1  # the map, not the page
    context.close()


def test_keys_and_buttons_zoom(visit: Visit) -> None:
    visit.go(LO_FI)
    settled(visit)
    visit.page.locator(CANVAS).focus()
    visit.page.keyboard.press("+")
    wait_for(lambda: visit.page.evaluate(SPAN) == pytest.approx([60, 60]))
    start = f"{CHART}.getOption().dataZoom[0].start"
    before = visit.page.evaluate(start)
    visit.page.keyboard.press("ArrowRight")
    wait_for(lambda: visit.page.evaluate(start) > before + 5)
    visit.page.keyboard.press("0")
    wait_for(lambda: visit.page.evaluate(SPAN) == [100, 100])
    visit.page.get_by_role("button", name="Around lo-fi").press("Enter")
    wait_for(lambda: max(visit.page.evaluate(SPAN)) < 95)
    visit.page.get_by_role("button", name="Zoom out").press("Enter")
    visit.page.get_by_role("button", name="Whole map").press("Enter")
    wait_for(lambda: visit.page.evaluate(SPAN) == [100, 100])


@pytest.mark.parametrize("width", [360, 1280])
def test_names_do_not_overlap_and_the_question_is_named(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.go(LO_FI)
    settled(visit)
    drawn: list[dict[str, Any]] = visit.page.evaluate(
        f"""{CHART}.getZr().storage.getDisplayList(true)
            .filter(({{ type, style }}) => type === "tspan" && style.text)
            .map((label) => {{
                const box = label.getBoundingRect().clone();
                box.applyTransform(label.getComputedTransform());
                return {{ text: label.style.text, x: box.x, y: box.y, w: box.width, h: box.height }};
            }})"""
    )
    names = [label["text"] for label in drawn]
    assert {"lo-fi", "hip hop"} <= set(names)
    assert len(names) >= (8 if width == 360 else 25)
    for one, two in combinations(drawn, 2):
        across = min(one["x"] + one["w"], two["x"] + two["w"]) - max(one["x"], two["x"])
        down = min(one["y"] + one["h"], two["y"] + two["h"]) - max(one["y"], two["y"])
        assert across < 3 or down < 3, (one, two)


def test_a_tag_outside_the_vocabulary_stands_on_the_map_too(visit: Visit) -> None:
    visit.go("/?view=map&tag=shoegazze&context=indie+rock")
    expect(visit.page.locator(".badge")).to_have_text("not in the vocabulary")
    assert "shoegazze" in places(visit)
    visit.go("/?view=map&tag=shoegazze")
    expect(visit.page.locator(".column .nothing")).to_be_visible()
    assert "shoegazze" not in places(visit)


def test_what_cannot_be_asked_leaves_the_map_as_it_was(visit: Visit) -> None:
    visit.go("/?view=map&tag=lo-fi&focus=9")
    expect(visit.page.get_by_role("alert").filter(has_text="focus is '9'")).to_be_visible()
    projection = load_bundle(DEMO_BUNDLE).projection
    assert projection is not None
    assert len(places(visit)) == len(projection.positions)
    # Chromium itself reports the status, and nothing else.
    assert all("422" in complaint for complaint in visit.complaints), visit.complaints
    visit.complaints.clear()


def test_the_map_follows_light_and_dark(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="light")
    visit.go(LO_FI)
    settled(visit)
    ink = f"{DATA}.find(({{ name }}) => name === 'lo-fi').itemStyle.color"
    light = visit.page.evaluate(ink)
    visit.page.emulate_media(color_scheme="dark")
    wait_for(lambda: visit.page.evaluate(ink) != light)


def test_a_map_that_does_not_come_is_told_kindly(visit: Visit) -> None:
    visit.page.route("**/explorer/map?**", lambda route: route.abort())
    visit.go(LO_FI)
    expect(visit.page.locator(".map").get_by_role("alert")).to_contain_text("could not be loaded")
    assert len(visit.ranked()) == 12
    visit.complaints.clear()  # the browser's own word on the request that failed


def test_nothing_moves_for_who_asked_for_that(visit: Visit) -> None:
    visit.page.emulate_media(reduced_motion="reduce")
    visit.go(LO_FI)
    settled(visit)
    assert visit.page.evaluate(f"{CHART}.getOption().animation") is False


@pytest.mark.parametrize("visit", [False], indirect=True)
def test_without_scripts_there_is_the_ranking_and_the_form(visit: Visit) -> None:
    visit.go("/?view=map")
    visit.page.get_by_label("Tag", exact=True).fill("lo-fi")
    visit.page.get_by_label("Context", exact=True).fill("hip hop")
    visit.page.get_by_role("button", name="Ask").click()
    expect(visit.page.locator(".beside")).to_have_text("beside hip hop")
    assert "view=map" in visit.page.url
    expect(visit.page.get_by_text("drawn by a script")).to_be_visible()
    expect(visit.page.locator(".map-tools")).to_be_hidden()
    assert len(visit.ranked()) == 12


@pytest.fixture
def mapless(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose bundle was made without a map."""
    tags = ["jazz", "bebop", "swing", "punk"]
    vocabulary = Vocabulary(tags, np.arange(1, 5))
    bundle = save_bundle(tmp_path / "old", random_siamese_encoder(n_tags=4), vocabulary, DESCRIPTION)
    with serving("--bundle", str(bundle.path), "--database", f"sqlite:///{tmp_path / 'store.db'}") as address:
        yield address


def test_a_bundle_without_a_map_says_so_and_ranks(browser: Browser, mapless: str) -> None:
    page = browser.new_page()
    page.goto(f"{mapless}/?view=map&tag=jazz")
    expect(page.get_by_text("made without a map")).to_be_visible()
    expect(page.locator(CANVAS)).to_have_count(0)
    assert page.locator(".row").count() == 3
    assert httpx.get(f"{mapless}/explorer/map").json()["code"] == "projection_not_found"
    page.close()
