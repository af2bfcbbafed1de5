import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import TagError
from models.vocabulary import Vocabulary, normalize_tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("Hip Hop", "hip hop"),
        ("  hip \t hop \n", "hip hop"),
        ("ｌｏ－ｆｉ", "lo-fi"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("Beyonce\u0301", "beyonc\u00e9"),
        ("r'n'b", "r'n'b"),
        ("AC/DC", "ac/dc"),
    ],
)
def test_one_spelling_for_all_ways_to_write_a_tag(written: str, tag: str) -> None:
    assert normalize_tag(written) == tag


@pytest.mark.parametrize("text", ["", "   ", "\u3000", "a\x00b", "\ud800", "x\x1b[0m", "a" * 201])
def test_what_cannot_be_a_tag_is_refused_in_printable_words(text: str) -> None:
    with pytest.raises(TagError) as caught:
        normalize_tag(text)
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    try:
        tag = normalize_tag(text)
    except TagError:
        return
    assert normalize_tag(tag) == tag


def test_resolution_tries_the_exact_tag_then_other_separators_then_gives_up() -> None:
    vocabulary = Vocabulary(["hip-hop", "hip hop", "hiphop!", "trip-hop"], [5, 9, 1, 3])
    assert vocabulary.resolve("Hip-Hop").index == 0
    assert vocabulary.resolve("HipHop").index == 1, "the most used spelling speaks for the others"
    assert vocabulary.resolve("trip hop").step == "separator"
    unknown = vocabulary.resolve("Vapor Wave")
    assert (unknown.tag, unknown.index, unknown.step) == ("vapor wave", None, "oov")


@pytest.mark.parametrize(
    ("tags", "counts"), [(["a", "a"], [1, 1]), (["A"], [1]), (["a"], [1, 2]), ([" a"], [1])]
)
def test_a_vocabulary_refuses_what_is_not_one(tags: list[str], counts: list[int]) -> None:
    with pytest.raises(TagError):
        Vocabulary(tags, counts)
