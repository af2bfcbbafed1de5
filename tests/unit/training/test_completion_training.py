"""Training the completion encoder: examples, loss, export, seeds, validation, a known structure."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from models.catalogues.document import Document
from models.encoders.contract import Query
from models.errors import RecipeError, TrainingError
from models.index import TagSearch
from models.protocols.completion import clean_queries, evaluate_completion, split_documents
from models.protocols.encoder_scorer import EncoderScorer
from training.baselines.completion import CompletionMethod
from training.completion import towers
from training.completion.batches import Examples
from training.completion.cooccurrence_shares import cooccurrence_shares
from training.completion.export import check_towers
from training.completion.features import PROJECTED_ABOVE, count_features
from training.completion.fit import FINAL_TOWERS, VALIDATION_TOWERS, fit_completion
from training.completion.mixing import blended, scale_ratio
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers, completion_loss
from training.completion.trainer import schedule
from training.corpus import Provenance, TagCorpus
from training.evaluation.quality import measure_completion_encoder
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import hold_out, select, validation_queries
from training.fitting.linear_solver import TermScorer
from training.fitting.run import Progress, Run
from training.pipeline import train_bundle
from training.recipe import load_recipe

N_TAGS = 24


def query_vectors(encoder, tags, contexts, focus=None):
    return encoder.encode(queries_of(tags, contexts, focus), with_added=False).vectors


def linear_scores(encoder, tags, contexts, focus=None):
    return encoder.encode(queries_of(tags, contexts, focus)).added


def queries_of(tags, contexts, focus=None):
    weights = [1.0] * len(tags) if focus is None else focus
    return [Query(tag, context, weight) for tag, context, weight in zip(tags, contexts, weights, strict=True)]


def small_recipe(variant: str = "b", **training: object) -> CompletionRecipe:
    changes = {"steps": 120, "epochs": 1, **training}
    return CompletionMethod(training=changes, towers={"variant": variant, "width": 16, "hidden": 16}).recipe


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    """Three worlds of eight tags, by artist."""
    rng = np.random.default_rng(1)
    documents = [
        Document(
            f"d{i}",
            tuple(f"t{(i % 3) * 8 + tag:02d}" for tag in sorted(rng.permutation(8)[: rng.integers(3, 7)])),
            group=f"artist {i // 4}",
        )
        for i in range(240)
    ]
    names = [f"t{tag:02d}" for tag in range(N_TAGS)]
    return TagCorpus.from_documents("worlds", documents, Provenance("made here", "", ""), names)


@pytest.mark.parametrize("variant", ["a", "b"])
def test_export_equals_the_network_and_completes_documents(corpus, variant):
    trained = fit_completion(corpus, small_recipe(variant), seed=3, measure=measure_completion_encoder)
    check_towers(trained.encoder, trained.towers, corpus)
    document = corpus.documents()[7]
    context = torch.from_numpy(document[None, :])
    with torch.no_grad():
        expected = trained.towers(torch.from_numpy(document[:1]), context, torch.ones_like(context).bool())
    encoder = trained.encoder
    got = query_vectors(encoder, [int(document[0])], [document]) @ encoder.candidates(None).T
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-4, rtol=1e-4)
    queries = clean_queries(split_documents(corpus.documents(), 0, 4))
    found = evaluate_completion(EncoderScorer(encoder), queries, corpus.document_frequency)
    assert found.metrics["nDCG@10"] > 0.75
    assert trained.quality["completion"]["methods"]["completion"]["clean nDCG@10"] > 0.7
    for measured in trained.quality.values():
        assert set(measured["methods"]) == {"completion", "edlae", "cooccurrence", "popularity"}
        assert measured["curves"].keys() == measured["methods"].keys()


def test_cooccurrence_shares_are_shares_of_a_tags_documents():
    matrix = sparse.csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [1, 0, 0, 0]], dtype=float))
    kept = cooccurrence_shares(matrix, np.ones(4), neighbours=3)
    np.testing.assert_allclose(kept.row(0), [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(kept.row(1), [1, 0, 0.5, 0])
    assert not kept.row(3).any()
    np.testing.assert_allclose(cooccurrence_shares(matrix, np.ones(4), neighbours=1).row(1), [1, 0, 0, 0])
    copied = cooccurrence_shares(matrix, np.array([1 / 16, 1, 1, 1]), neighbours=3)
    np.testing.assert_allclose(copied.row(0), [0, 1.25 / 3.25, 2 / 3.25, 0], rtol=1e-6)


def test_a_single_tags_shares_weigh_as_much_as_the_towers(corpus):
    trained = fit_completion(corpus, small_recipe(), seed=3)
    encoder, asked = trained.encoder, list(range(N_TAGS))
    contexts = [np.array([tag]) for tag in asked]
    towers = (query_vectors(encoder, asked, contexts) @ encoder.candidates(None).T).std(axis=1).mean()
    assert 0.8 < linear_scores(encoder, asked, contexts).std(axis=1).mean() / towers < 1.25
    recipe = small_recipe()
    without = recipe.model_copy(update={"mixing": recipe.mixing.model_copy(update={"alone": 0.0})})
    assert fit_completion(corpus, without, seed=3).encoder.cooccurrence is None


def test_the_same_seed_gives_the_same_encoder(corpus):
    first, again, other = (
        fit_completion(corpus, small_recipe(steps=30), seed=seed).encoder.tensors() for seed in (5, 5, 6)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    assert not np.array_equal(first["inputs"], other["inputs"])


def test_examples_show_a_part_and_hide_the_rest(corpus):
    examples = Examples(corpus, np.ones(corpus.n_documents), (0.2, 0.8), distractors=0.5)
    documents = {frozenset(document.tolist()) for document in corpus.documents()}
    n_joined = n_rows = 0
    for batch in examples.epoch(32, np.random.default_rng(0)):
        for i, query in enumerate(batch.queries):
            context = batch.context[i][batch.context_mask[i]]
            hidden = set(batch.hidden[i][batch.hidden_mask[i]].tolist())
            assert query == context[0]
            assert hidden
            assert len(set(context.tolist())) == len(context)
            assert not hidden & set(context.tolist())
            own = [d for d in documents if hidden < d and query in d]
            assert any(d - hidden <= set(context.tolist()) for d in own)
            n_joined += not any(set(context.tolist()) | hidden == d for d in own)
            n_rows += 1
    assert n_rows == corpus.n_documents
    assert 0.3 < n_joined / n_rows < 0.6


def test_copies_are_drawn_as_rarely_as_they_count(corpus):
    weights = np.full(corpus.n_documents, 0.25)
    examples = Examples(corpus, weights, (0.2, 0.8), 0.0)
    random = np.random.default_rng(0)
    drawn = sum(len(batch.queries) for _ in range(20) for batch in examples.epoch(64, random))
    assert drawn == pytest.approx(20 * examples.expected, rel=0.1)


def test_the_loss_is_the_hidden_tags_cross_entropy_over_what_is_not_in_sight():
    scores = torch.tensor([[1.0, 2.0, 3.0, 0.5, 9.0]])
    context, mask = torch.tensor([[4, 0]]), torch.tensor([[True, False]])  # tag 0 is padding
    hidden, hidden_mask = torch.tensor([[0, 2]]), torch.tensor([[True, True]])
    logs = torch.log_softmax(scores[0, :4], dim=0)
    expected = -(logs[0] + logs[2]) / 2
    found = completion_loss(scores, context, mask, hidden, hidden_mask)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("variant", ["a", "b"])
def test_both_ways_to_attend_to_a_context_agree(corpus, variant, monkeypatch):
    features = count_features(cooccurrence(corpus.matrix), 16, seed=0)
    network = TwoTowers(features, corpus.document_frequency, small_recipe(variant).towers).eval()
    examples = Examples(corpus, np.ones(corpus.n_documents), (0.2, 0.8), 0.5)
    batch = next(examples.epoch(64, np.random.default_rng(0)))
    asked = [torch.from_numpy(array) for array in (batch.queries, batch.context, batch.context_mask)]
    with torch.no_grad():
        whole = network(*asked)
        monkeypatch.setattr(towers, "DENSE_ATTENTION_UP_TO", 0)
        torch.testing.assert_close(network(*asked), whole, rtol=1e-4, atol=1e-5)


def test_features_of_many_tags_are_projected_and_never_dense():
    rng = np.random.default_rng(0)
    n_tags = PROJECTED_ABOVE + 20
    documents = [
        Document(f"d{i}", tuple(f"t{t:03d}" for t in np.unique(rng.integers(0, n_tags, 12))))
        for i in range(400)
    ]
    names = [f"t{t:03d}" for t in range(n_tags)]
    corpus = TagCorpus.from_documents("many", documents, Provenance("made here", "", ""), names)
    counts = cooccurrence(corpus.matrix, duplicate_weights(corpus.matrix))
    features = count_features(counts, 32, seed=0)
    assert features.values.shape == features.projection.shape == (n_tags, 32)
    np.testing.assert_allclose(features.projection.T @ features.projection, np.eye(32), atol=1e-4)
    assert (np.linalg.norm(features.values, axis=1) <= 1 + 1e-5).all()


def test_validation_documents_share_no_group_with_the_rest(corpus):
    rest, held_out = hold_out(corpus, seed=2)
    assert rest.n_documents + held_out.n_documents == corpus.n_documents
    assert not set(rest.groups) & set(held_out.groups)
    assert 0.08 < held_out.n_documents / corpus.n_documents < 0.15


def test_a_default_is_left_only_for_a_clear_gain(corpus):
    rest, held_out = hold_out(corpus, seed=2)
    queries = validation_queries(held_out, 0)
    good = TermScorer(fit_completion(rest, small_recipe(steps=2), 0).encoder.linear)

    class Flat:
        def score(self, queries, contexts):
            return np.zeros((len(queries), N_TAGS), dtype=np.float32)

    scorers = {"good": good, "same": good, "flat": Flat()}
    popularity = rest.document_frequency
    assert select(["flat", "good"], scorers.__getitem__, [queries], popularity) == "good"
    assert select(["good", "same", "flat"], scorers.__getitem__, [queries], popularity) == "good"
    assert select(["flat", "good"], scorers.__getitem__, [queries], popularity, errors=1e3) == "flat"


def test_the_linear_term_is_as_wide_as_the_mix_says_whatever_its_damping(corpus):
    encoder = fit_completion(corpus, small_recipe(steps=2), seed=3).encoder
    queries = validation_queries(corpus, 3)
    asked = [query.tag for query in queries], [query.context for query in queries]
    wide = (query_vectors(encoder, *asked) @ encoder.candidates(None).T).std(axis=1).mean()
    for mixing in ((0.7, 0.0), (0.3, 0.1)):
        mixed = blended(encoder, mixing, 0.0, queries)
        assert mixed.damping == mixing[1]
        assert linear_scores(mixed, *asked).std(axis=1).mean() == pytest.approx(mixing[0] * wide, rel=1e-3)


def test_larger_collections_take_larger_batches_and_no_more_steps_than_the_limit():
    recipe = load_recipe("completion")
    assert isinstance(recipe, CompletionRecipe)
    assert schedule(recipe, 330) == (32, 600)
    assert schedule(recipe, 6_000)[0] == 256
    assert schedule(recipe, 1e7) == (256, recipe.training.max_steps)


def test_a_corpus_without_pairs_and_a_stop_are_said(corpus):
    single = [Document(f"d{i}", ("a", "b")[i % 2 : i % 2 + 1]) for i in range(40)]
    alone = TagCorpus.from_documents("alone", single, Provenance("made here", "", ""))
    with pytest.raises(TrainingError, match="2 tags"):
        fit_completion(alone, small_recipe(), seed=0)
    with pytest.raises(TrainingError, match="stopped before the first step"):
        fit_completion(corpus, small_recipe(), seed=0, run=Run(stop=lambda: True))


def stopping_after(n_steps: int, folder: Path, resume: bool = False) -> Run:
    taken: list[int] = []
    return Run(
        on_step=lambda phase, step, steps, loss: taken.append(step),
        stop=lambda: len(taken) >= n_steps,
        folder=folder,
        checkpoint_every=7,
        resume=resume,
    )


def test_a_training_stopped_twice_goes_on_as_if_it_had_never_stopped(corpus, tmp_path):
    recipe = small_recipe(steps=30)
    measure = measure_completion_encoder
    whole = fit_completion(corpus, recipe, seed=5, measure=measure)
    early = fit_completion(corpus, recipe, 5, run=stopping_after(12, tmp_path), measure=measure)
    assert early.stopped == (VALIDATION_TOWERS, 12)
    late = fit_completion(
        corpus, recipe, 5, run=stopping_after(18 + 25, tmp_path, resume=True), measure=measure
    )
    assert late.stopped == (FINAL_TOWERS, 25)
    assert late.quality == whole.quality
    assert late.n_documents == early.n_documents < corpus.n_documents
    resumed = fit_completion(corpus, recipe, 5, run=Run(folder=tmp_path, resume=True))
    assert resumed.stopped is None
    for name, array in whole.encoder.tensors().items():
        np.testing.assert_array_equal(array, resumed.encoder.tensors()[name])


def test_what_is_kept_of_a_stopped_training_is_what_was_measured(corpus, tmp_path):
    run = stopping_after(100, tmp_path)
    early = fit_completion(corpus, small_recipe(), 5, run=run, measure=measure_completion_encoder)
    rest, held_out = hold_out(corpus, 5)
    found = evaluate_completion(
        EncoderScorer(early.encoder), validation_queries(held_out, 5), rest.document_frequency
    )
    measured = early.quality["completion"]["methods"]["completion"]["clean nDCG@10"]
    assert found.metrics["nDCG@10"] == pytest.approx(measured, abs=1e-4)
    assert measured > 0.5


def test_a_killed_training_goes_on_from_its_last_checkpoint(corpus, tmp_path):
    recipe = small_recipe(steps=30)

    def killed(phase: str, step: int, steps: int, loss: float) -> None:
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_completion(corpus, recipe, 5, run=Run(on_step=killed, folder=tmp_path, checkpoint_every=7))
    taken: list[int] = []
    run = Run(lambda phase, step, steps, loss: taken.append(step), folder=tmp_path, resume=True)
    resumed = fit_completion(corpus, recipe, 5, run=run).encoder.tensors()
    assert taken[0] == 15
    for name, array in fit_completion(corpus, recipe, seed=5).encoder.tensors().items():
        np.testing.assert_array_equal(array, resumed[name])


def test_a_checkpoint_of_something_else_is_refused(corpus, tmp_path):
    fit_completion(corpus, small_recipe(steps=30), 5, run=stopping_after(12, tmp_path))
    with pytest.raises(TrainingError, match="another corpus, recipe or seed"):
        fit_completion(corpus, small_recipe(steps=31), 5, run=Run(folder=tmp_path, resume=True))


def test_a_recipe_refuses_unknown_keys(tmp_path):
    shipped = resources.files("training") / "recipes" / "completion.toml"
    text = shipped.read_text().replace("width = 128", "width = 128\nheads = 4")
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"towers\.heads"):
        load_recipe(str(path))


def test_the_scale_of_the_mix_does_not_hang_on_the_linear_terms_own_scale(corpus):
    trained = fit_completion(corpus, small_recipe(steps=30), seed=5)
    linear = trained.encoder.linear
    queries = validation_queries(corpus, 5)
    doubled = replace(trained.encoder, linear=replace(linear, values=2 * linear.values))
    assert scale_ratio(doubled, queries) == pytest.approx(scale_ratio(trained.encoder, queries) / 2, rel=1e-3)


def test_the_pipeline_makes_one_and_the_same_bundle(corpus, tmp_path):
    recipe = small_recipe(steps=20)
    first, again = (
        train_bundle(corpus, recipe, tmp_path / name, 0, "cpu", Progress(Run())) for name in ("one", "two")
    )
    assert first.encoder.kind == "completion"
    assert first.version == again.version
    assert first.manifest.quality["completion"]["methods"]["edlae"]["clean nDCG@10"] > 0.3
    ranking = TagSearch(first.encoder).search([Query(0, np.array([1, 2]))], 3, [np.array([0, 1, 2])])[0]
    assert (ranking.indices < 8).all()
