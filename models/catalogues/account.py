"""The account of a reading: what was there, what was done to it, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from models.catalogues.document import Document
from models.catalogues.oddity import oddity
from models.catalogues.separators import SeparatorUse, separators_used

SHOWN = 20


@dataclass
class Account:
    """What became of a catalogue.

    Attributes
    ----------
    format, why
        The format that the catalogue was recognised as, and the evidence for that.
    documents, without_tags
        Documents that were read, and those of them without a tag.
    written, tags
        Tags as they stand on documents, and those that were kept, each counted once a document.
    weighted
        Documents with a weight other than 1.
    split
        Written tags that turned out to be several.
    merged
        Tags that came a second time on their document, once they were normalised.
    decoded, trimmed
        Written tags with HTML entities, and with format characters at their ends.
    dropped
        Tags that were left out, by reason; and documents, under ``documents without a tag``.
    n_faults, faults
        Lines that hold no document: how many, and the first with what is wrong.
    uses
        Documents that hold each tag, by field.
    most_distinct
        So many distinct tags of a field are counted in `uses` at most, the first that come; None for all.
    """

    format: str = ""
    why: str = ""
    documents: int = 0
    without_tags: int = 0
    written: int = 0
    tags: int = 0
    weighted: int = 0
    split: int = 0
    merged: int = 0
    decoded: int = 0
    trimmed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    n_faults: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    uses: dict[str, Counter[str]] = field(default_factory=dict)
    most_distinct: int | None = None

    def add(self, document: Document, fields: dict[str, str]) -> None:
        """Count a document; `fields` says where its tags come from."""
        self.documents += 1
        self.tags += len(document.tags)
        self.without_tags += not document.tags
        self.weighted += document.weights is not None
        for tag in document.tags:
            used = self.uses.get(fields[tag])
            if used is None:
                used = self.uses[fields[tag]] = Counter()
            if tag in used or self.most_distinct is None or len(used) < self.most_distinct:
                used[tag] += 1

    def fault(self, line: int, message: str) -> None:
        """Count a line that holds no document."""
        self.n_faults += 1
        if len(self.faults) < SHOWN:
            self.faults.append((line, message))

    def all_uses(self) -> Counter[str]:
        """Return the documents that hold each tag, whatever field it comes from."""
        if len(self.uses) == 1:
            return next(iter(self.uses.values()))
        return sum(self.uses.values(), Counter())

    def separators(self) -> list[SeparatorUse]:
        """Return the separators that many tags hold, those that most do first."""
        alone = self.all_uses()
        return [use for name, uses in self.uses.items() for use in separators_used(name, uses, alone)]

    def commonest(self) -> list[tuple[str, int]]:
        """Return the tags that most documents hold, with how many."""
        return sorted(self.all_uses().items(), key=lambda use: (-use[1], use[0]))[:SHOWN]

    def oddest(self) -> list[tuple[str, int]]:
        """Return the tags that look least like one, with how many documents hold them."""
        odd = [(oddity(tag), tag, n) for tag, n in self.all_uses().items()]
        return [(tag, n) for score, tag, n in sorted(odd, key=lambda o: (-o[0], o[1]))[:SHOWN] if score > 0]

    def hashtags(self) -> list[tuple[str, int, int]]:
        """Return hashtags whose word is a tag as well: the word, and how many documents hold either."""
        uses = self.all_uses()
        found = [
            (tag[1:], n, uses[tag[1:]]) for tag, n in uses.items() if tag.startswith("#") and tag[1:] in uses
        ]
        return sorted(found, key=lambda f: (-f[1], f[0]))[:SHOWN]

    def as_dict(self) -> dict[str, Any]:
        """Return the account as JSON has it."""
        counted = ("documents", "without_tags", "written", "tags", "weighted", "split", "merged")
        return {
            "format": self.format,
            "why": self.why,
            **{name: getattr(self, name) for name in (*counted, "decoded", "trimmed")},
            "distinct_tags": len(self.all_uses()),
            "dropped": dict(self.dropped),
            "n_faults": self.n_faults,
            "faults": [{"line": line, "detail": message} for line, message in self.faults],
            "separators": [use.as_dict() for use in self.separators()],
            "hashtags": [
                {"tag": f"#{word}", "documents": n, "variant_of": word, "its_documents": others}
                for word, n, others in self.hashtags()
            ],
            "commonest": [{"tag": tag, "documents": n} for tag, n in self.commonest()],
            "oddest": [{"tag": tag, "documents": n} for tag, n in self.oddest()],
        }

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield the account as a label and a text a line, in characters that are fit for a terminal."""
        for label, text in self._lines():
            yield label, printable(text)

    def _lines(self) -> Iterator[tuple[str, str]]:
        if self.format:
            yield "format", f"{self.format}: {self.why}"
        without = f", {self.without_tags:,} of them without a tag" if self.without_tags else ""
        yield "documents", f"{self.documents:,}{without}"
        weighted = f", with weights on {self.weighted:,} documents" if self.weighted else ""
        yield "tags", f"{self.tags:,} on documents, {len(self.all_uses()):,} distinct{weighted}"
        for label, n, what in (
            ("split", self.split, "joined strings"),
            ("merged", self.merged, "tags with another spelling on the same document"),
            ("mended", self.decoded, "tags with HTML entities, decoded"),
            ("", self.trimmed, "tags with format characters at their ends, dropped"),
        ):
            if n:
                yield label, f"{n:,} {what}"
        for reason, n in self.dropped.most_common():
            yield "dropped", f"{n:,} {reason}"
        for use in self.separators():
            yield "joined?", use.sentence()
        for word, n, others in self.hashtags():
            yield "variant?", f"#{word} ({n:,}) beside {word} ({others:,})"
        yield "commonest tags", _listed(self.commonest())
        yield "oddest tags", _listed(self.oddest()) or "none looks odd"
        if self.n_faults:
            yield "faulty lines", f"{self.n_faults:,}"
            for line, message in self.faults:
                yield f"line {line}", message


def _listed(uses: list[tuple[str, int]]) -> str:
    return ", ".join(f"{tag} ({n:,})" for tag, n in uses)


def printable(text: str) -> str:
    """Return a text without characters that steer a terminal or cannot be seen; they become escapes."""
    return "".join(
        sign if sign.isprintable() or sign in "\u200c\u200d" else sign.encode("unicode_escape").decode()
        for sign in text
    )
