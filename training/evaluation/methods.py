"""The registry of methods, by the name used in tables and on the command line.

Each entry names the class of a method and its options. A module is imported when one of its methods is
created, so that methods without a network do not import torch.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from models.errors import EvaluationError
from training.baselines.method import Method
from training.fitting.linear_solver import NEIGHBOURS

WEIGHTINGS = ("tf", "tfidf", "pmi")
AGGREGATIONS = ("dot", "cosine", "kl", "hellinger", "mi")


@dataclass(frozen=True)
class MethodEntry:
    """The class and the options of a registered method.

    Attributes
    ----------
    factory
        ``module:class``.
    options
        Keyword arguments of the class.
    family
        Methods of one family share an expensive part (a trained network, a topic model) that is cached in the
        process; they are evaluated one after the other in the same process.
    """

    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)
    family: str | None = None


# Penalty and dropout that EDLAE chooses from on validation documents.
EDLAE_GRID = tuple((l2, dropout) for dropout in (0.7, 0.5, 0.85) for l2 in (30.0, 5.0, 150.0))
_COMPLETION = "training.baselines.completion:CompletionMethod"
_SELECTED = "training.evaluation.selection:Selected"
_WORD2VEC = "training.baselines.word2vec:Word2Vec"
_SIAMESE = "training.baselines.siamese:Siamese"
_DISTANCES = ("cosine", "euclidean")

METHODS: dict[str, MethodEntry] = {
    # Baselines that the paper does not report.
    "random": MethodEntry("training.baselines.chance:Chance"),
    "echo": MethodEntry("training.baselines.echo:Echo"),
    "popularity": MethodEntry("training.baselines.popularity:Popularity"),
    "cooccurrence": MethodEntry("training.baselines.cooccurrence:Cooccurrence"),
    # The paper's Tables 1 and 2. LSA and PCA choose among the supplement's settings on validation
    # documents; names in "-fixed" have fixed options.
    "cbow": MethodEntry(_WORD2VEC, {"architecture": "cbow", "window": 1}),
    "sg": MethodEntry(_WORD2VEC, {"architecture": "sg", "window": 2}),
    "lsa": MethodEntry(
        _SELECTED,
        {
            "factory": "training.baselines.lsa:Lsa",
            "grid": {"weighting": WEIGHTINGS, "distance": _DISTANCES},
        },
    ),
    "lsa-fixed": MethodEntry("training.baselines.lsa:Lsa"),
    "lda": MethodEntry("training.baselines.lda:Lda", family="siamese"),
    "plsa": MethodEntry("training.baselines.plsa:Plsa"),
    "pca": MethodEntry(
        _SELECTED,
        {
            "factory": "training.baselines.pca:Pca",
            "grid": {"weighting": WEIGHTINGS, "aggregation": AGGREGATIONS, "distance": _DISTANCES},
        },
    ),
    "pca-fixed": MethodEntry("training.baselines.pca:Pca"),
    "rbm": MethodEntry("training.baselines.rbm:Rbm"),
    "infoth": MethodEntry("training.baselines.infoth:InfoTheoreticSmoothing"),
    "infoth-search": MethodEntry(
        _SELECTED,
        {
            "factory": "training.baselines.infoth:InfoTheoreticSmoothing",
            "grid": {
                "weighting": WEIGHTINGS,
                "aggregation": AGGREGATIONS,
                "k": (1, 3, 5, 7, 9),
                "alpha": (0.1, 0.2, 0.3, 0.4, 0.5),
                "distance": ("mi", *_DISTANCES),
            },
        },
    ),
    "crbm": MethodEntry("training.baselines.crbm:ConditionalRbm"),
    "ease": MethodEntry("training.baselines.linear:Ease"),
    # The published penalties of CAL500, MagnaTagATune and Last.fm, to compare with published figures.
    "ease-300": MethodEntry("training.baselines.linear:Ease", {"l2": (300.0,)}),
    "ease-10": MethodEntry("training.baselines.linear:Ease", {"l2": (10.0,)}),
    "ease-30": MethodEntry("training.baselines.linear:Ease", {"l2": (30.0,)}),
    "edlae": MethodEntry("training.baselines.linear:Edlae", {"settings": EDLAE_GRID}),
    "edlae-30-.7": MethodEntry("training.baselines.linear:Edlae", {"settings": ((30.0, 0.7),)}),
    "edlae-30-.5": MethodEntry("training.baselines.linear:Edlae", {"settings": ((30.0, 0.5),)}),
    "completion": MethodEntry(_COMPLETION),
    "completion-a": MethodEntry(_COMPLETION, {"recipe": "completion", "towers": {"variant": "a"}}),
    # Solved column by column, as in large vocabularies; compare with "edlae-30-.7", solved exactly.
    "edlae-sparse": MethodEntry("training.baselines.linear:Edlae", {"neighbours": NEIGHBOURS}),
    "conditional": MethodEntry("training.baselines.conditional:Conditional"),
    "cosine": MethodEntry("training.baselines.neighbours:Cosine"),
    "lsa-context": MethodEntry("training.baselines.lsa_context:LsaContext"),
    "item-knn": MethodEntry("training.baselines.neighbours:ItemKnn"),
    "naive-bayes": MethodEntry("training.baselines.naive_bayes:NaiveBayes"),
    "word2vec-in-out": MethodEntry("training.baselines.in_out:InOut"),
    "mult-vae": MethodEntry("training.baselines.mult_vae:MultVae"),
    # Needs the extra "peers".
    "text-embedding": MethodEntry("training.baselines.text_embedding:TextEmbedding"),
    "text-embedding-context": MethodEntry(
        "training.baselines.text_embedding:TextEmbedding", {"with_context": True}
    ),
    "single-lit": MethodEntry(_SIAMESE, {"stage": "single"}, family="siamese"),
    "siamese-lit": MethodEntry(_SIAMESE, family="siamese"),
    "single-prediction": MethodEntry(
        _SIAMESE, {"stage": "single", "reading": "prediction"}, family="siamese"
    ),
    "siamese-prediction": MethodEntry(_SIAMESE, {"reading": "prediction"}, family="siamese"),
    # Beyond the paper.
    "siamese-ext": MethodEntry(_SIAMESE, {"recipe": "ext"}, family="siamese"),
    # Tables E.1 and E.2: ARCHITECTURE-ORDER-WINDOW, settings S1 (random order) and S2 (pseudo-order).
    **{
        f"{architecture}-{order}-{window}": MethodEntry(
            _WORD2VEC, {"architecture": architecture, "order": order, "window": window}
        )
        for architecture in ("cbow", "sg")
        for order in ("random", "pseudo")
        for window in (1, 2, 3, 4)
    },
}

_MAGTAG5K: Mapping[str, Mapping[str, Any]] = {
    "cbow": {"window": 2},
    "sg": {"window": 1},
    "lda": {"n_topics": 19},
    "plsa": {"n_topics": 19},
    "infoth": {"aggregation": "cosine", "alpha": 0.2},
    **{
        name: {"n_topics": 19}
        for name in ("single-lit", "siamese-lit", "single-prediction", "siamese-prediction", "siamese-ext")
    },
}
CORPUS_OPTIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {"magtag5k": _MAGTAG5K, "mtat": _MAGTAG5K}
"""The options that the paper found for MagTag5K, its second collection; MagnaTagATune takes the same."""


def entry(name: str) -> MethodEntry:
    """Return the entry of the method `name`; EvaluationError with the known names if there is none."""
    try:
        return METHODS[name]
    except KeyError:
        raise EvaluationError(f"method {name!r} is unknown; known: {', '.join(METHODS)}") from None


def definition(name: str, corpus: str | None = None) -> str:
    """Return everything registered that determines a method's results, including the text of its recipe."""
    found = entry(name)
    options = {**found.options, **CORPUS_OPTIONS.get(corpus or "", {}).get(name, {})}
    recipes = resources.files("training") / "recipes"
    usual = "completion" if found.factory == _COMPLETION else "lit"
    recipe = recipes / f"{options.get('recipe', usual)}.toml"
    trained = found.family == "siamese" or found.factory == _COMPLETION
    text = recipe.read_text(encoding="utf-8") if trained and recipe.is_file() else ""
    return json.dumps([found.factory, options, text], sort_keys=True, default=repr)


def create(name: str, corpus: str | None = None, **options: Any) -> Method:
    """Create the untrained method `name`.

    `options` override those for the collection `corpus`, which override the registered ones.
    """
    found = entry(name)
    for_corpus = CORPUS_OPTIONS.get(corpus or "", {}).get(name, {})
    module, _, attribute = found.factory.partition(":")
    factory = getattr(importlib.import_module(module), attribute)
    method: Method = factory(**{**found.options, **for_corpus, **options})
    return method
