"""The recipe of a siamese encoder; `training.recipe` reads it from its file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from training.fitting.recipe_table import Count, Positive, RecipeTable, Share, Steps, Weight


class Topics(RecipeTable):
    """The LDA model: `n_topics` is a number, or "hdp" to estimate it as the paper does."""

    n_topics: Annotated[int, Field(ge=2)] | Literal["hdp"]
    passes: Count
    iterations: Count
    chunksize: Count


class Context(RecipeTable):
    """How a bag of tags becomes context features.

    ``sum`` is Eq. 2: the log-likelihood of all tags. ``mean`` scales every context to the mean length of the
    training documents, so that a context of three tags determines its topics as sharply as a whole document.
    """

    likelihood: Literal["sum", "mean"] = "sum"


class Network(RecipeTable):
    """Widths of the hidden layers; the last one is the embedding.

    With ``balanced_width``, the tag features of a larger vocabulary are scaled down to the weight they have
    in a vocabulary of that size. Without it, thousands of tag features outweigh the few context features.
    """

    hidden: Annotated[tuple[Count, ...], Field(min_length=1, max_length=6)]
    balanced_width: Count | None = None


class Initialisation(RecipeTable):
    """Layer-wise sparse auto-encoders before stage 1; with 0 steps the Xavier initialisation is kept."""

    steps: Steps
    sparsity: Weight
    learning_rate: Positive


class Stage1(RecipeTable):
    """Prediction only (Eq. 3): each step takes as many positive as negative examples."""

    steps: Steps
    pairs: Count
    learning_rate: Positive
    weight_decay: Weight


class Stage2(RecipeTable):
    """Prediction and the siamese loss (Eq. 5) over all pairs of a batch of documents."""

    steps: Steps
    documents: Annotated[int, Field(ge=2)]
    positives: Count
    negatives: Count
    learning_rate: Positive
    weight_decay: Weight


class Loss(RecipeTable):
    """Eqs. 3-5; `training.siamese.losses` says what each weight means."""

    kappa: Literal["corrected", "printed"]
    alpha: Weight
    beta: Positive
    sensitivity: Positive
    rho: Share
    cross_document: Weight = 1.0
    negative_hinge: Positive | None = None
    contrast: Weight = 0.0
    temperature: Positive = 0.3


class Augmentation(RecipeTable):
    """Each step's contexts are random subsets: a tag is kept with probability 1 - drop * u, u ~ U(0, 1)."""

    drop: Share = 0.0


class Validation(RecipeTable):
    """Documents held out to measure the quality and to choose the OOV rule."""

    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.1
    oov_tags: Share = 0.1
    oov_steps: Share = 0.5


class SiameseRecipe(RecipeTable):
    """Everything that decides how a siamese encoder is trained, except the corpus and the seed."""

    name: str
    family: Literal["siamese"]
    description: str
    topics: Topics
    context: Context = Context()
    network: Network
    initialisation: Initialisation
    stage1: Stage1
    stage2: Stage2
    loss: Loss
    augmentation: Augmentation = Augmentation()
    validation: Validation = Validation()


def with_scaled_steps(recipe: SiameseRecipe, scale: float, initialisation: bool = True) -> SiameseRecipe:
    """Return the recipe with the steps of both stages multiplied by `scale`.

    A stage that has steps keeps at least one; a stage of zero steps stays without.

    Parameters
    ----------
    recipe
        The recipe to shorten.
    scale
        Factor, positive.
    initialisation
        Whether the steps of the initialisation are scaled as well.
    """
    tables = ("initialisation", "stage1", "stage2") if initialisation else ("stage1", "stage2")
    scaled = {}
    for name in tables:
        table = getattr(recipe, name)
        steps = max(1, round(table.steps * scale)) if table.steps else 0
        scaled[name] = table.model_copy(update={"steps": steps})
    return recipe.model_copy(update=scaled)
