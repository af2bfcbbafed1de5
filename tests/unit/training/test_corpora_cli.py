"""``tagprime corpora``, as somebody types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from models.errors import CorpusError
from training.commands.corpora import corpora
from training.corpora import NAMES, collection


def _run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(corpora, arguments)


def test_the_list_shows_every_collection_with_its_path_licence_and_source() -> None:
    shown = _run("list")
    assert shown.exit_code == 0
    words = " ".join(shown.output.split())
    for name in NAMES:
        assert name in words
        assert collection(name).SOURCE in words


def test_info_counts_after_the_filters(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("id,tags,group\na,rock|indie,x\nb,rock|indie|1999,x\nc,rock,y\nd,,y\n")
    whole = _run("info", "csv", "--path", str(file)).output
    assert [line.split()[:2] for line in whole.splitlines()[:4]] == [
        ["documents", "4"],
        ["1", "of"],
        ["tags", "3"],
        ["assignments", "6"],
    ]
    assert "50.0000%" in whole
    assert "rock (3), indie (2), 1999 (1)" in whole
    assert "none on record" in whole
    filtered = _run("info", "csv", "--path", str(file), "--min-documents", "2", "--min-tags", "2").output
    assert [line.split() for line in filtered.splitlines()[:3]] == [
        ["documents", "2"],
        ["tags", "2"],
        ["assignments", "4"],
    ]


def test_info_says_when_files_are_not_the_copy_on_record(tmp_path: Path) -> None:
    for name, content in (("vocab.txt", "a\nb"), ("songNames.txt", "s"), ("hardAnnotations.txt", "1,0")):
        (tmp_path / name).write_text(content)
    shown = _run("info", "cal500", "--path", str(tmp_path))
    assert shown.output.count("NOT the one on record") == 3


def test_what_cannot_be_fetched_is_told_where_to_be_had() -> None:
    error = _run("fetch", "cal500", "--out", "anywhere").exception
    assert isinstance(error, CorpusError)
    assert collection("cal500").SOURCE in str(error)
    assert collection("cal500").LAYOUT in str(error)


@pytest.mark.parametrize("arguments", [("info", "cal501"), ("fetch", "cal501", "--out", "x")])
def test_unknown_names_are_answered_with_the_known_ones(arguments: tuple[str, ...]) -> None:
    error = _run(*arguments).exception
    assert isinstance(error, CorpusError)
    assert "known: cal500, mtat" in str(error)


def test_the_commands_are_there_without_the_libraries_of_training() -> None:
    asked = (
        "import sys, training.cli; print(sorted({'scipy', 'torch', 'gensim', 'sklearn'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[3]
    answer = subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True)
    assert answer.stdout == "[]\n"


def test_a_collection_is_exported_as_documents_that_read_back_the_same(tmp_path: Path) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "mine.jsonl"
    file.write_text('id,tags,group\na,rock|indie,x\nb,"rock|r&b, classic",x\nc,日本,y\n', encoding="utf-8")
    assert _run("export", "csv", str(out), "--path", str(file)).exit_code == 0
    read, again = collection("csv").load(file), collection("jsonl").load(out)
    assert (read.document_ids, read.groups, read.index_to_key) == (
        again.document_ids,
        again.groups,
        again.index_to_key,
    )
    assert (read.matrix != again.matrix).nnz == 0


def test_an_export_writes_over_nothing_and_knows_whose_options_are_whose(tmp_path: Path) -> None:
    taken = tmp_path / "taken.jsonl"
    taken.write_text("mine")
    refused = _run("export", "demo", str(taken), "--documents", "5")
    assert isinstance(refused.exception, CorpusError)
    assert "exists already" in str(refused.exception)
    assert taken.read_text() == "mine"
    odd = _run("export", "jsonl", str(tmp_path / "out.jsonl"), "--path", str(taken), "--seed", "1")
    assert isinstance(odd.exception, CorpusError)
    assert "no option 'seed'" in str(odd.exception)
