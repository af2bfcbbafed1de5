"""Tables and JSON with columns, keys, separators, encodings and weights of their owner's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.catalogues.account import Account
from models.catalogues.cleaning import Cleaning
from models.catalogues.document import Document
from models.catalogues.fields import Fields
from models.catalogues.reading import Reading, open_catalogue
from models.catalogues.records import Fault
from models.errors import CorpusError
from tests import catalogue_files


def read(path: Path, **fields: object) -> list[Document | Fault]:
    reading = Reading(fields=Fields(**fields))  # type: ignore[arg-type]
    return [item for _, item in open_catalogue(path, reading).scan()]


WRITTEN = [
    ("id,tag,weight\na,rock,5\na,pop,\nb,rock,0.5\n", {}),
    ("id,tag,count\na,rock,5\na,pop,1\nb,rock,0.5\n", {}),
    ("id\ttag\tplays\na\trock\t5\na\tpop\t1\nb\trock\t0.5\n", {"weight": "plays"}),
    ("id;tags;weights\na;rock|pop;5|1\nb;rock;0.5\n", {}),
    ("id,tags,plays\na,rock/pop,5/1\nb,rock,0.5\n", {"weight": "plays", "delimiter": "/"}),
    ('id,tags\na,"{""rock"": 5, ""pop"": 1}"\nb,"[[""rock"", ""0.5""]]"\n', {}),
    ("id,tags\na,\"[('rock', 5), ('pop', 1)]\"\nb,\"{'rock': 0.5}\"\n", {}),
    ("track;genre;n\na;rock;5\nb;rock;0.5\na;pop;1\n", {"id": "track", "tags": ("genre",), "weight": "n"}),
    (
        '{"id": "a", "tags": {"rock": 5, "pop": 1}}\n{"id": "b", "tags": [{"tag": "rock", "score": ".5"}]}\n',
        {},
    ),
    (
        '[{"t": {"id": "a", "by": [["rock", "5"], "pop"]}},\n{"t": {"id": "b", "by": {"rock": 0.5}}}]',
        {"id": "t.id", "tags": ("t.by",)},
    ),
]


@pytest.mark.parametrize(("content", "fields"), WRITTEN, ids=range(len(WRITTEN)))
def test_weights_may_stand_in_every_shape(content: str, fields: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_text(content)
    if "n" in fields.values():
        fields = fields | {"long": True}
    assert read(path, **fields) == [
        Document("a", ("rock", "pop"), None, (5.0, 1.0)),
        Document("b", ("rock",), None, (0.5,)),
    ]


def test_weights_of_one_tag_add_up_and_what_weighs_nothing_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "a", "tags": [["Rock", 2], ["rock", 3], ["pop", 0], ["polka", -1], "ROCK"]}\n')
    account = Account()
    assert [item for _, item in open_catalogue(path).scan(account)] == [
        Document("a", ("rock",), None, (5.0,))
    ]
    assert account.dropped == {"tags that weigh 0 or less": 2}
    assert account.merged == 2


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ('[["rock", "much"]]', "the weight of 'rock' must be a finite number; got '\"much\"'"),
        ('{"rock": true}', "the weight of 'rock' must be a finite number; got 'true'"),
        ('[{"name": "rock", "count": 1e999}]', "the weight of 'rock' must be a finite number"),
        ('[{"label": "rock"}]', 'tag 1 must be text, {"name", "weight"} or [name, weight]'),
        ('["rock", "pop", [1, 2]]', "tag 3 must be text"),
    ],
)
def test_a_weight_that_is_none_is_told_with_its_tag(tags: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(f'{{"id": "a", "tags": {tags}}}\n')
    (fault,) = read(path)
    assert isinstance(fault, Fault)
    assert said in fault.message


def test_filters_keep_the_tags_that_weigh_most_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "a", "tags": {"rock": 2, "pop": 9, "jazz": 4, "polka": 1, "folk": 4}}\n')
    account = Account()
    reading = Reading(cleaning=Cleaning(min_weight=2, top=2))
    assert [item for _, item in open_catalogue(path, reading).scan(account)] == [
        Document("a", ("pop", "jazz"), None, (9.0, 4.0))
    ]
    assert account.dropped == {"tags that weigh less than 2": 1, "tags beyond the 2 that weigh most": 2}


@pytest.mark.parametrize(("least", "top"), [(-1, None), (float("nan"), None), (0, 0)])
def test_filters_out_of_range_are_refused(least: float, top: int | None) -> None:
    with pytest.raises(CorpusError, match="must be"):
        Cleaning(min_weight=least, top=top)


TABLE = "id\ttags\tgroup\r\na\tCafé|Rock\tx\r\nb\tpop\ty\r\n"
DOCUMENTS = [Document("a", ("café", "rock"), "x"), Document("b", ("pop",), "y")]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode("utf-16"), None),  # what spreadsheets call Unicode text
        (TABLE.encode("utf-8-sig"), None),
        (TABLE.encode("cp1252"), "cp1252"),
        (TABLE.encode("utf-16-le"), "utf-16"),
        (("sep=\t\r\n" + TABLE).encode(), None),
        (TABLE.replace("\t", ";").encode(), None),
        (TABLE.replace("\t", ",").encode(), None),
    ],
    ids=range(7),
)
def test_tables_of_spreadsheets_are_read(content: bytes, encoding: str | None, tmp_path: Path) -> None:
    path = tmp_path / "sheet.txt"
    path.write_bytes(content)
    assert read(path, encoding=encoding) == DOCUMENTS


def test_text_in_another_encoding_is_told_with_the_option_for_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(TABLE.encode("cp1252"))
    first, second = read(path)
    assert isinstance(first, Fault)
    assert "not UTF-8 (--encoding says what it is)" in first.message
    assert second == DOCUMENTS[1]
    with pytest.raises(CorpusError, match="there is no text encoding 'klingon'"):
        read(path, encoding="klingon")


def test_rows_without_anything_in_them_are_no_fault(tmp_path: Path) -> None:
    path = catalogue_files.semicolon_table(tmp_path)
    assert read(path) == [
        Document("a", ("rock", "pop"), "x", (3.0, 2.0)),
        Document("b", ("café",), "y"),
    ]


def test_a_table_that_is_given_as_jsonl_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("id,tags\na,rock|pop\n")
    with pytest.raises(
        CorpusError, match="was to be read as jsonl, but is csv: its header names the columns"
    ):
        open_catalogue(path, Reading("jsonl"))
    # What is recognised counts for more than the suffix.
    assert read(path) == [Document("a", ("rock", "pop"))]


@pytest.mark.parametrize(
    "fields", [{"id": "name"}, {"tags": ("labels",)}, {"group": "artist"}, {"weight": "n"}]
)
def test_a_field_that_is_not_there_is_named(fields: dict[str, object], tmp_path: Path) -> None:
    (name,) = (value if isinstance(value, str) else value[0] for value in fields.values())  # type: ignore[index]
    path = tmp_path / "own.csv"
    path.write_text("id,tags\na,rock\n")
    with_table = [item for _, item in open_catalogue(path, Reading("csv", Fields(**fields))).scan()]  # type: ignore[arg-type]
    assert isinstance(with_table[0], Fault)
    assert f"0 columns are called '{name}'" in with_table[0].message
    if "weight" not in fields:
        path.write_text('{"id": "a", "tags": ["rock"]}\n')
        (fault,) = read(path, **fields)
        assert isinstance(fault, Fault)
        assert f'"{name}" is missing' in fault.message


def test_several_fields_of_tags_are_read_and_counted_apart(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    record = {"id": 1, "genre": "Rock; Pop", "moods": ["happy"], "by": [{"name": "Band"}]}
    path.write_text(json.dumps(record) + "\n")
    account = Account()
    fields = Fields(tags=("genre", "moods"), group="by.0.name")
    assert [item for _, item in open_catalogue(path, Reading(fields=fields)).scan(account)] == [
        Document("1", ("rock; pop", "happy"), "Band")
    ]
    assert {name: dict(uses) for name, uses in account.uses.items()} == {
        "genre": {"rock; pop": 1},
        "moods": {"happy": 1},
    }


def test_json_broken_in_one_place_is_read_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(
        '[\n{"id": "a", "tags": ["rock"]},\n{"id": "b", "tags": [rock]},\n{"id": "c", "tags": []}\n]'
    )
    first, fault, last = list(open_catalogue(path).scan())
    assert first == (2, Document("a", ("rock",)))
    assert fault[0] == 3
    assert isinstance(fault[1], Fault)
    assert last == (4, Document("c", ()))
