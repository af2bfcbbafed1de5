from pathlib import Path

import pytest

from models.errors import RecipeError
from training.recipe import load_recipe, recipe_names


def test_every_shipped_siamese_recipe_loads_and_bears_its_name() -> None:
    assert {"lit", "ext"} <= set(recipe_names())
    for name in ("lit", "ext"):
        assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("rho = 0.1", "rho = 0.1\nomega = 3"), "omega"),
        (("rho = 0.1", "rho = 7"), r"loss.rho.*got 7"),
        (("steps = 2500", "steps = -1"), r"stage1.steps.*got -1"),
        (('kappa = "corrected"', 'kappa = "both"'), "loss.kappa"),
        (("[stage1]", "[stage1"), "is not TOML"),
        (("n_topics = 25", 'n_topics = "many"'), "topics.n_topics"),
        (("alpha = 1000.0", "alpha = nan"), "loss.alpha"),
    ],
)
def test_a_recipe_with_a_fault_is_refused_by_key_and_value(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    text = (Path(__file__).parents[3] / "training" / "recipes" / "lit.toml").read_text()
    assert change[0] in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(*change, 1))
    with pytest.raises(RecipeError, match=fault):
        load_recipe(str(path))


def test_an_unknown_recipe_names_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"ext, .*lit"):
        load_recipe("nope")
