"""Fits one fold for the figures that look at embeddings, and projects them to two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE

from models.errors import EvaluationError
from models.normalizer import normalize_tag
from models.types import FloatArray, IndexArray
from training.baselines.embedding import TagEmbedding
from training.baselines.lda import Lda
from training.baselines.siamese import Siamese
from training.corpus import TagCorpus
from training.evaluation.methods import create
from training.evaluation.selection import Selected
from training.reports import figures
from training.reports.figures import Cluster

METHODS = ("siamese-lit", "single-lit", "siamese-ext", "lda", "pca", "sg", "cbow")
"""What the figures are drawn from."""

MAX_INSTANCES = 500
N_CLUSTERS = 3
N_DOCUMENTS = 4


@dataclass(frozen=True)
class Choice:
    """What figures 3 and D.1 look at.

    Attributes
    ----------
    tag
        Position of the tag of figures 3a and 3b.
    document
        Row of the document of figure D.1.
    """

    tag: int
    document: int


def choose(corpus: TagCorpus, tag: str | None, document: str | None) -> Choice:
    """Resolve names; by default a guitar tag and "Sweat Machine" as in the paper, else typical ones.

    Raises
    ------
    EvaluationError
        If a name is not in the collection.
    """
    if tag is None:
        guitars = [i for i, key in enumerate(corpus.index_to_key) if "guitar" in key]
        among = guitars or list(range(corpus.n_tags))
        position = max(among, key=lambda i: corpus.document_frequency[i])
    elif (key := normalize_tag(tag)) in corpus.vocabulary:
        position = corpus.vocabulary.key_to_index[key]
    else:
        raise EvaluationError(f"{tag!r} is no tag of {corpus.name}")
    wanted = document or "sweat_machine"
    rows = [row for row, name in enumerate(corpus.document_ids) if wanted in name]
    if document is not None and not rows:
        raise EvaluationError(f"no document of {corpus.name} is called {document!r}")
    sizes = np.diff(corpus.matrix.indptr)
    typical = int(np.argmin(np.abs(sizes - np.quantile(sizes, 0.6))))
    return Choice(position, rows[0] if rows else typical)


def draw(corpus: TagCorpus, training: TagCorpus, choice: Choice, seed: int) -> dict[str, str]:
    """Fit the embeddings on the training documents of one fold and draw figures 3a, 3b, D.1 and the losses.

    Returns
    -------
    dict
        SVG by figure name.
    """
    siamese = create("siamese-lit", corpus.name).fit(training, seed)
    if not isinstance(siamese, Siamese):
        raise EvaluationError("the registered siamese-lit is not the paper's model")
    drawn = _instances(corpus, siamese, choice, seed)
    drawn["D.1"] = _one_context(corpus, training, siamese, choice, seed)
    drawn["learning"] = figures.learning_curves(siamese.losses)
    return drawn


def _instances(corpus: TagCorpus, siamese: Siamese, choice: Choice, seed: int) -> dict[str, str]:
    rng = np.random.default_rng(seed)
    documents = corpus.documents()
    holders = [row for row, tags in enumerate(documents) if choice.tag in tags]
    if len(holders) > MAX_INSTANCES:
        holders = sorted(rng.permutation(holders)[:MAX_INSTANCES].tolist())
    instances = siamese.embed([choice.tag] * len(holders), [documents[row] for row in holders])
    chosen = sorted(rng.permutation(holders)[:N_DOCUMENTS].tolist())
    others = [(row, documents[row][documents[row] != choice.tag]) for row in chosen]
    companions = [siamese.embed(list(tags.tolist()), [documents[row]] * len(tags)) for row, tags in others]
    points = project(np.concatenate([instances, *companions]), seed)
    shaded, rest = points[: len(holders)], points[len(holders) :]
    pieces = np.split(rest, np.cumsum([len(piece) for piece in companions])[:-1])
    name = _shown(corpus.index_to_key[choice.tag])
    clusters = _clusters(instances, [documents[row] for row in holders], corpus, choice.tag, seed)
    titles = [_shown(corpus.document_ids[row]) for row in chosen]
    return {
        "3a": figures.tag_instances(shaded, clusters, name),
        "3b": figures.tag_in_documents(shaded, pieces, name, titles),
    }


def _clusters(
    vectors: FloatArray, documents: Sequence[IndexArray], corpus: TagCorpus, tag: int, seed: int
) -> list[Cluster]:
    """Cluster instances and name each cluster by the tags most over-represented in its documents."""
    held = np.zeros((len(documents), corpus.n_tags))
    for row, tags in enumerate(documents):
        held[row, tags] = 1
    n_clusters = min(N_CLUSTERS, len(documents))
    labels = KMeans(n_clusters, n_init=4, random_state=seed).fit(vectors).labels_
    clusters = []
    for label in range(n_clusters):
        rows = np.flatnonzero(labels == label)
        excess = held[rows].mean(axis=0) - held.mean(axis=0)
        excess[tag] = -np.inf
        marks = [_shown(corpus.index_to_key[i]) for i in np.argsort(-excess)[:3]]
        clusters.append(Cluster(rows, f"{', '.join(marks)} ({len(rows)})"))
    return clusters


def _one_context(corpus: TagCorpus, training: TagCorpus, siamese: Siamese, choice: Choice, seed: int) -> str:
    context = corpus.documents()[choice.document]
    related = np.isin(np.arange(corpus.n_tags), context)
    single = create("single-lit", corpus.name).fit(training, seed)
    extended = create("siamese-ext", corpus.name).fit(training, seed)
    lda = create("lda", corpus.name).fit(training, seed)
    spaces: dict[str, FloatArray] = {}
    for name, registered in (("PCA", "pca"), ("C-SG", "sg"), ("C-BoW", "cbow")):
        fitted = create(registered, corpus.name).fit(training, seed)
        inner = fitted.method if isinstance(fitted, Selected) else fitted
        if isinstance(inner, TagEmbedding):
            spaces[name] = np.asarray(inner.vectors)
    if isinstance(lda, Lda):
        spaces["LDA"] = lda.in_context(context)
    networks = {"Single CE": single, "Siamese CE": siamese, "Siamese CE, recipe EXT": extended}
    for name, contextual in networks.items():
        if isinstance(contextual, Siamese):
            spaces[name] = contextual.in_context(context)
    projected = {name: project(vectors, seed) for name, vectors in spaces.items()}
    return figures.one_context(projected, related, _shown(corpus.document_ids[choice.document]))


def project(vectors: FloatArray, seed: int) -> FloatArray:
    """Return t-SNE coordinates, shape (n, 2); seeded."""
    perplexity = min(30.0, max(2.0, (len(vectors) - 1) / 4))
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    return np.asarray(tsne.fit_transform(np.asarray(vectors, dtype=np.float64)))


def _shown(name: str) -> str:
    """Return a tag or a document's name without the underscores of its file."""
    return name.replace("_-_", ": ").replace("_", " ")
