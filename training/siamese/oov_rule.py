"""Choose on held-out documents whether an OOV tag is answered by the nearest or by the furthest tags.

References
----------
Sandouk and Chen, sections 5.2 and 5.6: the paper takes the furthest tags for an OOV tag's most related ones.
"""

from __future__ import annotations

import numpy as np

from models.encoders.contract import Encoder, OovRule
from models.protocols.encoder_scorer import EncoderScorer
from models.protocols.oov import OovQuery, evaluate_oov
from models.types import IndexArray
from training.corpus import TagCorpus
from training.fitting.run import Progress, Run
from training.fitting.usage import count_usages
from training.siamese.fit import fit_siamese
from training.siamese.recipe import SiameseRecipe, with_scaled_steps

MIN_OOV_QUERIES = 20
"""With fewer queries than this no rule is chosen, and `nearest` is kept."""

MIN_DOCUMENTS = 3
"""Documents that hold a tag, at least, so that the tag may be left out."""


def seek_oov_rule(
    training: TagCorpus,
    validation: TagCorpus,
    recipe: SiameseRecipe,
    seed: int,
    device: str,
    progress: Progress,
) -> tuple[OovRule, dict[str, float]]:
    """Train a second model on fewer steps without some of the tags, and choose the better rule for them.

    Parameters
    ----------
    training, validation
        Training documents, and held-out documents over the same tags.
    recipe
        Its ``validation.oov_tags`` is the share of tags to leave out, ``validation.oov_steps`` the factor of
        the steps.
    seed, device
        As in :func:`training.siamese.fit.fit_siamese`.
    progress
        Receives the second model's steps.

    Returns
    -------
    rule, measured
        See :func:`choose_oov_rule`.
    """
    oov_tags = draw_oov_tags(training, recipe.validation.oov_tags, seed)
    if not len(oov_tags) or not validation.n_documents:
        return "nearest", {}
    known = np.setdiff1d(np.arange(training.n_tags), oov_tags)
    reduced = training.with_tags(known)
    reduced = reduced.select(np.flatnonzero(np.diff(reduced.matrix.indptr)))
    run = Run(
        on_step=lambda phase, step, steps, loss: progress.run.on_step(
            f"OOV probe, {phase}", step, steps, loss
        ),
        stop=progress.run.stop,
    )
    # The initialisation is not shortened, because both stages depend on its weights.
    shorter = with_scaled_steps(recipe, recipe.validation.oov_steps, initialisation=False)
    model = fit_siamese(reduced, shorter, seed, device, run, progress.on_lda_pass)
    return choose_oov_rule(model.encoder(), training, validation, oov_tags)


def draw_oov_tags(corpus: TagCorpus, share: float, seed: int) -> IndexArray:
    """Draw `share` of the tags on at least `MIN_DOCUMENTS` documents; sorted positions."""
    usable = np.flatnonzero(corpus.document_frequency >= MIN_DOCUMENTS)
    drawn = np.random.default_rng(seed).permutation(usable)[: round(share * len(usable))]
    return np.sort(drawn)


def choose_oov_rule(
    encoder: Encoder, training: TagCorpus, validation: TagCorpus, oov_tags: IndexArray
) -> tuple[OovRule, dict[str, float]]:
    """Query validation documents with tags that an encoder was trained without, under both rules.

    Parameters
    ----------
    encoder
        Trained on `training` without `oov_tags`.
    training, validation
        Documents over all tags; the OOV tags' usage is counted on `training` alone.
    oov_tags
        Positions of the tags left out.

    Returns
    -------
    rule
        The rule of higher average precision; ``nearest`` below `MIN_OOV_QUERIES` queries.
    measured
        Average precision by rule, percent, rounded to 0.01; empty where there were too few queries.
    """
    known = np.setdiff1d(np.arange(training.n_tags), oov_tags)
    contexts = validation.with_tags(known).documents()
    queries = []
    for tag, usage in zip(oov_tags, count_usages(training, oov_tags, known), strict=True):
        holders = np.flatnonzero(validation.matrix[:, [tag]].toarray().ravel())
        if usage.n_documents and len(usage.indices):
            queries += [OovQuery(usage, contexts[row], int(row)) for row in holders if len(contexts[row])]
    if len(queries) < MIN_OOV_QUERIES:
        return "nearest", {}
    found = evaluate_oov(EncoderScorer(encoder), queries)
    measured: dict[str, float] = {
        rule: round(100 * result.metrics["AP"], 2) for rule, result in found.items()
    }
    return ("furthest" if measured["furthest"] > measured["nearest"] else "nearest"), measured
