"""The explorer's Quality over HTTP: asking for evaluations by form, and reading what they found."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.jobs.evaluating import evaluate
from app.main import create_app
from app.schemas.evaluations import EvaluationRequest
from app.services.explorer.quality import tables
from app.services.models.serving import Serving
from app.services.tags.resolve import TagRules
from app.settings import DEMO_BUNDLE, DEMO_DOCUMENTS, Settings
from models.bundle import Bundle, load_bundle
from models.bundle_writing import save_bundle
from models.catalogues.reading import open_catalogue
from models.encoders.completion import CompletionEncoder
from tests.api.conftest import wait_for

QUALITY = "/explorer/quality"
RUNS = f"{QUALITY}/evaluations"


def run(client: TestClient, **form: str) -> str:
    """Send the form; return the address of the evaluation."""
    answer = client.post(RUNS, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def ended(client: TestClient, address: str, status: str) -> str:
    """Wait until an evaluation has ended so; return its page."""
    wait_for(lambda: f"status-{status}" in client.get(address).text)
    return client.get(address).text


def figures(page: str) -> dict[str, list[str]]:
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page)
    cells = {name: re.findall(r"<td[^>]*>(?:<strong>)?([^<]*)", row) for name, row in rows}
    return {unescape(name): row for name, row in cells.items() if not name[0].isdecimal()}


def test_what_the_form_asks_for_is_what_the_service_measures(client: TestClient) -> None:
    for number in range(30):
        tags = ["jazz", "ambient", "hip hop", "chillout", "lo-fi"][number % 2 :]
        client.post("/v1/documents", json={"id": number, "tags": tags})
    address = run(client, protocol="priming", corpus="store", k="1, 3", seed="4")
    page = ended(client, address, "done")
    listed = client.get("/v1/evaluations").json()["evaluations"]
    (job,) = listed
    assert job["request"]["k"] == [1, 3]
    assert job["request"]["seed"] == 4
    measured = job["result"]["measured"][0]
    assert figures(page) == {name: [f"{value:.4f}"] for name, value in measured["metrics"].items()}
    points = re.findall(r'<th scope="row">[01]\.\d</th><td class="own">([^<]+)<', page)
    assert points == [f"{point:.3f}" for point in measured["curve"]]
    assert "135 queries from 30 documents" in page
    assert "hx-get" not in page, "nothing is asked again once it has ended"
    overview = client.get(QUALITY).text
    assert f'href="{address}"' in overview
    assert f"nDCG@3 {measured['metrics']['nDCG@3']:.3f}" in overview


def test_demo_documents_come_with_the_service(client: TestClient) -> None:
    body = {"protocol": "oov", "corpus": "demo"}
    job = client.post("/v1/evaluations", json=body).headers["location"]
    wait_for(lambda: client.get(job).json()["status"] not in {"queued", "running"})
    assert client.get(job).json()["result"]["documents"] == 1000
    both = client.post("/v1/evaluations", json={**body, "documents": [["a"]]})
    assert both.status_code == 422


def test_a_failure_is_told_with_its_reason_and_a_way_on(client: TestClient) -> None:
    page = ended(client, run(client, protocol="completion", corpus="store"), "failed")
    assert "This could not be measured." in page
    assert "0 documents gave no query to evaluate" in unescape(page)
    assert "/explorer/library/documents" in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"k": "many"}, "k: a whole number from 1 is needed; got 'many'"),
        ({"k": "0"}, "k: a whole number from 1"),
        ({"k": "1 2 5000"}, "TAGPRIME_MAX_RESULTS"),
        ({"k": " ".join(map(str, range(1, 200)))}, "TAGPRIME_EVALUATION_MAX_CUTOFFS"),
        ({"seed": "-1"}, "seed: a whole number from 0"),
        ({"seed": "9999999999"}, "seed: "),
        ({"protocol": "guessing"}, "protocol: "),
        ({"corpus": "elsewhere"}, "corpus: "),
        ({"model": "nobody"}, "nobody"),
        ({"compare": "nobody@1"}, "nobody@1"),
    ],
)
def test_what_cannot_be_measured_is_told_beside_the_form_as_it_was(
    client: TestClient, form: dict[str, str], said: str
) -> None:
    answer = client.post(RUNS, data={"protocol": "priming", "corpus": "demo", "k": "7", "seed": "5"} | form)
    assert answer.status_code == 422
    fault = re.findall(r'<div class="fault" role="alert">(.*?)</div>', answer.text, re.S)
    assert said in unescape(fault[0])
    for name in ("k", "seed"):
        assert f'name="{name}" value="{form.get(name, {"k": "7", "seed": "5"}[name])}"' in answer.text
    assert client.get("/v1/evaluations").json()["evaluations"] == []


def test_progress_is_a_part_of_the_page_which_fetches_the_whole_once_it_has_ended(
    bundle_path: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with TestClient(create_app(Settings(bundle=bundle_path, database_url=url, worker="apart"))) as client:
        wait_for(lambda: client.get("/v1/evaluations").status_code == 200)
        address = run(client, protocol="priming", corpus="demo")
        part = client.get(f"{address}/progress")
        assert part.text.startswith('<div id="progress"')
        assert f'hx-get="{address}/progress" hx-trigger="every 1s"' in part.text
        assert client.post(address, follow_redirects=False).headers["location"] == address
        last = client.get(f"{address}/progress")
        assert f'hx-get="{address}" hx-trigger="load" hx-target="#page"' in last.text
        assert "It was cancelled before it ended" in client.get(address).text
        assert client.post(address).status_code == 200, "what has ended stays what it is"
        assert client.get("/v1/evaluations").json()["evaluations"][0]["status"] == "cancelled"


def test_what_there_is_not_is_told(client: TestClient) -> None:
    for address in (f"{RUNS}/nothing", f"{RUNS}/%3Cscript%3E"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "there is no evaluation" in answer.text
        assert "<script>" not in answer.text
    assert client.post(f"{RUNS}/nothing").status_code == 404
    assert client.get(f"{RUNS}/nothing/progress").status_code == 404
    assert client.get(QUALITY, params={"cursor": "x"}).status_code == 422


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The demo bundle without its linear term, which costs it quality."""
    demo = load_bundle(DEMO_BUNDLE)
    assert isinstance(demo.encoder, CompletionEncoder)
    scales = demo.encoder.scales.copy()
    scales[2] = 0
    described = asdict(demo.manifest)
    wanted = {name: described[name] for name in ("corpus", "training", "libraries", "git_revision")}
    wanted["quality"] = {
        "completion": {
            key: value for key, value in described["quality"]["completion"].items() if key != "curves"
        }
    }
    path = tmp_path_factory.mktemp("bundles") / "towers"
    return save_bundle(path, replace(demo.encoder, scales=scales), demo.vocabulary, wanted)


def test_two_bundles_are_compared_in_words_and_figures(towers: Bundle, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    settings = Settings(bundles=towers.path.parent, database_url=url)
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/v1/evaluations").status_code == 200)
        two = {"model": "demo", "compare": "towers"}
        page = ended(client, run(client, protocol="completion", corpus="demo", k="10", **two), "done")
        result = client.get("/v1/evaluations").json()["evaluations"][0]["result"]
        between = result["differences"]["nDCG@10"]
        assert between["mean"] < 0
        assert between["p_value"] < 0.05
        assert f"A is better than B in nDCG@10, by {-between['mean']:.3f} (p" in unescape(page)
        row = figures(page)["nDCG@10"]
        assert row[:2] == [f"{one['metrics']['nDCG@10']:.4f}" for one in result["measured"]]
        assert row[2] == f"{between['mean']:+.4f}"
        assert row[4] == "A"
        same = run(client, protocol="completion", corpus="demo", k="10", model="towers", compare="towers")
        assert "the difference is not significant" in ended(client, same, "done")
        of_towers = client.get(QUALITY, params={"of": f"towers@{towers.version}"}).text
        assert "How good is towers?" in of_towers


def test_a_bundle_without_curves_shows_its_table(towers: Bundle) -> None:
    (table,) = tables(towers.manifest)
    assert table.curves is None
    assert "clean nDCG@10" in table.metrics


@pytest.mark.parametrize(
    "curves", [7, {"popularity": "no"}, {"popularity": [1.0]}, {"popularity": [None] * 11}]
)
def test_foreign_curves_are_passed_over(towers: Bundle, curves: object) -> None:
    quality = {"completion": {**towers.manifest.quality["completion"], "curves": curves}}
    (table,) = tables(replace(towers.manifest, quality=quality))
    assert table.curves is None


def test_the_curve_of_completion_is_measured_with_it(towers: Bundle) -> None:
    documents = [document.tags for _, document in open_catalogue(DEMO_DOCUMENTS).documents()][:60]
    request = EvaluationRequest(protocol="completion", corpus="demo")
    serving = Serving.of(towers, 0)
    result = evaluate(request, [serving], TagRules(), documents, lambda done, total: None)
    curve = result.measured[0].curve
    assert curve is not None
    assert len(curve) == 11
    assert sorted(curve, reverse=True) == curve
    assert curve[0] > 0.2
