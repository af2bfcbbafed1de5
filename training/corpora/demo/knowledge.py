"""What the scene files and `variants.toml` say, read from the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
VARIANTS = FOLDER / "variants.toml"

# Of these an artist has one alternative for all tracks; the other fields have no alternatives.
PER_ARTIST = ("places", "eras", "vocals")
FIELDS = ("genres", "moods", "instruments", "sound", *PER_ARTIST, "uses", "tempo", "rare")

NO_TAG = "-"
"""An alternative without a tag: most people do not tag a techno track `instrumental`."""

Alternatives = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Scene:
    """A place where certain tags go together.

    Attributes
    ----------
    name
        Its key in the scene files.
    weight
        How many artists it has, relative to the other scenes.
    near
        Scenes its artists may lean towards, likelier ones first.
    frequent
        Fields whose tags people name more often in this scene than in others.
    fields
        For each of `FIELDS` the alternatives; each a list of tags, likelier ones first.
    """

    name: str
    weight: float
    near: tuple[str, ...]
    frequent: tuple[str, ...]
    fields: Mapping[str, Alternatives]


@dataclass(frozen=True)
class Folksonomy:
    """How people write tags, and what they tag that says nothing about the music.

    Attributes
    ----------
    spellings
        Other spellings of a tag, commoner ones first.
    rarely_varied
        Those of these tags that nearly everybody writes in one way.
    junk
        Tags that are about the listener, commoner ones first.
    """

    spellings: Mapping[str, tuple[str, ...]]
    rarely_varied: frozenset[str]
    junk: tuple[str, ...]


def knowledge_files() -> list[Path]:
    """Return the files that the corpus is made from, in the order in which they are read."""
    return [*sorted((FOLDER / "scenes").glob("*.toml")), VARIANTS]


def read_scenes() -> dict[str, Scene]:
    """Return every scene by name, in file order."""
    scenes: dict[str, Scene] = {}
    for file in knowledge_files()[:-1]:
        for name, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if name in scenes:
                raise ValueError(f"{file.name}: scene {name} is written down a second time")
            scenes[name] = Scene(
                name=name,
                weight=float(table.pop("weight")),
                near=tuple(table.pop("near")),
                frequent=tuple(table.pop("frequent", ())),
                fields={field: _alternatives(table.pop(field)) for field in FIELDS},
            )
            if table:
                raise ValueError(f"{file.name}: scene {name} has unknown fields {', '.join(table)}")
    return scenes


def read_folksonomy() -> Folksonomy:
    """Return the spellings and the junk of `variants.toml`."""
    table = tomllib.loads(VARIANTS.read_text(encoding="utf-8"))
    rare = table["rare_spellings"]
    spellings = {tag: _tags(others) for tag, others in {**table["spellings"], **rare}.items()}
    return Folksonomy(spellings, frozenset(rare), _tags(table["junk"]))


def _alternatives(text: str) -> Alternatives:
    return tuple(() if part.strip() == NO_TAG else _tags(part) for part in text.split(";"))


def _tags(text: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in text.split(","))
