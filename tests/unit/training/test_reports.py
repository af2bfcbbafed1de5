"""The report's tables, words, tests and page, from results that are known."""

import csv
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from scipy import stats

from training.evaluation.cell import Cell
from training.evaluation.significance import paired_tests
from training.reports import figures, page, words
from training.reports.figures import Cluster
from training.reports.paper import printed, title
from training.reports.tables import FIVE, PAPER_METHODS, Figure, flat, oov_table, priming_table


def metric(value: float, std: float = 0.5) -> dict[str, object]:
    return {"mean": value, "std": std, "folds": [value - std, value, value + std]}


def result(**maps: float) -> dict[str, object]:
    """A summary in which every method's P@k are its MAP less 10, 20 and 30 points."""
    methods = {
        name.replace("_", "-"): {
            f"{prefix}{key}": metric(value)
            for prefix in ("", "train ")
            for key, value in {
                "P@1": 100.0,
                "P@2": reached - 10,
                "P@5": reached - 20,
                "P@10": reached - 30,
                "MAP@25 (paper)": reached,
                "AP": reached,
            }.items()
        }
        for name, reached in maps.items()
    }
    return {"methods": methods}


def test_the_papers_figures_are_those_printed():
    figures_of = printed()
    assert figures_of["1", "siamese-lit", "test", "MAP"].mean == 64.33
    assert figures_of["1", "siamese-lit", "test", "MAP"].std == 0.78
    assert figures_of["2", "siamese-lit", "train", "P@10"].mean == 54.14
    assert figures_of["3", "siamese-lit", "test", "P@1"].mean == 63.47
    assert figures_of["C.1", "siamese-prediction", "test", "P@10"].mean == 51.51
    assert figures_of["E.1", "sg-random-2", "test", "MAP"].mean == 40.55
    assert figures_of["E.2", "cbow-pseudo-4", "train", "P@2"].mean == 60.05
    assert ("1", "crbm", "test", "MAP") not in figures_of
    for name in PAPER_METHODS:
        assert all(("1", name, "train", column) in figures_of for column in FIVE)


def test_methods_have_the_names_that_tables_use():
    assert title("plsa") == "p-LSA"
    assert title("cbow-pseudo-3") == "C-BoW (S2), window 3"
    assert title("sg-random-1") == "C-SG (S1), window 1"
    assert title("popularity") == "Popularity"


def test_a_verdict_is_two_standard_deviations_and_a_point_and_a_half():
    paper = printed()["1", "siamese-lit", "test", "MAP"]  # 64.33 +/- 0.78, so the band is 3.06 wide
    for mean, verdict in ((64.33 + 3.0, "within"), (64.33 + 3.1, "above"), (64.33 - 3.1, "below")):
        assert Figure("MAP", mean, 0.1, [mean], paper).verdict == verdict
    assert Figure("MAP", 1.0, None, [1.0], None).verdict == ""


def test_a_table_holds_both_parts_the_papers_figures_and_the_differences():
    table = priming_table(
        "1", "", result(popularity=64.0, siamese_lit=65.0), {"": ("popularity", "siamese-lit")}
    )
    assert [(row.part, row.method) for row in table.rows] == [
        (part, name) for part in ("test", "train") for name in ("popularity", "siamese-lit")
    ]
    ours = table.part("test")[1].figures
    assert [figure.metric for figure in ours] == list(FIVE)
    assert ours[-1].difference == pytest.approx(65.0 - 64.33)
    assert ours[3].verdict == "below"
    assert table.part("test")[0].figures[0].paper is None
    records = list(flat([table]))
    assert len(records) == 2 * 2 * len(FIVE)
    assert records[0]["paper_mean"] is None


def test_a_method_without_test_figures_is_not_applicable():
    summary = result(crbm=70.0)
    methods = summary["methods"]
    methods["crbm"] = {name: value for name, value in methods["crbm"].items() if name.startswith("train ")}
    table = priming_table("1", "", summary, {"": ("crbm",)})
    assert table.part("test")[0].figures == []
    assert len(table.part("train")[0].figures) == len(FIVE)
    html = page.page("h", "s", [], [table], {}, [], {}, "paper")
    assert html.count("<td>N/A</td>") == len(FIVE)


def test_table_three_compares_each_model_by_the_papers_rule():
    found = {f"{rule} P@{k}": metric(50.0) for rule in ("nearest", "furthest") for k in (1, 2, 5, 10)}
    table = oov_table({"methods": {"siamese-lit": found, "random": found}})
    compared = {(row.group, row.method): row.figures[0].paper is not None for row in table.rows}
    assert compared == {
        ("nearest tags first", "siamese-lit"): False,
        ("nearest tags first", "random"): True,
        ("furthest tags first", "siamese-lit"): True,
        ("furthest tags first", "random"): False,
    }


def test_the_honest_sentence_counts_what_is_behind():
    text = words.honest_sentence(result(siamese_lit=65.0, popularity=64.0, cooccurrence=69.0, echo=99.0))
    assert "most popular tags on none (54.0 / 44.0 / 34.0 / 64.0)" in text
    assert "co-occurrence counts on all (59.0 / 49.0 / 39.0 / 69.0)" in text
    assert "echo" in text
    assert words.honest_sentence(result(siamese_lit=65.0)) == ""


def test_the_honest_oov_sentence_takes_the_better_rule():
    def rules(nearest: float, furthest: float) -> dict[str, object]:
        return {
            f"{rule} P@{k}": metric(value)
            for rule, value in (("nearest", nearest), ("furthest", furthest))
            for k in (1, 2, 5, 10)
        }

    found = {"siamese-lit": rules(30, 40), "cooccurrence": rules(45, 1)}
    text = words.honest_oov_sentence({"methods": found})
    assert "Siamese CE 40.0 / 40.0 / 40.0 / 40.0 (furthest rule)" in text
    assert "co-occurrence 45.0 / 45.0 / 45.0 / 45.0 (nearest rule)" in text
    assert words.honest_oov_sentence({"methods": {}}) == ""


def test_another_collection_is_shown_beside_but_not_held_against():
    table = priming_table("2", "", result(lsa=90.0), {"": ("lsa",)}, comparable=False)
    figure = table.part("test")[0].figures[-1]
    assert figure.paper is not None
    assert (figure.difference, figure.verdict) == (None, "")
    assert words.deviations([table]) == []
    html = page.page("h", "s", [], [table], {}, [], {}, "paper")
    assert "none is held against it" in html
    assert 'id="figures"' not in html


def test_what_does_not_reproduce_is_said_with_a_reason():
    table = priming_table("1", "", result(siamese_lit=65.0, lsa=80.0), {"": ("siamese-lit", "lsa")})
    sentences = words.deviations([table])
    assert any(s.startswith("Table 1: LSA comes out above") and "singular vectors" in s for s in sentences)
    assert any("Siamese CE comes out below" in s and "unknown" in s for s in sentences)
    language = {"methods": {f"sg-pseudo-{window}": result(any=80.0)["methods"]["any"] for window in (1, 2)}}
    (sentence,) = words.deviations([priming_table("E.1", "", language, {"": tuple(language["methods"])})])
    assert sentence.count("comes out above") == 2
    assert sentence.count("identical to the last digit") == 1


def test_paired_tests_are_students_over_documents():
    rng = np.random.default_rng(0)
    ours, theirs = rng.random(40), rng.random(40)
    ours[3] = theirs[3] = np.nan  # a document without a query
    cells = {
        name: {fold: Cell({}, by_document={"MAP": values[fold::2].tolist()}) for fold in (0, 1)}
        for name, values in (("ours", ours), ("theirs", theirs))
    }
    cells["training only"] = {0: Cell({}), 1: Cell({})}
    (test,) = paired_tests(cells, "ours", "MAP")
    asked = ~np.isnan(ours)
    assert test.method == "theirs"
    assert test.n_documents == 39
    assert test.difference == pytest.approx(100 * (ours - theirs)[asked].mean())
    assert test.p_value == pytest.approx(stats.ttest_rel(ours[asked], theirs[asked]).pvalue)


def test_the_page_is_self_contained_and_escapes(tmp_path):
    table = priming_table("1", "A <b>caption</b>", result(popularity=64.0), {"<group>": ("popularity",)})
    drawings = {"2": figures.tag_frequency(np.array([5, 3, 1]), 6, "small")}
    tests = {"siamese-lit": []}
    html = page.page(
        "Heading", "Honest & true", ["a fact"], [table], tests, ["a <sentence>"], drawings, "paper"
    )
    assert "Honest &amp; true" in html
    assert "a &lt;sentence&gt;" in html
    assert "&lt;group&gt;" in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert html.count("data:image/svg+xml;base64,") == 1
    assert 'id="table-1"' in html


def test_every_figure_is_well_formed_svg_and_reproducible():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(12, 2))
    clusters = [Cluster(np.arange(6), "rock, loud"), Cluster(np.arange(6, 12), "folk")]
    curve = np.linspace(1, 0.2, 11).tolist()
    losses = {"stage 1": rng.random(300).tolist(), "stage 2": rng.random(10).tolist()}
    drawings = {
        "2": lambda: figures.tag_frequency(np.array([5, 3, 1]), 6, "small"),
        "pr": lambda: figures.precision_recall({"test": {"pca": curve}, "train": {"pca": curve}}, "small"),
        "3a": lambda: figures.tag_instances(points, clusters, "guitar"),
        "3b": lambda: figures.tag_in_documents(points, [points[:3]], "guitar", ["song"]),
        "D.1": lambda: figures.one_context({"PCA": points, "LDA": points}, np.arange(12) < 4, "song"),
        "learning": lambda: figures.learning_curves(losses),
    }
    assert set(drawings) == set(page.CAPTIONS)
    for draw in drawings.values():
        svg = draw()
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert svg == draw()


def test_csv_of_the_paper_has_no_doubled_figure():
    from importlib import resources

    text = (resources.files("training.reports") / "paper.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    keys = [(row["table"], row["method"], row["part"], row["metric"]) for row in rows]
    assert len(keys) == len(set(keys)) == len(printed())
