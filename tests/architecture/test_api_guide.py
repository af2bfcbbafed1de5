"""`docs/api.md` says of the API what the code says: operations, fields, limits, codes; and metrics."""

from __future__ import annotations

import json
import re

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from app.main import create_app
from app.schemas.embeddings import EmbeddingsRequest
from app.schemas.evaluations import EvaluationRequest
from app.schemas.priming import PrimeRequest
from app.settings import Settings, variable
from tests.architecture.documents import ROOT, text_of

GUIDE = text_of("docs/api.md")
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py"))}
# A key is named on the command line only, the map on the explorer's pages only.
NOT_OF_THE_API = {"key_not_found", "projection_not_found"}


def test_the_guide_names_every_operation_and_no_other() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    offered = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    named = set(re.findall(r"(?:GET|POST|PUT|DELETE) /[\w/{}-]+", GUIDE))
    assert named - {"POST /prime"} == offered


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("## Ask for related tags", PrimeRequest),
        ("## Vectors for your own store", EmbeddingsRequest),
        ("## Evaluations", EvaluationRequest),
    ],
)
def test_the_guide_names_every_field_with_its_default(section: str, model: type[BaseModel]) -> None:
    body = GUIDE.split(f"\n{section}\n")[1].split("\n## ")[0]
    table = body.split("| Field | Default | Meaning |")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", table, flags=re.MULTILINE))
    assert set(rows) == set(model.model_fields)
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            assert rows[name] == "required"
        elif field.default is not None:
            default = field.default if isinstance(field.default, str) else json.dumps(field.default)
            assert rows[name].strip("`") in {default, default.removesuffix(".0")}


def test_the_guides_limits_are_the_settings() -> None:
    rows = re.findall(r"^\| .+? \| ([\d,]+)(?: bytes)? \| `(TAGPRIME_\w+)` \|$", GUIDE, flags=re.MULTILINE)
    defaults = {variable(name): field.default for name, field in Settings.model_fields.items()}
    assert len(rows) > 5
    assert {name: int(most.replace(",", "")) for most, name in rows} == {
        name: defaults[name] for _, name in rows
    }


def test_the_guides_codes_are_those_of_the_service() -> None:
    rows = re.findall(r"^\| \d{3} \| (.+?) \|", GUIDE, flags=re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    whole = "\n".join(SOURCES.values())
    assert {code for code in named if f'"{code}"' not in whole} == set()
    raised = set(re.findall(r'(?:NotFoundError|ConflictError)\(\s*"(\w+)"', whole))
    assert raised - named == NOT_OF_THE_API


def test_running_names_every_metric() -> None:
    named = set(re.findall(r"^\| `(tagprime_\w+)` \|", text_of("docs/running.md"), flags=re.MULTILINE))
    made = set(re.findall(r'"(tagprime_\w+)"', text_of("app/metrics.py")))
    assert {name.removesuffix("_total") for name in named} == made
