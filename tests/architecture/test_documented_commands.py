"""What the documents and the examples tell people to type exists: commands, options, targets, variables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from app.cli import root
from app.settings import Settings, variable
from tests.architecture.documents import PAGES, ROOT, name_of, quoted_lines, text_of
from training.cli import register

TAGPRIME = re.compile(r"(?:^\s*tagprime|\$\(tagprime|compose run --rm api) ([^)|]+)")
# Of compose.yaml and of the scripts in docker/.
OTHER_VARIABLES = {"TAGPRIME_BUNDLES_DIR", "TAGPRIME_PUBLISH"}


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    """The commands of both sides, as one command line offers them."""
    training = typer.Typer()
    register(training)
    return {**get_command(root).commands, **get_command(training).commands}  # type: ignore[attr-defined]


def quoted() -> Iterator[tuple[str, str]]:
    """Yield (file, line of code) of every document and example."""
    for page in PAGES:
        for line in quoted_lines(page):
            yield name_of(page), line
    for script in sorted((ROOT / "examples").glob("*.sh")):
        for line in script.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            yield name_of(script), line


def faults(words: list[str], commands: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the words after `tagprime`."""
    if words[0].startswith("--"):
        yield from (word for word in words if word not in options_of(get_command(root)))
        return
    if words[0] not in commands:
        yield words[0]
        return
    command = commands[words.pop(0)]
    inner = getattr(command, "commands", None)
    if inner is not None and words:
        if words[0] not in inner:
            yield words[0]
            return
        command = inner[words.pop(0)]
    known = options_of(command) | {"--help"}
    yield from (word for word in words if word.startswith("--") and word not in known)


def options_of(command: Any) -> set[str]:
    """Return every option of a command."""
    return {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}


def test_every_quoted_command_and_option_exists(commands: dict[str, Any]) -> None:
    seen, wrong = set(), []
    for file, line in quoted():
        for rest in TAGPRIME.findall(line):
            words = shlex.split(rest.rstrip("`."), comments=True)
            if words:
                seen.add(words[0])
                wrong += [(file, line, fault) for fault in faults(words, commands)]
    assert wrong == []
    assert {"serve", "train", "evaluate", "bundle", "keys", "corpora"} <= seen, "the check must see commands"


def test_every_quoted_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", text_of("Makefile"), flags=re.MULTILINE))
    quoted_targets = {name for _, line in quoted() for name in re.findall(r"^make ([\w-]+)", line)}
    assert quoted_targets >= {"serve", "test"}
    assert quoted_targets <= targets


def test_every_quoted_benchmark_and_its_options_exist() -> None:
    runs = [run for _, line in quoted() for run in re.findall(r"python (benchmarks/\w+\.py)(.*)", line)]
    assert len(runs) > 4
    for script, rest in runs:
        source = text_of(script)
        for option in re.findall(r"--[\w-]+", rest):
            assert f'"{option}"' in source, (script, option)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_quoted_variable_exists(page: Any) -> None:
    known = {variable(name) for name in Settings.model_fields} | OTHER_VARIABLES
    assert set(re.findall(r"TAGPRIME_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8"))) <= known
