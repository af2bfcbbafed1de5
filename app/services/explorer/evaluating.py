"""Evaluations on the Quality pages: the form that requests one, and a result in figures and words."""

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

SIGNIFICANCE = 0.05
"""A difference with a smaller p-value is reported as one."""

TITLES = {"completion": "Completion", "priming": "Priming", "oov": "Unseen tags"}
PROTOCOLS = {
    "completion": "Completion: find the hidden half of a document's tags from the other half",
    "priming": "Priming: find a document's other tags from each tag in the whole document (the paper's)",
    "oov": "Unseen tags: find a document's vocabulary tags from each of its other tags",
}
CORPORA = {"demo": "1,000 demo documents, invented, never trained on", "store": "the documents of the store"}


@dataclass(frozen=True)
class Choice:
    """A model that can be measured."""

    value: str
    label: str


@dataclass(frozen=True)
class EvaluationForm:
    """The fields of the form, as they were typed."""

    model: str = ""
    compare: str = ""
    protocol: str = "completion"
    corpus: str = "demo"
    k: str = "1, 5, 10"
    seed: str = "0"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> EvaluationForm:
        """Return the fields that are given, and the defaults of the others."""
        known = {field.name for field in fields(cls)}
        return cls(
            **{name: value.strip() for name, value in given.items() if name in known and value.strip()}
        )

    def request(self) -> EvaluationRequest:
        """Return the evaluation request of the form.

        Raises
        ------
        InputError
            If a value is not valid; the message names the field.
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
    for installed in registry.installed():
        manifest = installed.manifest
        if manifest is not None:
            aliases = registry.aliases_of(manifest)
            named = f"{manifest.name} {manifest.version}"
            label = f"{named} ({', '.join(aliases)})" if aliases else named
            found.append((
                "default" not in aliases,
                Choice(f"{manifest.name}@{manifest.version}", label),
            ))  # fmt: skip
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]


@dataclass(frozen=True)
class Figure:
    """One metric of one model, or of two with their difference.

    Attributes
    ----------
    difference
        The second model's value minus the first's, mean over documents; None where one model was measured.
    verdict
        The better model, ``A`` or ``B``, if the difference is significant; else empty.
    """

    metric: str
    values: list[float]
    difference: float | None
    p_value: float | None
    verdict: str

    @property
    def p_text(self) -> str:
        """The p-value to three decimals, or ``< 0.001``."""
        if self.p_value is None:
            return ""
        return "< 0.001" if self.p_value < 0.001 else f"{self.p_value:.3f}"


@dataclass(frozen=True)
class ShownEvaluation:
    """An evaluation as a page shows it."""

    job: EvaluationResponse
    models: list[str]
    figures: list[Figure]
    curves: Curves | None
    words: str
    curl: str

    @property
    def ended(self) -> bool:
        """Whether the evaluation is done, failed or cancelled."""
        return self.job.status in {"done", "failed", "cancelled"}

    @property
    def form(self) -> EvaluationForm:
        """The form that requests the same evaluation again."""
        body = self.job.request
        cutoffs = ", ".join(map(str, body.get("k", ())))
        given = {name: str(body.get(name) or "") for name in ("model", "compare", "protocol", "corpus")}
        return EvaluationForm.read(given | {"k": cutoffs, "seed": str(body.get("seed", 0))})

    @property
    def headline(self) -> str:
        """The figure that a list of evaluations shows: nDCG at the largest cutoff, else the first one."""
        if not self.figures:
            return ""
        main = _main(self.figures)
        return f"{main.metric} " + " / ".join(f"{value:.3f}" for value in main.values)


def shown_evaluation(job: EvaluationResponse, base_url: str) -> ShownEvaluation:
    """Return an evaluation as a page shows it."""
    result = job.result
    figures = [] if result is None else _figures(result)
    requested = [name for name in (job.request.get("model"), job.request.get("compare")) if name]
    names = [one.model for one in result.measured] if result else [str(name) for name in requested]
    body = {name: value for name, value in job.request.items() if value is not None}
    shown = body if job.request.get("documents") is None else body | {"documents": ["..."]}
    data = shlex.quote(json.dumps(shown, ensure_ascii=False))
    return ShownEvaluation(
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
        significant = between.p_value < SIGNIFICANCE and between.mean != 0
        verdict = "" if not significant else "B" if between.mean > 0 else "A"
        figures.append(Figure(metric, values, between.mean, between.p_value, verdict))
    return figures


def _main(figures: Sequence[Figure]) -> Figure:
    at_k = [figure for figure in figures if figure.metric.startswith("nDCG@")]
    return max(at_k, key=lambda figure: int(figure.metric.partition("@")[2])) if at_k else figures[0]


def _words(figures: Sequence[Figure], result: EvaluationResult) -> str:
    extent = f"{result.queries:,} queries from {result.documents:,} documents."
    if len(result.measured) < 2:
        return extent
    main = _main(figures)
    if main.p_value is None or main.difference is None:
        return extent
    p_value = main.p_text if main.p_text.startswith("<") else f"= {main.p_text}"
    by = f"{abs(main.difference):.3f} (p {p_value})"
    if main.verdict:
        other = "A" if main.verdict == "B" else "B"
        words = (
            f"{main.verdict} is better than {other} in {main.metric}, by {by}: the difference is significant."
        )
    else:
        words = f"In {main.metric} they differ by {by}: the difference is not significant."
    mixed = {figure.verdict for figure in figures if figure.verdict} - {main.verdict}
    if mixed:
        against = [figure.metric for figure in figures if figure.verdict in mixed]
        words += f" {mixed.pop()} is better in {', '.join(against)}."
    return f"{words} {extent}"


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
