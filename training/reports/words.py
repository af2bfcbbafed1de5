"""The report's sentences: comparison with simple baselines, figures that do not reproduce, and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.protocols.oov import RULES
from training.reports.paper import title
from training.reports.tables import Table

REASONS = {
    "cbow": "The paper names neither epochs, learning rate nor sub-sampling of its word2vec runs; ours "
    "trains for 200 epochs.",
    "sg": "As for C-BoW: the paper does not say how long it trained; trained for fewer epochs, ours comes "
    "closer to the paper's.",
    "lsa": "The paper does not say how many singular vectors it keeps; ours keeps 10, as many as every other "
    "embedding of the table has dimensions, and chooses weighting and distance on validation documents.",
    "lda": "Passes and hyper-parameters of the paper's LDA are unknown; ours is fitted with 60 passes.",
    "plsa": "Number of aspects and stopping rule are not given; ours has as many aspects as LDA has topics.",
    "pca": "The setting is chosen on validation documents here; the paper printed the best of thirty.",
    "rbm": "The paper gives neither hidden units nor training length. Ours starts from the tags' log odds "
    "(Hinton, 2010), which makes it find frequent tags at once; the paper's may not have.",
    "crbm": "As for the RBM; the one-hot condition acts on the hidden units here.",
    "infoth": "The smoothing formula is our reading of the supplement, which gives only grid and measures.",
    "siamese-prediction": "Unknown: in our runs stage 2 costs the output layer far less than in the paper.",
}
LANGUAGE_REASON = (
    "The paper's four S2 windows are identical to the last digit on CAL500, so it is unclear what was run; "
    "epochs and sub-sampling are not given. In ours the window matters."
)


def honest_sentence(result: Mapping[str, Any]) -> str:
    """Return, with numbers, how the paper's model stands to the two baselines that the paper leaves out.

    Empty where one of the three was not run.
    """
    methods = result["methods"]
    if any(name not in methods for name in ("siamese-lit", "popularity", "cooccurrence")):
        return ""
    metric = next(name for name in methods["popularity"] if name.startswith("MAP@"))
    metrics = ("P@2", "P@5", "P@10", metric)

    def reached(name: str) -> list[float]:
        return [float(methods[name][key]["mean"]) for key in metrics]

    def printed(name: str) -> str:
        return " / ".join(f"{value:.1f}" for value in reached(name))

    def behind(name: str) -> str:
        count = sum(ours < theirs for ours, theirs in zip(reached("siamese-lit"), reached(name), strict=True))
        return "on none" if not count else f"on {count}" if count < len(metrics) else "on all"

    text = (
        f"By its own protocol and metrics (test @2 / @5 / @10 / {metric}), the paper's Siamese CE reaches "
        f"{printed('siamese-lit')}. Of these four it is behind a list of the most popular tags "
        f"{behind('popularity')} ({printed('popularity')}) and behind a row of raw co-occurrence counts "
        f"{behind('cooccurrence')} ({printed('cooccurrence')}): two baselines that the paper leaves out."
    )
    if "siamese-ext" in methods:
        text += f" Recipe EXT, which goes beyond the paper, reaches {printed('siamese-ext')}."
    if "echo" in methods:
        text += (
            " The protocol also hands every method the answer with the question: echo, which returns the "
            f"query and then its context, scores {printed('echo')}."
        )
    return text


def honest_oov_sentence(result: Mapping[str, Any]) -> str:
    """Return, with numbers, how the networks stand to raw co-occurrence on tags outside the vocabulary.

    Empty where they were not run.
    """
    methods = result["methods"]
    if any(name not in methods for name in ("siamese-lit", "cooccurrence")):
        return ""

    def printed(name: str) -> str:
        rules = {rule: [methods[name][f"{rule} P@{k}"]["mean"] for k in (1, 2, 5, 10)] for rule in RULES}
        better = max(rules, key=lambda rule: sum(rules[rule]))
        figures = " / ".join(f"{value:.1f}" for value in rules[better])
        return f"{figures} ({better} rule)"

    networks = [name for name in ("siamese-lit", "siamese-ext") if name in methods]
    reached = ", ".join(f"{title(name)} {printed(name)}" for name in networks)
    return (
        f"For tags outside the vocabulary (@1 / @2 / @5 / @10, each by its better rule): {reached}, raw "
        f"co-occurrence {printed('cooccurrence')}."
    )


def deviations(tables: Sequence[Table]) -> list[str]:
    """Return sentences on methods whose test figures leave the paper's band, a reason once a table."""
    sentences = []
    for table in tables:
        by_reason: dict[str, list[str]] = {}
        known = LANGUAGE_REASON if table.number.startswith("E") else "The reason is unknown."
        for row in table.part("test"):
            outside = [figure for figure in row.figures if figure.verdict in ("above", "below")]
            if outside:
                where = " and ".join(sorted({figure.verdict for figure in outside}))
                figures = ", ".join(
                    f"{figure.metric} {figure.mean:.1f} for {figure.paper.mean:.1f}"
                    for figure in outside
                    if figure.paper is not None
                )
                difference = f"{title(row.method)} comes out {where} ({figures})"
                by_reason.setdefault(REASONS.get(row.method, known), []).append(difference)
        sentences += [
            f"Table {table.number}: {'; '.join(found)}. {reason}" for reason, found in by_reason.items()
        ]
    return sentences
