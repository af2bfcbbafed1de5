"""Reading users' catalogues: what is accepted, what every fault says, and that reading goes on."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogues.cleaning import Cleaner
from models.catalogues.document import MAX_ID_LENGTH, Document
from models.catalogues.jsonl import scan_jsonl_records
from models.catalogues.lines import MAX_LINE_BYTES
from models.catalogues.reading import open_catalogue
from models.catalogues.records import Fault
from models.catalogues.table import scan_table
from models.errors import CorpusError
from models.normalizer import normalize_tag


def scan_jsonl(stream: BinaryIO) -> Iterator[tuple[int, Document | Fault]]:
    return Cleaner().documents(scan_jsonl_records(stream))


def scan_csv(stream: BinaryIO) -> Iterator[tuple[int, Document | Fault]]:
    return Cleaner().documents(scan_table(stream))


def test_jsonl_lines_become_documents_with_normalised_distinct_tags() -> None:
    text = (
        '\ufeff{"id": "a", "tags": ["Lo-Fi", "hip  hop", "LO-FI"], "group": "x", "title": "ignored"}\r\n'
        "\n"
        '{"tags": [], "id": 7, "group": null}\n'
        '{"id": "c", "tags": ["jazz"], "group": ""}'
    )
    assert list(scan_jsonl(io.BytesIO(text.encode()))) == [
        (1, Document("a", ("lo-fi", "hip hop"), "x")),
        (3, Document("7", ())),
        (4, Document("c", ("jazz",))),
    ]


def test_wide_csv_finds_its_columns_by_name_and_unquotes() -> None:
    text = (
        "\ufeffGroup,title,ID,Tags\r\n"
        'x,"a title, on\r\ntwo lines",a,"Lo-Fi|hip  hop|""quoted"", with comma|"\r\n'
        "\r\n"
        ",,b,\r\n"
    )
    assert list(scan_csv(io.BytesIO(text.encode()))) == [
        (2, Document("a", ("lo-fi", "hip hop", '"quoted", with comma'), "x")),
        (5, Document("b", ())),
    ]


def test_long_csv_gathers_rows_of_one_id_from_anywhere() -> None:
    text = "id,tag,group\nb,rock,\na,jazz,y\nb,Rock,x\nc,,y\nb,indie,z\nb,lo-fi,x\n"
    assert list(scan_csv(io.BytesIO(text.encode()))) == [
        (6, Fault("id 'b' has group 'x' on an earlier line; got 'z'")),
        (2, Document("b", ("rock", "lo-fi"), "x")),
        (3, Document("a", ("jazz",), "y")),
        (5, Document("c", (), "y")),
    ]


JSONL_FAULTS = [
    (b"{not json", "{not json"),
    (b"[1, 2]", "[1, 2]"),
    (b'{"tags": ["a"]}', '"id" is missing'),
    (b'{"id": "a"}', '"tags" is missing'),
    (b'{"id": "a", "tags": "rock"}', "must be a list of tags; got 'rock'"),
    (b'{"id": "a", "tags": ["rock", 3]}', "tag 2 must be text"),
    (b'{"id": null, "tags": []}', '"id" must be'),
    (b'{"id": true, "tags": []}', '"id" must be'),
    (b'{"id": 1.5, "tags": []}', '"id" must be'),
    (b'{"id": "a", "tags": [], "group": ["x"]}', '"group" must be'),
    (b'{"id": " ", "tags": []}', "1 to 255 characters"),
    (b'{"id": "' + b"a" * (MAX_ID_LENGTH + 1) + b'", "tags": []}', "1 to 255 characters"),
    (b'{"id": "a\\u0000b", "tags": []}', r"'a\x00b'"),
    (b'{"id": "\\ud800", "tags": []}', r"'\ud800'"),
    (b'{"id": "a", "tags": [""]}', "visible character"),
    (b'{"id": "a", "tags": ["\\ud800"]}', "U+D800"),
    (b'{"id": "a", "tags": ["' + b"t" * 201 + b'"]}', "at most 200"),
    (b'{"id": "a", "tags": ["caf\xe9"]}', r"caf\xe9"),
    (b'{"id": ' + b"9" * 5000 + b', "tags": []}', "not JSON"),
    (b'{"id": "a", "tags": ' + b"[" * 100_000, "not JSON"),
    (b'{"id": "a", "tags": ["' + b"t" * MAX_LINE_BYTES + b'"]}', str(MAX_LINE_BYTES)),
]


@pytest.mark.parametrize(("line", "said"), JSONL_FAULTS, ids=range(len(JSONL_FAULTS)))
def test_a_bad_jsonl_line_is_reported_by_number_and_the_rest_is_kept(line: bytes, said: str) -> None:
    good = b'{"id": "good", "tags": ["rock"]}'
    first, (number, fault), last = scan_jsonl(io.BytesIO(b"\n".join([good, line, good])))
    assert first[1] == last[1] == Document("good", ("rock",))
    assert (number, last[0]) == (2, 3)
    assert isinstance(fault, Fault)
    assert said in fault.message
    assert fault.message.isprintable()
    assert len(fault.message) < 200


CSV_FAULTS = [
    (b"a", "2 columns are needed; got 1"),
    (b"a,b,c", "got 3: 'a,b,c'"),
    (b" ,rock", "1 to 255 characters"),
    (b"a,ro\x00ck", "U+0000"),
    (b"a,caf\xe9", r"caf\xe9"),
    (b'a,"ro"ck', "not CSV"),
    (b"a," + b"t" * MAX_LINE_BYTES, str(MAX_LINE_BYTES)),
]


@pytest.mark.parametrize(("line", "said"), CSV_FAULTS, ids=range(len(CSV_FAULTS)))
@pytest.mark.parametrize("tags", [b"tags", b"tag"])
def test_a_bad_csv_row_is_reported_by_number_and_the_rest_is_kept(
    tags: bytes, line: bytes, said: str
) -> None:
    stream = io.BytesIO(b"\n".join([b"id," + tags, b"good,rock", line, b"last,jazz"]))
    items = dict(scan_csv(stream))
    fault = items.pop(3)
    assert items == {2: Document("good", ("rock",)), 4: Document("last", ("jazz",))}
    assert isinstance(fault, Fault)
    assert said in fault.message
    assert fault.message.isprintable()


def test_a_quote_that_never_closes_is_reported_where_it_opens() -> None:
    stream = io.BytesIO(b'id,tags\ngood,rock\na,"rock\nb,jazz\n')
    assert [line for line, _ in scan_csv(stream)] == [2, 3]


@pytest.mark.parametrize(
    "header", [b"", b"id,labels\n", b"name,tags\n", b"id,tags,tag\n", b"id,id,tags\n", b"\xff\xfe\n"]
)
def test_a_csv_header_must_name_the_columns(header: bytes) -> None:
    ((line, fault),) = scan_csv(io.BytesIO(header + b"a,rock\n" if header else b""))
    assert line == 1
    assert isinstance(fault, Fault)


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "csv"])
def test_strict_reading_stops_at_the_first_fault_and_names_the_file(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"mine.{suffix}"
    file.write_text("id,tags\na,rock\nb\n" if suffix == "csv" else '\n{"id": "a", "tags": ["rock"]}\n{}\n')
    documents = open_catalogue(file).documents()
    assert next(documents) == (2, Document("a", ("rock",)))
    with pytest.raises(CorpusError) as caught:
        next(documents)
    assert str(caught.value).startswith(f"{file}, line 3: ")


def test_a_file_of_another_kind_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Dear diary,\n")
    with pytest.raises(CorpusError, match=r"mine\.txt: no format fits; as a table: columns id,tags"):
        open_catalogue(tmp_path / "mine.txt")
    with pytest.raises(CorpusError, match=r"mine\.csv is missing"):
        open_catalogue(tmp_path / "mine.csv")


def test_wide_files_are_read_in_bounded_memory() -> None:
    class Generated(io.BytesIO):
        """A header and 3,000 lines, 5 MB, made when they are read."""

        def __init__(self, header: bytes, line: str) -> None:
            super().__init__(header)
            self.lines = (line.replace("NAME", str(n)).encode() for n in range(3_000))

        def readline(self, size: int | None = -1, /) -> bytes:
            return super().readline(size) or next(self.lines, b"")

    tags = [f"tag {i}" for i in range(200)]
    for scan, header, line in (
        (scan_jsonl, b"", json.dumps({"id": "NAME", "tags": tags}) + "\n"),
        (scan_csv, b"id,tags\n", "NAME," + "|".join(tags) + "\n"),
    ):
        tracemalloc.start()
        assert sum(1 for _ in scan(Generated(header, line))) == 3_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000


names = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20).filter(str.strip)
tags = st.lists(st.sampled_from(["Lo-Fi", "hip  hop", "r'n'b", "AC/DC", 'the "who"', "a, b", "Straße"]))
catalogues = st.lists(st.tuples(names, tags, names), max_size=8, unique_by=lambda record: record[0])


@given(catalogues)
def test_all_three_forms_give_the_same_documents(records: list[tuple[str, list[str], str]]) -> None:
    expected = [
        Document(name, tuple(dict.fromkeys(map(normalize_tag, tags))), group) for name, tags, group in records
    ]
    jsonl = "".join(
        json.dumps({"id": name, "tags": tags, "group": group}) + "\n" for name, tags, group in records
    )
    wide = _csv([("id", "tags", "group"), *((name, "|".join(tags), group) for name, tags, group in records)])
    long = _csv(
        [("id", "tag", "group"), *((name, tag, group) for name, tags, group in records for tag in tags)]
    )
    assert [item for _, item in scan_jsonl(io.BytesIO(jsonl.encode()))] == expected
    assert [item for _, item in scan_csv(io.BytesIO(wide))] == expected
    assert [item for _, item in scan_csv(io.BytesIO(long))] == [item for item in expected if item.tags]


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail(content: bytes) -> None:
    for scan, header in ((scan_jsonl, b""), (scan_csv, b"id,tags\n"), (scan_csv, b"id,tag,group\n")):
        for line, item in scan(io.BytesIO(header + content)):
            assert line >= 1
            if isinstance(item, Fault):
                assert item.message.isprintable()
            else:
                assert all(normalize_tag(tag) == tag for tag in item.tags)
                item.id.encode()


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
