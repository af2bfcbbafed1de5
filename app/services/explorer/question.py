"""The query of an explorer page, as its address holds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from app.services.limits import check_limit
from app.services.models.serving import Serving
from app.settings import Settings
from models.errors import InputError, TagError

VIEWS = ("ask", "map")
FOCUS = 1.0
MOST_FOCUS = 4.0
LIMIT = 12
STEP = 12

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Question:
    """A query tag, its context, and optionally a second context to compare with.

    Attributes
    ----------
    view
        The page: one of `VIEWS`.
    versus
        The second context; None where nothing is compared.
    focus
        The weight of the query tag among its context.
    """

    view: str = "ask"
    tag: str = ""
    context: tuple[str, ...] = ()
    versus: tuple[str, ...] | None = None
    focus: float = FOCUS
    limit: int = LIMIT

    @classmethod
    def read(cls, parameters: Parameters, serving: Serving, settings: Settings) -> Self:
        """Read the query in an address; unknown parameters are ignored.

        Raises
        ------
        InputError
            If a number is malformed or out of range, or a context holds too many tags: each link of a page
            repeats them all.
        """
        values: dict[str, list[str]] = {}
        for name, value in parameters:
            values.setdefault(name, []).append(value)
        versus = values.get("versus")
        view = values.get("view", [""])[-1]
        return cls(
            view=view if view in VIEWS else "ask",
            tag=values.get("tag", [""])[-1].strip(),
            context=_tags("context", values.get("context", []), serving, settings),
            versus=None if versus is None else _tags("versus", versus, serving, settings),
            focus=_focus(values.get("focus", [""])[-1]),
            limit=_whole("limit", values.get("limit", [""])[-1], LIMIT, settings.max_results),
        )

    def url(self) -> str:
        """Return the address of this query; parameters with default values are left out."""
        pairs = [("view", self.view)] if self.view != "ask" else []
        if self.tag:
            pairs.append(("tag", self.tag))
        pairs += [("context", tag) for tag in self.context]
        if self.versus is not None:
            pairs += [("versus", tag) for tag in self.versus] or [("versus", "")]
        if self.focus != FOCUS:
            pairs.append(("focus", f"{self.focus:g}"))
        if self.limit != LIMIT:
            pairs.append(("limit", str(self.limit)))
        return "/?" + urlencode(pairs, errors="replace") if pairs else "/"

    def asking(self, tag: str) -> str:
        """Return the address of the query for another tag in the same contexts."""
        return replace(self, tag=tag, limit=LIMIT).url()

    def seen_from(self, view: str) -> str:
        """Return the address of the same query in another view."""
        return replace(self, view=view).url()

    def longer(self) -> str:
        """Return the address that shows more results."""
        return replace(self, limit=self.limit + STEP).url()

    def adding(self, tag: str, side: str = "context") -> str:
        """Return the address with a tag added to a context."""
        return self._with(side, (*self.side(side), tag))

    def dropping(self, tag: str, side: str = "context") -> str:
        """Return the address with a tag removed from a context."""
        return self._with(side, tuple(other for other in self.side(side) if other != tag))

    def comparing(self) -> str:
        """Return the address that compares this context with a second, empty one."""
        return replace(self, view="ask", versus=()).url()

    def places(self) -> str:
        """Return the address of the positions on the map for this query."""
        return "/explorer/map" + replace(self, view="ask", versus=None, limit=LIMIT).url().removeprefix("/")

    def alone(self) -> str:
        """Return the address without the second context."""
        return replace(self, versus=None).url()

    def swapped(self) -> str:
        """Return the address with the two contexts exchanged."""
        return replace(self, context=self.versus or (), versus=self.context).url()

    def side(self, side: str) -> tuple[str, ...]:
        """Return one of the contexts."""
        return self.context if side == "context" else self.versus or ()

    def _with(self, side: str, tags: tuple[str, ...]) -> str:
        return (replace(self, context=tags) if side == "context" else replace(self, versus=tags)).url()


def _tags(name: str, values: Iterable[str], serving: Serving, settings: Settings) -> tuple[str, ...]:
    """Return the tags in form fields, split at commas; a field that is a known tag as a whole stays whole."""
    found: dict[str, None] = {}
    for value in values:
        parts = [value] if _known(value, serving) else value.replace("\n", ",").split(",")
        found.update((part.strip(), None) for part in parts if part.strip())
    check_limit(settings, "max_context", len(found), f"query:{name}", f"{name} holds {len(found)} tags")
    return tuple(found)


def _known(text: str, serving: Serving) -> bool:
    try:
        return serving.view.rules.resolve(serving.vocabulary, text).index is not None
    except TagError:
        return False


def _whole(name: str, text: str, default: int, most: int) -> int:
    if not text:
        return min(default, most)
    if not (text.isdecimal() and text.isascii() and 1 <= int(text[:9]) <= most):
        raise InputError(
            f"query:{name}", f"{name} is {text[:20]!r}; a whole number from 1 to {most} is needed"
        )
    return int(text)


def _focus(text: str) -> float:
    try:
        value = float(text or FOCUS)
    except ValueError:
        value = -1.0
    if not FOCUS <= value <= MOST_FOCUS:
        raise InputError(
            "query:focus", f"focus is {text[:20]!r}; a number from {FOCUS:g} to {MOST_FOCUS:g} is needed"
        )
    return value
