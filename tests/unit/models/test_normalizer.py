import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import TagError
from models.normalizer import normalize_tag, respelled


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
        ("R&amp;B", "r&b"),
        ("R&amp;amp;B", "r&b"),
        ("R＆AMP;B", "r&b"),
        ("rock &#39;n&#x27; roll", "rock 'n' roll"),
        ("d&eacute;j&Agrave; vu", "déjà vu"),
        ("R&B; rock&notes; &nosuch; &#;", "r&b; rock&notes; &nosuch; &#;"),
        ("\u200blo-fi\ufeff \u00ad", "lo-fi"),
        ("\u202bעברית\u202c\u200f", "עברית"),
        ("&shy;chill&ZeroWidthSpace;", "chill"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("അവന്\u200d", "അവന്\u200d"),
        ("rock\u200d", "rock"),
        ("\u0601٣", "\u0601٣"),
        ("#chill", "#chill"),
    ],
)
def test_one_spelling_for_all_ways_to_write_a_tag(written: str, tag: str) -> None:
    assert normalize_tag(written) == tag


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u3000",
        "a\x00b",
        "\ud800",
        "x\x1b[0m",
        "a" * 201,
        "\u200b\u2060",
        "&#8203;",
        "\U000e0067\U000e007f",
    ],
)
def test_what_cannot_be_a_tag_is_refused_in_printable_words(text: str) -> None:
    with pytest.raises(TagError) as caught:
        normalize_tag(text)
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")


_AWKWARD = (
    *("&amp;", "&AMP", "amp;", "&#38;", "&#x200B;", "&lt", ";", "＆", "\u200b", "\u200d", "\u094d", "\u0301"),
    *("🏴", "\U000e0067", "\U000e007f", "\u0600", "ﷺ", "ß", "ΐ", "\u0345", "İ", "a", " ", "\t"),
)


@given(st.text(max_size=30) | st.lists(st.sampled_from(_AWKWARD), max_size=12).map("".join))
def test_normalising_twice_changes_nothing(text: str) -> None:
    try:
        tag = normalize_tag(text)
    except TagError:
        return
    assert normalize_tag(tag) == tag
    assert respelled([tag]) == {}


def test_the_length_is_checked_before_anything_else_is_done_to_a_text() -> None:
    composed = "a" + "\u0301\u0316" * 20_000
    with pytest.raises(TagError, match="at most 200 characters; got 40001"):
        normalize_tag(composed)
    assert normalize_tag("e\u0301" * 200) == "é" * 200
    with pytest.raises(TagError, match="at most 200 characters; got 201"):
        normalize_tag("e\u0301" * 201)
