"""Evaluations as people ask for them and read them: a form's fields, and a result in figures and words."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ValidationError

from app.schemas.evaluations import EvaluationRequest, EvaluationResponse, EvaluationResult
from app.services.explorer.quality import Curves
from app.services.models.registry import Registry
from models.errors import InputError

CHANCE = 0.05
"""A difference that chance alone makes as seldom as this is told as one."""

TITLES = {"completion": "Completion", "priming": "Priming", "oov": "Unseen tags"}
PROTOCOLS = {
    "completion": "Completion: half of a document's tags ask for the hidden half",
    "priming": "Priming: every tag of a document, in the whole of it, asks for the others (the paper's)",
    "oov": "Unseen tags: tags outside the vocabulary ask for those inside",
}
CORPORA = {"demo": "1,000 demo documents, invented, never trained on", "store": "the documents of the store"}


@dataclass(frozen=True)
class Choice:
    """A model that can be measured."""

    value: str
    label: str


@dataclass(frozen=True)
class Wanted:
    """What the form says, as it was written."""

    model: str = ""
    compare: str = ""
    protocol: str = "completion"
    corpus: str = "demo"
    k: str = "1, 5, 10"
    seed: str = "0"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Wanted:
        """Return the fields that are given, and what goes without saying."""
        known = {field.name for field in fields(cls)}
        return cls(
            **{name: value.strip() for name, value in given.items() if name in known and value.strip()}
        )

    def request(self) -> EvaluationRequest:
        """Return what to ask the service for.

        Raises
        ------
        InputError
            If a value cannot be used; says which one.
        """
        cutoffs = [_whole("k", part, 1) for part in self.k.replace(",", " ").split()]
        body: dict[str, Any] = {"protocol": self.protocol, "corpus": self.corpus, "k": cutoffs}
        body |= {"model": self.model or None, "compare": self.compare or None}
        try:
            return EvaluationRequest(seed=_whole("seed", self.seed, 0), **body)
        except ValidationError as error:
            fault = error.errors()[0]
            name = str(fault["loc"][0]) if fault["loc"] else "the form"
            raise InputError(
                f"/{name}", f"{name}: {fault['msg']}; got {str(fault['input'])[:40]!r}"
            ) from None


def choices(registry: Registry) -> list[Choice]:
    """Return the bundles that can be measured, the one that `default` serves first."""
    found = []
    for entry in registry.entries():
        if entry.manifest is not None:
            aliases = registry.aliases_of(entry.manifest)
            named = f"{entry.manifest.name} {entry.manifest.version}"
            label = f"{named} ({', '.join(aliases)})" if aliases else named
            found.append((
                "default" not in aliases,
                Choice(f"{entry.manifest.name}@{entry.manifest.version}", label),
            ))  # fmt: skip
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class Figure:
    """One metric of one model, or of two with what lies between them.

    Attributes
    ----------
    difference
        The second model's less the first's, over documents; None where one model was measured.
    verdict
        Which model that speaks for, if chance alone hardly makes it: ``A``, ``B`` or nothing.
    """

    metric: str
    values: list[float]
    difference: float | None
    p_value: float | None
    verdict: str

    @property
    def p_said(self) -> str:
        """The p-value in figures; what is too small for them is said to be."""
        if self.p_value is None:
            return ""
        return "< 0.001" if self.p_value < 0.001 else f"{self.p_value:.3f}"


@dataclass(frozen=True)
class Outcome:
    """An evaluation to be shown."""

    job: EvaluationResponse
    models: list[str]
    figures: list[Figure]
    curves: Curves | None
    words: str
    curl: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.job.status in {"done", "failed", "cancelled"}

    @property
    def wanted(self) -> Wanted:
        """The form that asks for the same again."""
        asked = self.job.request
        cutoffs = ", ".join(map(str, asked.get("k", ())))
        given = {name: str(asked.get(name) or "") for name in ("model", "compare", "protocol", "corpus")}
        return Wanted.read(given | {"k": cutoffs, "seed": str(asked.get("seed", 0))})

    @property
    def headline(self) -> str:
        """The figure that says most in a list: nDCG at the largest cutoff, else the first one."""
        if not self.figures:
            return ""
        main = _main(self.figures)
        return f"{main.metric} " + " / ".join(f"{value:.3f}" for value in main.values)


def outcome(job: EvaluationResponse, base_url: str) -> Outcome:
    """Return what a page tells of an evaluation."""
    result = job.result
    figures = [] if result is None else _figures(result)
    asked = [name for name in (job.request.get("model"), job.request.get("compare")) if name]
    names = [one.model for one in result.measured] if result else [str(name) for name in asked]
    body = {name: value for name, value in job.request.items() if value is not None}
    shown = body if job.request.get("documents") is None else body | {"documents": ["..."]}
    data = shlex.quote(json.dumps(shown, ensure_ascii=False))
    return Outcome(
        job=job,
        models=names,
        figures=figures,
        curves=None if result is None else _curves(result),
        words="" if result is None else _words(figures, result),
        curl=f"curl {base_url}v1/evaluations -H 'Content-Type: application/json' -d {data}",
    )


def _figures(result: EvaluationResult) -> list[Figure]:
    figures = []
    for metric in result.measured[0].metrics:
        values = [one.metrics[metric] for one in result.measured]
        between = (result.differences or {}).get(metric)
        if between is None:
            figures.append(Figure(metric, values, None, None, ""))
            continue
        told = between.p_value < CHANCE and between.mean != 0
        verdict = "" if not told else "B" if between.mean > 0 else "A"
        figures.append(Figure(metric, values, between.mean, between.p_value, verdict))
    return figures


def _main(figures: Sequence[Figure]) -> Figure:
    at_k = [figure for figure in figures if figure.metric.startswith("nDCG@")]
    return max(at_k, key=lambda figure: int(figure.metric.partition("@")[2])) if at_k else figures[0]


def _words(figures: Sequence[Figure], result: EvaluationResult) -> str:
    asked = f"{result.queries:,} queries from {result.documents:,} documents."
    if len(result.measured) < 2:
        return asked
    main = _main(figures)
    if main.p_value is None or main.difference is None:
        return asked
    p_value = main.p_said if main.p_said.startswith("<") else f"= {main.p_said}"
    by = f"{abs(main.difference):.3f} (p {p_value})"
    if main.verdict:
        other = "A" if main.verdict == "B" else "B"
        said = (
            f"{main.verdict} is better than {other} in {main.metric}, by {by}: chance alone seldom does that."
        )
    else:
        said = f"In {main.metric} they are {by} apart: chance alone may well do that, so neither is better."
    mixed = {figure.verdict for figure in figures if figure.verdict} - {main.verdict}
    if mixed:
        against = [figure.metric for figure in figures if figure.verdict in mixed]
        said += f" {mixed.pop()} is better in {', '.join(against)}."
    return f"{said} {asked}"


def _curves(result: EvaluationResult) -> Curves | None:
    letters = ("A", "B") if len(result.measured) > 1 else ("this model",)
    drawn = {
        letter: one.curve
        for letter, one in zip(letters, result.measured, strict=True)
        if one.curve is not None
    }
    return Curves.of(drawn, letters[0]) if drawn else None


def _whole(name: str, text: str, least: int) -> int:
    if not (text.isdecimal() and text.isascii() and len(text) < 11 and int(text) >= least):
        raise InputError(f"/{name}", f"{name}: a whole number from {least} is needed; got {text[:20]!r}")
    return int(text)
