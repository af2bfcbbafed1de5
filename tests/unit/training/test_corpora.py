"""Every collection's loader, over tiny files in its publisher's layout."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.errors import CorpusError
from training.corpora import NAMES, catalogue, collection, load_corpus, magtag5k
from training.corpus import TagCorpus


@dataclass(frozen=True)
class Tiny:
    """A tiny collection: its files, and what must come out of them."""

    files: dict[str, bytes]
    tags: tuple[str, ...]
    documents: dict[str, tuple[str, ...]]
    groups: tuple[str, ...] | None = None


MTAT = (
    b'"clip_id"\t"no vocals"\t"Guitar"\t"lo-fi"\t"mp3_path"\n'
    b'"2"\t"0"\t"1"\t"1"\t"f/the_band-first-01-song-0-29.mp3"\n'
    b'"6"\t"0"\t"0"\t"0"\t"f/the_band-second-02-song-30-59.mp3"\n'
    b'"10"\t"1"\t"0"\t"0"\t"a-b/other_one-third-03-song-0-29.mp3"\n'
)
TINY = {
    "cal500": Tiny(
        files={
            "vocab.txt": b"Genre-Rock\nGenre-Best-Rock\nNOT-Song-Fast_Tempo\r\n",
            "songNames.txt": b"artist-song_one\nsong_114\n",
            "hardAnnotations.txt": b"1,1,0\n0,0,1\n\n",
        },
        tags=("genre-rock", "not-song-fast_tempo"),
        documents={"artist-song_one": ("genre-rock",), "song_114": ("not-song-fast_tempo",)},
    ),
    "mtat": Tiny(
        files={"annotations_final.csv": MTAT},
        tags=("no vocals", "guitar", "lo-fi"),
        documents={"2": ("guitar", "lo-fi"), "6": (), "10": ("no vocals",)},
        groups=("f/the_band", "f/the_band", "a-b/other_one"),
    ),
    "lastfm-hetrec": Tiny(
        files={
            "user_taggedartists.dat": b"userID\tartistID\ttagID\tday\tmonth\tyear\r\n"
            b"2\t52\t7\t1\t4\t2009\r\n\r\n2\t9\t3\t1\t4\t2009\r\n3\t52\t7\t1\t5\t2010\r\n3\t52\t3\t1\t5\t2010\r\n",
            "tags.dat": b"tagID\ttagValue\r\n7\tlo-fi\r\n3\tchanson fran\xe7aise\r\n9\tnever used\r\n",
        },
        tags=("chanson française", "lo-fi", "never used"),
        documents={"9": ("chanson française",), "52": ("chanson française", "lo-fi")},
    ),
    "magtag5k": Tiny(
        files={"annotations_final.csv": MTAT},
        tags=("no vocals", "guitar", "lo-fi"),
        documents={"2": ("guitar", "lo-fi"), "6": (), "10": ("no vocals",)},
        groups=("f/the_band", "f/the_band", "a-b/other_one"),
    ),
    "jsonl": Tiny(
        files={
            "mine.jsonl": b'{"id": "b", "tags": ["Lo-Fi", "hip  hop"], "group": "x"}\n'
            b'{"id": "a", "tags": [], "group": "y"}\n',
        },
        tags=("hip hop", "lo-fi"),
        documents={"b": ("hip hop", "lo-fi"), "a": ()},
        groups=("x", "y"),
    ),
    "csv": Tiny(
        files={"mine.csv": b"id,tags\nb,Lo-Fi|hip  hop\na,\n"},
        tags=("hip hop", "lo-fi"),
        documents={"b": ("hip hop", "lo-fi"), "a": ()},
    ),
}


@pytest.fixture(autouse=True)
def _tiny_magtag5k(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(magtag5k, "N_DOCUMENTS", 3)
    monkeypatch.setattr(magtag5k, "N_TAGS", 3)


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def _held(corpus: TagCorpus) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(corpus.index_to_key[tag] for tag in tags)
        for name, tags in zip(corpus.document_ids, corpus.documents(), strict=True)
    }


def test_every_collection_is_swept() -> None:
    # The demo corpus and the store read no files; they have their own tests, and so have catalogues' formats.
    own = {*TINY, "demo", "store"}
    assert own | set(catalogue.NAMES) == set(NAMES)


@pytest.mark.parametrize("name", TINY)
def test_a_loader_reads_its_publishers_layout_in_the_publishers_order(name: str, tmp_path: Path) -> None:
    tiny = TINY[name]
    _write(tmp_path, tiny.files)
    corpus = load_corpus(name, tmp_path if name not in ("jsonl", "csv") else tmp_path / f"mine.{name}")
    assert corpus.name == name
    assert corpus.index_to_key == tiny.tags
    assert list(corpus.document_ids) == list(tiny.documents)
    assert _held(corpus) == tiny.documents
    assert corpus.groups == tiny.groups
    assert corpus.provenance.files == {
        file: hashlib.sha256(content).hexdigest() for file, content in tiny.files.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_loader_declares_where_its_collection_comes_from(name: str) -> None:
    module = collection(name)
    for declared in (module.SOURCE, module.CITATION, module.LICENCE, module.DOCUMENTS, module.LAYOUT):
        assert declared.strip() == declared != ""
    for digest in module.CHECKSUMS.values():
        assert digest is None or (len(digest) == 64 and int(digest, 16))
    assert module.DOWNLOAD is None or module.DOWNLOAD.files.keys() == module.CHECKSUMS.keys()


@pytest.mark.parametrize("name", TINY)
def test_files_that_are_not_there_are_named_with_the_expected_layout(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        load_corpus(name, tmp_path / "nowhere")
    assert "nowhere" in str(caught.value)
    assert collection(name).LAYOUT in str(caught.value)
    with pytest.raises(CorpusError, match="path is needed"):
        load_corpus(name)


def test_another_copy_than_the_one_on_record_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        load_corpus("mtat", _write(tmp_path, TINY["mtat"].files))
    assert hashlib.sha256(MTAT).hexdigest() in caplog.text
    assert str(tmp_path / "annotations_final.csv") in caplog.text


def _replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("name", "file", "change", "line", "content"),
    [
        ("cal500", "hardAnnotations.txt", _replace(b"1,1,0", b"1,1,2"), 1, "'2'"),
        ("cal500", "hardAnnotations.txt", _replace(b"0,0,1", b"0,1"), 2, "'0,1'"),
        ("cal500", "vocab.txt", _replace(b"Genre-Best", b"\x00-Best"), 2, "U+0000"),
        ("cal500", "vocab.txt", _replace(b"NOT-Song-Fast_Tempo", b"genre-ROCK"), 3, "line 1"),
        ("cal500", "songNames.txt", _replace(b"song_114", b"song\xff"), 2, r"song\xff"),
        ("mtat", "annotations_final.csv", _replace(b'"2"\t"0"', b'"2"\t"yes"'), 2, "'yes'"),
        ("mtat", "annotations_final.csv", _replace(b'"6"\t"0"', b'"6"'), 3, "got 4"),
        ("mtat", "annotations_final.csv", _replace(b'"10"', b'"ten"'), 4, "'ten'"),
        ("mtat", "annotations_final.csv", _replace(b'"10"', b'"2"'), 4, "line 2"),
        ("mtat", "annotations_final.csv", _replace(b'"6"\t', b'"6\t'), 3, "6"),
        ("mtat", "annotations_final.csv", _replace(b"clip_id", b"clip"), 1, "clip"),
        ("mtat", "annotations_final.csv", _replace(b"Guitar", b"LO-FI"), 1, "'lo-fi'"),
        (
            "mtat",
            "annotations_final.csv",
            _replace(b"a-b/other_one-third-03-song-0-29", b"a-b/x"),
            4,
            "a-b/x",
        ),
        ("lastfm-hetrec", "user_taggedartists.dat", _replace(b"2\t9\t3\t", b"2\t9\t4\t"), 4, "4"),
        ("lastfm-hetrec", "user_taggedartists.dat", _replace(b"2\t9\t3\t", b"2\tIX\t3\t"), 4, "'IX'"),
        ("lastfm-hetrec", "user_taggedartists.dat", _replace(b"3\t52\t7", b"3\t52"), 5, "got 5"),
        ("lastfm-hetrec", "user_taggedartists.dat", _replace(b"userID", b"user"), 1, "user"),
        ("lastfm-hetrec", "tags.dat", _replace(b"9\tnever", b"7\tnever"), 4, "7"),
        ("lastfm-hetrec", "tags.dat", _replace(b"lo-fi", b"lo\x07fi"), 2, "U+0007"),
    ],
)
def test_a_fault_names_file_line_and_content(
    name: str, file: str, change: Callable[[bytes], bytes], line: int, content: str, tmp_path: Path
) -> None:
    _write(tmp_path, TINY[name].files)
    (tmp_path / file).write_bytes(change(TINY[name].files[file]))
    with pytest.raises(CorpusError) as caught:
        load_corpus(name, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / file}, line {line}: ")
    assert content in message
    assert message.isprintable()


def test_cal500_needs_as_many_annotations_as_songs(tmp_path: Path) -> None:
    _write(tmp_path, TINY["cal500"].files)
    (tmp_path / "songNames.txt").write_text("only one\n")
    with pytest.raises(CorpusError, match=r"hardAnnotations\.txt has 2 lines for the 1 songs"):
        load_corpus("cal500", tmp_path)


def test_cal500_keeps_all_tags_when_asked(tmp_path: Path) -> None:
    corpus = load_corpus("cal500", _write(tmp_path, TINY["cal500"].files), all_tags=True)
    assert corpus.index_to_key == ("genre-rock", "genre-best-rock", "not-song-fast_tempo")


@pytest.mark.parametrize(("merge", "held"), [(False, ("lo-fi",)), (True, ("lo-fi", "1st vine"))])
def test_lastfm_merges_spellings_when_asked_and_says_what_it_did(
    merge: bool, held: tuple[str, ...], tmp_path: Path
) -> None:
    tiny = TINY["lastfm-hetrec"]
    _write(tmp_path, tiny.files)
    spelled = b"10\t1st  vine\r\n11\t1st vine\r\n"
    (tmp_path / "tags.dat").write_bytes(tiny.files["tags.dat"] + spelled)
    with (tmp_path / "user_taggedartists.dat").open("ab") as stream:
        stream.write(b"3\t77\t11\t1\t5\t2010\r\n3\t77\t7\t1\t5\t2010\r\n")
    corpus = load_corpus("lastfm-hetrec", tmp_path, merge_spellings=merge)
    assert corpus.index_to_key == (*tiny.tags, "1st vine")
    assert _held(corpus)["77"] == held
    (note,) = corpus.provenance.notes
    assert f"only: 1, {'merged' if merge else 'left out'}" in note
    assert "(assignments: 1)" in note


def test_lastfm_tags_weigh_their_users_when_asked(tmp_path: Path) -> None:
    _write(tmp_path, TINY["lastfm-hetrec"].files)
    binary = load_corpus("lastfm-hetrec", tmp_path)
    assert [document.weights for document in binary.tagged()] == [None, None]
    counted = load_corpus("lastfm-hetrec", tmp_path, counts=True)
    assert [document.weights for document in counted.tagged()] == [None, (1.0, 2.0)]
    assert _held(counted) == _held(binary)


def test_magtag5k_refuses_any_other_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(magtag5k, "N_DOCUMENTS", 5259)
    with pytest.raises(CorpusError, match="holds 3 clips over 3 tags; MagTag5K has 5259 over 3 "):
        load_corpus("magtag5k", _write(tmp_path, TINY["magtag5k"].files))


def test_an_annotations_file_may_be_given_itself(tmp_path: Path) -> None:
    (tmp_path / "renamed.csv").write_bytes(MTAT)
    assert load_corpus("mtat", tmp_path / "renamed.csv").n_documents == 3


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        (
            "jsonl",
            '{"id": "a", "tags": ["x"]}\n{"id": "a", "tags": ["y"]}',
            2,
            "'a' comes again; first on line 1",
        ),
        ("csv", "id,tags\na,x\nb,y\na,z\n", 4, "'a' comes again; first on line 2"),
        ("csv", "id,tag\na,x\nb,&shy;\n", 3, "visible character"),
    ],
)
def test_an_own_catalogue_is_read_strictly(
    name: str, content: str, line: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "any.txt"
    file.write_text(content)
    with pytest.raises(CorpusError) as caught:
        load_corpus(name, file)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert said in str(caught.value)


def test_unknown_names_and_options_are_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cal500, mtat"):
        load_corpus("cal501", tmp_path)
    with pytest.raises(CorpusError, match=r"no option 'all_tag'; it takes all_tags"):
        load_corpus("cal500", tmp_path, all_tag=True)
