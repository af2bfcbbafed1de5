"""The paper's printed figures, from ``paper.csv`` (Tables 1-3, C.1, C.2, E.1, E.2; percent)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Part = Literal["train", "test"]

TITLES = {
    "random": "Random",
    "cbow": "C-BoW",
    "sg": "SG",
    "lsa": "LSA",
    "lda": "LDA",
    "plsa": "p-LSA",
    "pca": "PCA",
    "rbm": "RBM",
    "infoth": "InfoTh",
    "infoth-search": "InfoTh, 375 settings",
    "crbm": "C-RBM",
    "single-lit": "Single CE",
    "siamese-lit": "Siamese CE",
    "single-prediction": "Single Prediction",
    "siamese-prediction": "Siamese Prediction",
    "siamese-ext": "Siamese CE, recipe EXT",
    "echo": "Echo",
    "popularity": "Popularity",
    "cooccurrence": "Raw co-occurrence",
    "pca-fixed": "PCA (tf, cosine)",
}
"""What tables call the methods."""

COLLECTIONS = {
    "cal500": "CAL500",
    "magtag5k": "MagTag5K",
    "mtat": "MagnaTagATune (50 tags, test and validation parts)",
    "lastfm-hetrec": "Last.fm (HetRec 2011)",
}
"""What headings call the collections."""

TOPICS = {"cal500": 25, "magtag5k": 19}
"""Topics that the paper's hierarchical Dirichlet process found (section 5.1)."""


@dataclass(frozen=True)
class Printed:
    """A figure as the paper prints it: mean and standard deviation over folds, in percent."""

    mean: float
    std: float


def title(method: str) -> str:
    """Return what a table calls a method."""
    architecture, _, rest = method.partition("-")
    order, _, window = rest.partition("-")
    if method not in TITLES and order in ("random", "pseudo") and window:
        setting = "S1" if order == "random" else "S2"
        return f"{ {'cbow': 'C-BoW', 'sg': 'C-SG'}[architecture] } ({setting}), window {window}"
    return TITLES.get(method, method)


def collection_title(name: str) -> str:
    """Return what headings call a collection; its own name where they have no other."""
    return COLLECTIONS.get(name, name)


@cache
def printed() -> dict[tuple[str, str, Part, str], Printed]:
    """Return every printed figure by (table, method, part, metric)."""
    text = (resources.files("training.reports") / "paper.csv").read_text(encoding="utf-8")
    return {
        (row["table"], row["method"], "train" if row["part"] == "train" else "test", row["metric"]): Printed(
            float(row["mean"]), float(row["std"])
        )
        for row in csv.DictReader(text.splitlines())
    }
