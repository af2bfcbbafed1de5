"""Quality as a visitor meets it in a real browser: curves, and evaluations from asking to reading."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, expect

from app.settings import DEMO_BUNDLE
from models.bundle import load_bundle
from models.bundle_writing import save_bundle
from models.encoders.completion import CompletionEncoder
from tests.api.conftest import command, serving, wait_for
from tests.browser.conftest import Visit, check_looks

QUALITY = "/explorer/quality"

without_scripts = pytest.mark.parametrize("visit", [False], indirect=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the store."""
    return f"sqlite:///{tmp_path_factory.mktemp('quality') / 'store.db'}"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a second bundle: the demo's without its linear term, and without curves."""
    folder = tmp_path_factory.mktemp("bundles")
    demo = load_bundle(DEMO_BUNDLE)
    assert isinstance(demo.encoder, CompletionEncoder)
    scales = demo.encoder.scales.copy()
    scales[2] = 0
    described = asdict(demo.manifest)
    for measured in described["quality"].values():
        del measured["curves"]
    wanted = ("corpus", "training", "quality", "libraries", "git_revision")
    described = {name: described[name] for name in wanted}
    save_bundle(folder / "towers", replace(demo.encoder, scales=scales), demo.vocabulary, described)
    return folder


@pytest.fixture(scope="module")
def explorer(store: str, bundles: Path) -> Iterator[str]:
    """The address of a server that leaves evaluations to a worker of its own, started when a test says."""
    settings = {"TAGPRIME_BUNDLES": str(bundles), "TAGPRIME_WORKER": "apart"}
    with serving("--database", store, **settings) as address:
        wait_for(lambda: httpx.get(f"{address}/v1/evaluations").is_success)
        yield address


@contextmanager
def working(store: str, bundles: Path) -> Iterator[None]:
    """Run a worker."""
    environment = {"TAGPRIME_BUNDLES": str(bundles)}
    process = subprocess.Popen(
        command("worker", "--database", store),
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def chart(visit: Visit, number: int = 0) -> list[tuple[str, list[list[float]]]]:
    """Return what a chart has drawn, when it has."""
    place = visit.page.locator(".curves-chart").nth(number)
    expect(place.locator("canvas")).to_be_visible()
    drawn = place.evaluate(
        "place => echarts.getInstanceByDom(place).getOption().series.map(({ name, data }) => [name, data])"
    )
    return [(str(name), list(data)) for name, data in drawn]


def test_the_curves_are_the_manifests(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_role("link", name="Quality").click()
    expect(visit.page.locator("h1")).to_have_text("How good is demo?")
    quality = json.loads((DEMO_BUNDLE / "manifest.json").read_text(encoding="utf-8"))["quality"]
    for number, protocol in enumerate(("completion", "priming")):
        curves = quality[protocol]["curves"]
        drawn = chart(visit, number)
        assert [name for name, _ in drawn] == list(curves)
        for name, points in drawn:
            assert [round(recall, 1) for recall, _ in points] == [level / 10 for level in range(11)]
            assert [precision for _, precision in points] == [round(p, 3) for p in curves[name]]


def test_the_curves_can_be_read_as_a_table_by_keys_alone(visit: Visit) -> None:
    visit.go(QUALITY)
    summary = visit.page.get_by_text("The curves as a table").first
    expect(visit.page.locator("#completion-curves")).to_be_hidden()
    summary.focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#completion-curves tbody tr")).to_have_count(11)


@without_scripts
def test_without_scripts_the_tables_say_it_all(visit: Visit) -> None:
    visit.go(QUALITY)
    expect(visit.page.locator(".curves-chart").first).to_be_hidden()
    visit.page.get_by_text("The curves as a table").first.click()
    expect(visit.page.locator("#completion-curves tbody tr")).to_have_count(11)


def test_methods_above_the_bundle_are_named(visit: Visit) -> None:
    visit.go(QUALITY)
    methods = json.loads((DEMO_BUNDLE / "manifest.json").read_text(encoding="utf-8"))["quality"][
        "completion"
    ]["methods"]
    said = visit.page.locator(".measured").first.text_content() or ""
    own = methods.pop("completion")
    above = {
        name: [metric for metric, value in figures.items() if value > own[metric]]
        for name, figures in methods.items()
    }
    assert any(above.values()), "counting is ahead where there is no context"
    for name, beaten in above.items():
        assert (f"{name} is above it in {', '.join(beaten)}" in said) is bool(beaten)


def test_an_evaluation_from_asking_to_reading(visit: Visit, store: str, bundles: Path) -> None:
    visit.go(QUALITY)
    visit.page.get_by_label("Cutoffs k").fill("3")
    visit.page.get_by_label("Seed").fill("7")
    visit.page.get_by_role("button", name="Measure").click()
    expect(visit.page.locator("h1")).to_have_text("Completion on demo documents")
    expect(visit.page.locator("#progress")).to_contain_text("Waiting in the queue")
    expect(visit.page.locator("#message")).to_have_text("The evaluation is waiting in the queue.")
    cancel = visit.page.get_by_role("button", name="Cancel")
    cancel.focus()
    with visit.page.expect_response(re.compile("/progress$")):
        pass
    expect(cancel).to_be_focused()
    with working(store, bundles):
        expect(visit.page.locator(".status-done")).to_be_visible(timeout=90_000)
    expect(visit.page.locator("#message")).to_contain_text("The evaluation is done.")
    expect(visit.page.locator("main")).to_be_focused()
    (drawn,) = chart(visit)
    evaluation = visit.page.url.rpartition("/")[2]
    job = httpx.get(f"{visit.address}/v1/evaluations/{evaluation}").json()
    assert (job["request"]["k"], job["request"]["seed"]) == ([3], 7)
    measured = job["result"]["measured"][0]
    assert [precision for _, precision in drawn[1]] == [round(p, 3) for p in measured["curve"]]
    row = visit.page.get_by_role("row").filter(has=visit.page.get_by_role("rowheader", name="nDCG@3"))
    expect(row).to_contain_text(f"{measured['metrics']['nDCG@3']:.4f}")
    expect(visit.page.locator("[hx-trigger]")).to_have_count(0)  # nothing is asked again once it has ended
    visit.page.get_by_role("link", name="Measure like this again").click()
    expect(visit.page.get_by_label("Cutoffs k")).to_have_value("3")
    expect(visit.page.get_by_label("Seed")).to_have_value("7")
    expect(visit.page.locator(".item-evaluation").first).to_contain_text(
        f"{measured['metrics']['nDCG@3']:.3f}"
    )


def test_an_evaluation_is_cancelled_by_keys_alone(visit: Visit) -> None:
    visit.go(QUALITY)
    visit.page.get_by_label("Cutoffs k").focus()
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#progress")).to_be_visible()
    check_looks(visit)
    visit.page.get_by_role("button", name="Cancel").focus()
    visit.page.keyboard.press("Space")
    expect(visit.page.locator(".status-cancelled")).to_be_visible()
    expect(visit.page.locator("#message")).to_have_text("The evaluation is cancelled.")


def test_two_bundles_are_compared_and_a_failure_is_told(visit: Visit, store: str, bundles: Path) -> None:
    visit.go(QUALITY)
    towers = load_bundle(bundles / "towers").version
    visit.page.get_by_label("Compared with model B").select_option(f"towers@{towers}")
    visit.page.get_by_role("button", name="Measure").click()
    expect(visit.page.locator("#progress")).to_be_visible()
    with working(store, bundles):
        expect(visit.page.locator(".status-done")).to_be_visible(timeout=90_000)
        expect(visit.page.locator(".verdict")).to_contain_text("A is better than B in nDCG@10")
        assert [name for name, _ in chart(visit)] == ["A", "B"]
        check_looks(visit)
        visit.go(QUALITY)
        visit.page.get_by_label("On", exact=True).select_option("store")
        visit.page.get_by_role("button", name="Measure").click()
        expect(visit.page.locator(".status-failed")).to_be_visible(timeout=90_000)
    expect(visit.page.get_by_role("alert").filter(has_text="0 documents gave no query")).to_be_visible()
    check_looks(visit)
    visit.page.get_by_role("link", name="what it holds").click()
    expect(visit.page.locator(".nothing")).to_contain_text("The store is empty")


def test_another_bundles_quality_is_shown_even_without_curves(visit: Visit, bundles: Path) -> None:
    visit.go(QUALITY)
    version = load_bundle(bundles / "towers").version
    visit.page.get_by_label("Model", exact=True).select_option(f"towers@{version}")
    expect(visit.page.locator("h1")).to_have_text("How good is towers?")
    expect(visit.page.locator(".curves")).to_have_count(0)
    expect(visit.page.get_by_role("rowheader", name="clean nDCG@10")).to_be_visible()


def test_curves_that_are_left_before_their_script_has_come_are_not_drawn(visit: Visit, bundles: Path) -> None:
    held: list[Route] = []
    visit.page.route("**/curves.js", lambda route: held.append(route))
    with visit.page.expect_request("**/curves.js"):
        visit.go(QUALITY)
    version = load_bundle(bundles / "towers").version
    visit.page.get_by_label("Model", exact=True).select_option(f"towers@{version}")
    expect(visit.page.locator("h1")).to_have_text("How good is towers?")
    [fetched] = held
    fetched.continue_()
    come = f"import('{fetched.request.url}').then(() => new Promise((then) => setTimeout(then)))"
    visit.page.evaluate(come)
    assert visit.complaints == []


@without_scripts
def test_measuring_needs_no_script(visit: Visit, store: str, bundles: Path) -> None:
    visit.go(QUALITY)
    visit.page.get_by_label("Cutoffs k").fill("lots")
    visit.page.get_by_role("button", name="Measure").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("k: a whole number from 1 is needed; got 'lots'")
    visit.complaints.clear()  # Chromium's own word on the status
    visit.page.get_by_label("Cutoffs k").fill("5")
    visit.page.get_by_role("button", name="Measure").click()
    expect(visit.page.locator("#progress")).to_contain_text("Waiting in the queue")
    with working(store, bundles):  # the page loads itself again
        expect(visit.page.locator(".status-done")).to_be_visible(timeout=90_000)


@pytest.mark.parametrize("path", [QUALITY, f"{QUALITY}/evaluations/nothing"])
def test_axe_finds_nothing_and_nothing_overflows(visit: Visit, path: str) -> None:
    visit.go(path)
    if path == QUALITY:
        chart(visit)
        for summary in visit.page.locator("summary").all():
            summary.click()
    check_looks(visit)
    assert all("404" in complaint for complaint in visit.complaints), visit.complaints
    visit.complaints.clear()  # Chromium's own word on the status
