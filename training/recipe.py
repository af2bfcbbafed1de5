"""Reading training recipes of both families: TOML files in which an unknown key is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from models.errors import RecipeError
from training.completion.recipe import CompletionRecipe
from training.siamese.recipe import SiameseRecipe

Recipe = SiameseRecipe | CompletionRecipe
R = TypeVar("R", SiameseRecipe, CompletionRecipe)

RECIPES: Mapping[str, type[Recipe]] = {"siamese": SiameseRecipe, "completion": CompletionRecipe}
"""The class of a family's recipes, by the family's name."""


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with Tagprime."""
    folder = resources.files("training") / "recipes"
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load_recipe(name: str) -> Recipe:
    """Read a recipe by its name, or from a path that ends in .toml.

    Raises
    ------
    RecipeError
        If there is no such recipe, it is not TOML, or a key is unknown, missing or out of range; the
        message names the file, the key and the value.
    """
    try:
        content = tomllib.loads(_text(name))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name} is not TOML: {error}") from None
    family = str(content.get("family"))
    if family not in RECIPES:
        raise RecipeError(f"recipe {name}: family is {family!r}; known: {', '.join(RECIPES)}")
    try:
        return RECIPES[family].model_validate(content)
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} (got {fault['input']!r})"
            for fault in error.errors(include_url=False)
        )
        raise RecipeError(f"recipe {name}: " + "; ".join(faults)) from None


def load_recipe_of(kind: type[R], name: str) -> R:
    """Read a recipe as `load_recipe` does; RecipeError if it is of another family than `kind`."""
    recipe = load_recipe(name)
    if not isinstance(recipe, kind):
        wanted = next(family for family, known in RECIPES.items() if known is kind)
        raise RecipeError(f"recipe {name} is of the {recipe.family} family; a {wanted} one is needed")
    return recipe


def _text(name: str) -> str:
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise RecipeError(f"recipe file {name} does not exist")
        return path.read_text(encoding="utf-8")
    if name in recipe_names():
        return (resources.files("training") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    raise RecipeError(
        f"there is no recipe {name!r}; known: {', '.join(recipe_names())}, or the path of a .toml file"
    )
