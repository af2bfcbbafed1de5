"""The explorer as a visitor meets it, in a real browser."""

from __future__ import annotations

import json
import re
import shlex

import httpx
import pytest
from playwright.sync_api import expect

from app.settings import DEMO_BUNDLE
from tests.browser.conftest import Visit, check_looks

LO_FI = "/?tag=lo-fi&context=hip+hop"
COMPARED = "/?tag=lo-fi&context=hip+hop&versus=indie+rock"

without_scripts = pytest.mark.parametrize("visit", [False], indirect=True)


def answered(visit: Visit, beside: str) -> None:
    expect(visit.page.locator(".column-context .beside")).to_have_text(beside)


def test_the_ranking_on_the_page_is_the_services_own(visit: Visit) -> None:
    visit.go(LO_FI)
    body = {"tag": "lo-fi", "context": ["hip hop"], "limit": 12}
    results = httpx.post(f"{visit.address}/v1/prime", json=body).json()["results"]
    assert visit.ranked() == [result["tag"] for result in results]


@without_scripts
def test_asking_needs_no_script(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_label("Tag", exact=True).fill("lo-fi")
    visit.page.get_by_label("Context", exact=True).fill("hip hop, chill")
    visit.page.get_by_role("button", name="Ask").click()
    answered(visit, "beside hip hop, chill")
    first = visit.ranked()
    assert len(first) == 12
    visit.page.get_by_role("link", name="Take hip hop out").click()
    answered(visit, "beside chill")
    assert visit.ranked() != first


def test_another_context_moves_the_ranking_and_the_address_tells_it(visit: Visit) -> None:
    visit.go(LO_FI)
    before = visit.ranked()
    visit.page.locator("#context-more").fill("indie rock, garage rock")
    visit.page.locator("#context-more").press("Enter")
    answered(visit, "beside hip hop, indie rock, garage rock")
    after = visit.ranked()
    assert after != before
    assert visit.page.url.endswith("/?tag=lo-fi&context=hip+hop&context=indie+rock&context=garage+rock")
    visit.page.reload()
    assert visit.ranked() == after
    visit.page.go_back()
    answered(visit, "beside hip hop")
    assert visit.ranked() == before


def test_a_result_can_be_asked_for_and_put_into_the_context(visit: Visit) -> None:
    visit.go(LO_FI)
    first, second, *_ = visit.ranked()
    visit.page.get_by_role("link", name=f"Add {second} to the context").click()
    answered(visit, f"beside hip hop, {second}")
    visit.go(LO_FI)
    visit.page.get_by_role("link", name=first, exact=True).click()
    expect(visit.page.locator(".asked")).to_have_text(first)
    answered(visit, "beside hip hop")


def test_keys_alone_are_enough(visit: Visit) -> None:
    visit.go("/")
    expect(visit.page.locator("#tag")).to_be_focused()
    visit.page.keyboard.type("lo-f")
    expect(visit.page.get_by_role("option").first).to_contain_text("lo-fi")
    visit.page.keyboard.press("ArrowDown")
    expect(visit.page.locator("#tag")).to_have_attribute("aria-activedescendant", "tag-options-0")
    visit.page.keyboard.press("Enter")
    answered(visit, "on its own")
    expect(visit.page.locator("#message")).to_contain_text("lo-fi on its own: first ")
    expect(visit.page.locator("#tag")).to_be_focused()
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.type("hip hop,")
    answered(visit, "beside hip hop")
    expect(visit.page.locator("#context-more")).to_be_focused()
    visit.page.keyboard.press("Backspace")
    answered(visit, "on its own")
    expect(visit.page.locator("#context-more")).to_be_focused()


def test_an_answer_can_be_asked_on_from_the_moment_it_is_there(visit: Visit) -> None:
    visit.go(LO_FI)
    visit.page.evaluate(
        """() => {
            window.isSamePage = true;
            document.addEventListener("htmx:afterSwap", () => queueMicrotask(() => {
                document.getElementById("tag").value = "acoustic";
                document.getElementById("ask").requestSubmit();
            }), { once: true });
        }"""
    )
    visit.page.get_by_role("link", name="Take hip hop out").click()
    expect(visit.page.locator(".asked")).to_have_text("acoustic")
    assert visit.page.evaluate("window.isSamePage") is True


def test_escape_puts_the_offers_away(visit: Visit) -> None:
    visit.go("/")
    expect(visit.page.locator("#tag")).to_be_focused()
    visit.page.keyboard.type("jaz")
    expect(visit.page.get_by_role("listbox")).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(visit.page.get_by_role("listbox")).to_be_hidden()
    expect(visit.page.locator("#tag")).to_have_value("jaz")


def test_two_contexts_side_by_side_mark_what_moved(visit: Visit) -> None:
    visit.go(LO_FI)
    visit.page.get_by_role("link", name="Compare contexts").click()
    expect(visit.page.locator(".column-versus .beside")).to_have_text("on its own")
    visit.page.locator("#versus-more").fill("indie rock")
    visit.page.locator("#versus-more").press("Enter")
    expect(visit.page.locator(".column-versus .beside")).to_have_text("beside indie rock")
    left, right = visit.ranked(), visit.ranked("versus")
    assert left != right
    moves = visit.page.locator(".column-context .move .for-readers").all_text_contents()
    for rank, (tag, move) in enumerate(zip(left, moves, strict=True)):
        if tag in right:
            steps = right.index(tag) - rank
            said = f"{abs(steps)} {'higher' if steps > 0 else 'lower'} than" if steps else "same place"
            assert move.startswith(said), tag
    visit.page.get_by_role("link", name="Swap A and B").click()
    answered(visit, "beside indie rock")
    assert visit.ranked() == right


def test_results_of_a_comparison_are_explained_each_in_its_own_context(visit: Visit) -> None:
    visit.go(COMPARED)
    for side, beside in (("context", "hip hop"), ("versus", "indie rock")):
        row = visit.page.locator(f".column-{side} .row").first
        row.get_by_text("why").click()
        assert row.locator("dt").nth(1).text_content() == beside
        parts = [float(part) for part in row.locator("dd").all_text_contents()]
        score = float((row.locator(".score").text_content() or "").removeprefix("score "))
        assert sum(parts) == pytest.approx(score, abs=0.003)


def test_focus_changes_the_ranking(visit: Visit) -> None:
    visit.go(LO_FI)
    before = visit.ranked()
    visit.page.get_by_label("Focus").focus()
    visit.page.keyboard.press("End")
    expect(visit.page).to_have_url(re.compile("focus=4"))
    assert visit.ranked() != before


def test_a_result_is_explained(visit: Visit) -> None:
    visit.go(LO_FI)
    row = visit.page.locator(".row").first
    row.get_by_text("why").click()
    parts = [float(part) for part in row.locator("dd").all_text_contents()]
    assert row.locator("dt").nth(1).text_content() == "hip hop"
    score = float((row.locator(".score").text_content() or "").removeprefix("score "))
    assert sum(parts) == pytest.approx(score, abs=0.003)


def test_an_unknown_tag_is_said_to_be_one_and_its_spelling_is_asked_about(visit: Visit) -> None:
    visit.go("/?tag=shoegazze&context=indie+rock")
    expect(visit.page.locator(".badge")).to_have_text("not in the vocabulary")
    expect(visit.page.locator(".column-head")).to_contain_text("from its context alone")
    visit.page.get_by_role("link", name="shoegaze", exact=True).first.click()
    expect(visit.page.locator(".asked")).to_have_text("shoegaze")
    expect(visit.page.locator(".badge")).to_have_count(0)


def test_a_context_tag_without_a_part_in_the_answer_is_marked(visit: Visit) -> None:
    visit.go("/?tag=lo-fi&context=hip+hop&context=zzzz")
    expect(visit.page.locator(".chip-idle")).to_contain_text("not in the vocabulary")


def test_what_cannot_be_asked_is_told_kindly(visit: Visit) -> None:
    visit.go("/?tag=" + "x" * 2000)
    expect(visit.page.get_by_role("alert").filter(has_text="cannot be answered")).to_be_visible()
    visit.go("/?tag=lo-fi&limit=many")
    expect(visit.page.get_by_role("alert").filter(has_text="limit is 'many'")).to_be_visible()
    # Chromium itself reports the status of these two, and nothing else.
    assert all("422" in complaint for complaint in visit.complaints), visit.complaints
    visit.complaints.clear()


def test_a_service_that_is_away_is_told_kindly(visit: Visit) -> None:
    visit.go(LO_FI)
    ranked = visit.ranked()
    visit.page.context.set_offline(True)
    visit.page.get_by_role("button", name="Ask").click()
    expect(visit.page.locator("#trouble")).to_contain_text("does not answer")
    assert visit.ranked() == ranked
    visit.page.context.set_offline(False)
    visit.page.get_by_role("button", name="Ask").click()
    expect(visit.page.locator("#trouble")).to_be_hidden()
    visit.complaints.clear()  # the browser's own word on the request that could not be sent


def test_the_curl_command_gives_what_the_page_shows(visit: Visit) -> None:
    visit.go("/?tag=lo-fi&context=hip+hop&focus=2")
    command = shlex.split(visit.page.locator("#curl-context").text_content() or "")
    results = httpx.post(command[1], content=command[command.index("-d") + 1].encode()).json()["results"]
    assert [result["tag"] for result in results] == visit.ranked()
    assert json.loads(command[-1])["focus"] == 2


@pytest.mark.parametrize(
    "path",
    [
        "/",
        LO_FI,
        COMPARED,
        "/?tag=shoegazze&context=zzzz",
        "/explorer/quality",
        "/?view=map",
        f"{LO_FI}&view=map",
    ],
)
def test_axe_finds_nothing_and_nothing_overflows(visit: Visit, path: str) -> None:
    visit.go(path)
    for summary in visit.page.locator("summary").all()[:1]:
        summary.click()
    check_looks(visit)


def test_the_quality_table_is_the_manifests_and_marks_what_is_better(visit: Visit) -> None:
    visit.go(LO_FI)
    visit.page.get_by_role("link", name="Quality").click()
    expect(visit.page.locator("h1")).to_have_text("How good is demo?")
    manifest = json.loads((DEMO_BUNDLE / "manifest.json").read_text(encoding="utf-8"))
    methods = manifest["quality"]["completion"]["methods"]
    for metric, own in methods["completion"].items():
        row = visit.page.get_by_role("row").filter(has=visit.page.get_by_role("rowheader", name=metric))
        others = [figures[metric] for name, figures in methods.items() if name != "completion"]
        assert f"{own:.4g}" in (row.text_content() or "")
        assert row.locator(".beats").count() == sum(other > own for other in others), metric
