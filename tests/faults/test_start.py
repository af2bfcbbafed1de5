"""A start that cannot work ends at once, with one clear line and no traceback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from models.bundle import Bundle
from models.manifest import Manifest, read_manifest
from tests.api.conftest import wait_for
from tests.conftest import DESCRIPTION


def tagprime(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment or None,
        check=False,
    )


def flip_last_byte(folder: Path) -> None:
    file = folder / "encoder.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def cut_short(folder: Path) -> None:
    file = folder / "vocabulary.safetensors"
    file.write_bytes(file.read_bytes()[:-1])


def add_a_file(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(b"cos\nsystem\n")


def remove_a_file(folder: Path) -> None:
    (folder / "encoder.safetensors").unlink()


def break_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")


def newer_format(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["format_version"] = 99
    file.write_text(json.dumps(manifest), encoding="utf-8")


def lose_a_setting(folder: Path) -> None:
    manifest = read_manifest(folder)
    describe = {name: getattr(manifest, name) for name in DESCRIPTION}
    settings = {k: v for k, v in manifest.encoder["settings"].items() if k != "context_length"}
    changed = Manifest.build(
        name=manifest.name,
        encoder={**manifest.encoder, "settings": settings},
        metric=manifest.metric,
        oov_rule=manifest.oov_rule,
        n_tags=manifest.n_tags,
        describe=describe,
        contents={file: (folder / file).read_bytes() for file in manifest.files},
    )
    (folder / "manifest.json").write_text(changed.to_json(), encoding="utf-8")


def remove_it_all(folder: Path) -> None:
    shutil.rmtree(folder)


FAULTS: dict[Callable[[Path], None], str] = {
    flip_last_byte: "encoder.safetensors",
    cut_short: "vocabulary.safetensors",
    add_a_file: "extra.pkl",
    remove_a_file: "encoder.safetensors",
    break_the_manifest: "manifest.json",
    newer_format: "manifest.json",
    lose_a_setting: "context_length",
    remove_it_all: "small",
}


@pytest.mark.parametrize("damage", FAULTS)
def test_a_damaged_bundle_is_named_with_its_fault(
    make_bundle: Callable[..., Bundle], damage: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = make_bundle(["jazz", "rock", "pop"]).path
    damage(folder)
    store = f"sqlite:///{tmp_path / 'store.db'}"
    done = tagprime("serve", "--port", "0", "--bundle", str(folder), "--database", store)
    assert done.returncode not in {0, None}
    told = [line for line in done.stderr.splitlines() if "error" in line]
    assert len(told) == 1
    assert FAULTS[damage] in told[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("serve", "--port", "70000"), "TAGPRIME_PORT"),
        (("serve", "--database", "mysql://host/db"), "mysql"),
        (("documents", "import", "missing.jsonl"), "missing.jsonl"),
        (("db", "upgrade", "--database", "sqlite:////nowhere/at/all.db"), "all.db"),
    ],
)
def test_bad_options_are_named(arguments: tuple[str, ...], fault: str, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    done = tagprime(*arguments, TAGPRIME_DATABASE_URL=store, PATH="")
    assert done.returncode not in {0, None}
    assert fault in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_out_of_range_is_named() -> None:
    done = tagprime("serve", TAGPRIME_MAX_CONTEXT="-1", PATH="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "TAGPRIME_MAX_CONTEXT" in done.stderr
    assert "-1" in done.stderr


def test_the_invented_tracks_are_loaded_once(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    for printed in ("1000 created, 0 updated, 0 unchanged\n", "0 created, 0 updated, 1000 unchanged\n"):
        done = tagprime("demo", "load", "--database", store)
        assert (done.returncode, done.stdout) == (0, printed)


@pytest.mark.parametrize("skip", [False, True])
def test_faulty_lines_are_told_by_number(tmp_path: Path, skip: bool) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"id": "1", "tags": ["a"]}\n{"id": 2}\nnonsense\n{"id": "3", "tags": []}\n', "utf-8")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    options = ["--skip-faulty"] if skip else []
    done = tagprime("documents", "import", str(file), "--database", store, *options)
    if skip:
        assert done.stdout == "2 created, 0 updated, 0 unchanged\n"
        assert "line 2" in done.stderr
        assert "line 3" in done.stderr
    else:
        assert done.returncode not in {0, None}
        assert "2 faulty lines" in done.stderr
        assert "line 2" in done.stderr


def test_a_service_that_is_ready_has_its_tables(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
    command += ["--database", f"sqlite:///{tmp_path / 'store.db'}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                wait_for(lambda: is_ready(client))
                answer = client.post("/v1/documents", json={"id": "1", "tags": ["jazz"]})
            assert answer.status_code == 201, answer.text
        finally:
            server.terminate()


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
