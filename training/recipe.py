"""Training recipes: named, readable TOML files; an unknown key is an error."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import RecipeError
from training.completion.recipe import CompletionRecipe

Count = Annotated[int, Field(ge=1)]
Steps = Annotated[int, Field(ge=0)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topics(_Table):
    """The LDA model: `n_topics` is a number, or "hdp" to seek it as the paper does."""

    n_topics: Annotated[int, Field(ge=2)] | Literal["hdp"]
    passes: Count
    iterations: Count
    chunksize: Count


class Context(_Table):
    """How a bag of tags becomes context features.

    ``sum`` is Eq. 2: the log-likelihood of all tags. ``mean`` counts every context as one of the mean
    training length, so that a context of three tags is as telling as a whole document.
    """

    likelihood: Literal["sum", "mean"] = "sum"


class Network(_Table):
    """Widths of the hidden layers; the last is the embedding.

    With ``balanced_width``, tag features of larger vocabularies are scaled down to the weight they have
    in one of that size; without, thousands of tag features drown the few of the context.
    """

    hidden: Annotated[tuple[Count, ...], Field(min_length=1, max_length=6)]
    balanced_width: Count | None = None


class Initialisation(_Table):
    """Layer-wise sparse auto-encoders before stage 1; 0 steps leaves Xavier's weights."""

    steps: Steps
    sparsity: Weight
    learning_rate: Positive


class Stage1(_Table):
    """Prediction only (Eq. 3): each step takes as many positive as negative examples."""

    steps: Steps
    pairs: Count
    learning_rate: Positive
    weight_decay: Weight


class Stage2(_Table):
    """Prediction and the siamese loss (Eq. 5) over all pairs of a batch of documents."""

    steps: Steps
    documents: Annotated[int, Field(ge=2)]
    positives: Count
    negatives: Count
    learning_rate: Positive
    weight_decay: Weight


class Loss(_Table):
    """Eqs. 3-5; see training/losses.py for what each weight means."""

    kappa: Literal["corrected", "printed"]
    alpha: Weight
    beta: Positive
    sensitivity: Positive
    rho: Share
    cross_document: Weight = 1.0
    negative_hinge: Positive | None = None
    contrast: Weight = 0.0
    temperature: Positive = 0.3


class Augmentation(_Table):
    """Each step's contexts are random subsets: tags are kept with probability 1 - drop * u, u ~ U(0, 1)."""

    drop: Share = 0.0


class Validation(_Table):
    """Documents held out to measure quality and to choose the OOV rule."""

    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.1
    oov_tags: Share = 0.1
    oov_steps: Share = 0.5


class Recipe(_Table):
    """Everything that decides how a siamese encoder is trained, but for the corpus and the seed."""

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


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with Tagprime."""
    folder = resources.files("training") / "recipes"
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load_siamese_recipe(name: str) -> Recipe:
    """Read a recipe of the siamese family; RecipeError for any other, as `load_recipe`."""
    recipe = load_recipe(name)
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"recipe {name} is of the {recipe.family} family; a siamese one is needed")
    return recipe


def load_recipe(name: str) -> Recipe | CompletionRecipe:
    """Read a recipe by its name, or from a path that ends in .toml.

    Raises
    ------
    RecipeError
        If there is no such recipe, it is not TOML, or a key is unknown, missing or out of range; the
        message names the file, the key and the value.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise RecipeError(f"recipe file {name} does not exist")
        text = path.read_text(encoding="utf-8")
    elif name in recipe_names():
        text = (resources.files("training") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        raise RecipeError(
            f"there is no recipe {name!r}; known: {', '.join(recipe_names())}, or the path of a .toml file"
        )
    try:
        content = tomllib.loads(text)
        kind = CompletionRecipe if content.get("family") == "completion" else Recipe
        return kind.model_validate(content)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name} is not TOML: {error}") from None
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} (got {fault['input']!r})"
            for fault in error.errors(include_url=False)
        )
        raise RecipeError(f"recipe {name}: " + "; ".join(faults)) from None
