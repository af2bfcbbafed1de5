"""`docs/settings.md` and the module's own docstring name every setting, with its default and meaning."""

from __future__ import annotations

import re
from pathlib import Path

import app.settings
from app.settings import DEMO_BUNDLE, Settings, variable

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


def default(name: str) -> str:
    value = Settings.model_fields[name].default
    if value is None:
        return "none"
    return "the shipped demo" if value == DEMO_BUNDLE else str(value)


def test_the_page_names_every_setting_with_its_default_and_meaning() -> None:
    rows = dict(re.findall(r"^\| `(TAGPRIME_\w+)` \| (.+) \|$", PAGE, flags=re.MULTILINE))
    expected = {
        variable(name): f"{_code(default(name))} | {field.description}"
        for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_the_modules_docstring_names_every_setting_with_its_default() -> None:
    rows = re.findall(r"^``(TAGPRIME_\w+)``\s{2,}(.+?)\s{2,}", app.settings.__doc__ or "", flags=re.MULTILINE)
    expected = {variable(name): _code(default(name), "``") for name in Settings.model_fields}
    assert dict(rows) == expected


def _code(text: str, tick: str = "`") -> str:
    return text if text in {"none", "the shipped demo"} else f"{tick}{text}{tick}"
