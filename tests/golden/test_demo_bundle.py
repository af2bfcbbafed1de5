"""The shipped demo bundle: verifies, is what its manifest says, and completes tracks it has never seen."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import models
from models.bundle import Bundle, load_bundle
from models.catalogues.reading import open_catalogue
from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Query
from models.index import TagSearch
from models.protocols.completion import clean_queries, evaluate_completion, split_documents
from models.protocols.completion_conditions import distractor_queries
from models.protocols.encoder_scorer import EncoderScorer
from training.corpora import load_corpus
from training.corpora.demo.knowledge import FOLDER, knowledge_files
from training.corpus import TagCorpus
from training.fitting.held_out import hold_out, validation_queries
from training.fitting.linear_solver import TermScorer
from training.recipe import load_recipe

DEMO = Path(models.__path__[0]) / "artifacts" / "demo"
TRAINED_ON = 80_000


@pytest.fixture(scope="module")
def demo() -> Bundle:
    return load_bundle(DEMO)


def test_it_verifies_and_was_made_from_what_stands_here(demo: Bundle) -> None:
    assert (demo.name, demo.encoder.kind) == ("demo", "completion")
    assert demo.manifest.corpus["name"] == "demo"
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in knowledge_files()}
    stale = "the demo corpus has changed since the bundle was made; run `make demo-bundle` and commit it"
    assert demo.manifest.corpus["files"] == digests, stale
    recipe = load_recipe(str(FOLDER / "recipe.toml")).model_dump(mode="json")
    assert demo.manifest.training["recipe"] == recipe, "the recipe has changed; run `make demo-bundle`"


def test_it_reaches_its_printed_quality_on_the_documents_it_was_measured_on(demo: Bundle) -> None:
    corpus = load_corpus("demo", n_documents=TRAINED_ON).filter(min_documents=155, min_tags=2)
    assert corpus.index_to_key == demo.vocabulary.index_to_key
    queries = validation_queries(hold_out(corpus, seed=0)[1], 0)
    printed = demo.manifest.quality["completion"]
    assert printed["queries"] == len(queries)
    found = evaluate_completion(EncoderScorer(demo.encoder), queries, demo.vocabulary.document_frequency)
    # What ships has been trained on these documents too, so it is no worse than what was printed.
    assert found.metrics["nDCG@10"] >= printed["methods"]["completion"]["clean nDCG@10"] - 0.002


def test_it_completes_tracks_it_has_never_seen_better_than_its_linear_term_alone(demo: Bundle) -> None:
    known = demo.vocabulary.key_to_index
    fresh = load_corpus("demo", seed=1, n_documents=2_000)
    column = np.asarray([known.get(key, -1) for key in fresh.index_to_key])
    documents = [np.sort(column[tags][column[tags] >= 0]) for tags in fresh.documents()]
    splits, popularity = split_documents(documents, seed=0), demo.vocabulary.document_frequency
    assert isinstance(demo.encoder, CompletionEncoder)
    ours, edlae = EncoderScorer(demo.encoder), TermScorer(demo.encoder.linear)
    for queries, gain in ((clean_queries(splits), 0.0), (distractor_queries(splits, 0), 0.015)):
        reached, baseline = (
            evaluate_completion(scorer, queries, popularity).metrics["nDCG@10"] for scorer in (ours, edlae)
        )
        assert reached > baseline + gain
        assert reached > 0.17  # popularity reaches about .09


def test_one_tag_in_two_contexts_has_two_meanings(demo: Bundle) -> None:
    known = demo.vocabulary.key_to_index
    search = TagSearch(demo.encoder)

    def ranked(tag: str, *context: str) -> list[str]:
        indices = np.asarray([known[other] for other in context], dtype=np.int64)
        seen = np.append(indices, known[tag])
        ranking = search.search([Query(known[tag], indices)], 10, [seen])[0]
        return [demo.vocabulary.index_to_key[index] for index in ranking.indices]

    punk, rave = ranked("hardcore", "punk"), ranked("hardcore", "gabber", "techno")
    assert "hardcore punk" in punk
    assert "hardcore punk" not in rave
    assert "rave" in rave
    assert len(set(punk) & set(rave)) <= 5


def test_the_documents_it_can_be_measured_on_are_the_generators_and_new_to_it(tmp_path: Path) -> None:
    shipped = DEMO.with_name("demo-documents.jsonl")
    command = [
        "corpora",
        "export",
        "demo",
        str(tmp_path / "again.jsonl"),
        "--seed",
        "1",
        "--documents",
        "1000",
        "--names",
    ]
    code = "from app.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, timeout=120)
    stale = "the demo corpus has changed since; run `make demo-bundle` and commit both"
    assert shipped.read_bytes() == (tmp_path / "again.jsonl").read_bytes(), stale
    trained_on = {frozenset(tags) for tags in _bags(load_corpus("demo", n_documents=TRAINED_ON))}
    fresh = [frozenset(document.tags) for _, document in open_catalogue(shipped).documents()]
    assert np.mean([tags in trained_on for tags in fresh]) < 0.02  # a few small bags are drawn twice


def _bags(corpus: TagCorpus) -> list[list[str]]:
    return [[corpus.index_to_key[tag] for tag in document.tolist()] for document in corpus.documents()]
