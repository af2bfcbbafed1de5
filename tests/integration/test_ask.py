"""`tagprime ask` with the shipped bundle, beside the service's answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app import release
from app.cli import root
from app.main import create_app
from app.settings import Settings
from models.errors import TagError


def asked(*arguments: str) -> str:
    result = CliRunner().invoke(root, ["ask", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("context", [[], ["hip hop", "chill"]])
def test_the_answer_is_the_services(context: list[str], tmp_path: Path) -> None:
    printed = json.loads(asked("lo-fi", "--context", ",".join(context), "--json", "--limit", "5"))
    with TestClient(create_app(Settings(database_url=f"sqlite:///{tmp_path / 'store.db'}"))) as client:
        answer = client.post("/prime", json={"tag": "lo-fi", "context": context, "limit": 5}).json()
    assert printed == answer


def test_bars_fall_with_the_scores() -> None:
    lines = asked("lo-fi", "--context", "hip hop", "--context", "chill", "--limit", "4").splitlines()
    bars = [line.count("█") for line in lines]
    assert len(bars) == 4
    assert bars == sorted(bars, reverse=True)
    assert bars[0] > bars[-1] > 0


def test_what_was_understood_otherwise_is_shown() -> None:
    printed = asked("LO-FI", "--context", "Hip Hop, no such tag", "--limit", "1")
    assert "no such tag has no part in it: out of vocabulary" in printed
    assert "zzqx is not in the vocabulary" in asked("zzqx")


def test_a_value_out_of_its_range_is_named() -> None:
    result = CliRunner().invoke(root, ["ask", "lo-fi", "--focus", "20"])
    assert isinstance(result.exception, TagError)
    assert "focus" in str(result.exception)


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(root, ["--version"]).stdout == f"tagprime {release()}\n"
