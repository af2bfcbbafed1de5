import pytest

from models.errors import TagError
from models.normalizer import respelled
from models.vocabulary import Vocabulary


def test_tags_of_the_first_normaliser_are_respelt_where_the_spelling_is_free() -> None:
    old = ["r&amp;b", "soul", "r&b", "\u200bchill", "chill\u2060", "\u200b"]
    assert respelled(old) == {
        "r&amp;b": "r&b",
        "\u200bchill": "chill",
        "chill\u2060": "chill",
        "\u200b": None,
    }
    vocabulary = Vocabulary(old, [1, 2, 3, 4, 5, 6], normalizer=1)
    assert vocabulary.index_to_key == ("r&amp;b", "soul", "r&b", "chill", "chill\u2060", "\u200b")
    assert vocabulary.resolve("R&amp;B").index == 2, "the spelling is taken, and its owner answers for both"
    assert vocabulary.resolve("Chill\u2060").index == 3
    with pytest.raises(TagError, match="not normalised"):
        Vocabulary(old, [1, 2, 3, 4, 5, 6])
    with pytest.raises(TagError, match="not normalised"):
        Vocabulary(["Soul"], [1], normalizer=1)


def test_resolution_tries_the_exact_tag_then_other_separators_then_gives_up() -> None:
    vocabulary = Vocabulary(["hip-hop", "hip hop", "hiphop!", "trip-hop"], [5, 9, 1, 3])
    assert vocabulary.resolve("Hip-Hop").index == 0
    assert vocabulary.resolve("HipHop").index == 1, "other spellings resolve to the most used one"
    assert vocabulary.resolve("trip hop").step == "separator"
    unknown = vocabulary.resolve("Vapor Wave")
    assert (unknown.tag, unknown.index, unknown.step) == ("vapor wave", None, "oov")


@pytest.mark.parametrize(
    ("tags", "counts"), [(["a", "a"], [1, 1]), (["A"], [1]), (["a"], [1, 2]), ([" a"], [1])]
)
def test_a_vocabulary_refuses_what_is_not_one(tags: list[str], counts: list[int]) -> None:
    with pytest.raises(TagError):
        Vocabulary(tags, counts)
