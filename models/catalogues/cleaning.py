"""From records to documents: tags split, normalised, joined where they are one, and filtered."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from models.catalogues.account import Account
from models.catalogues.document import Document, check_names, checked_weight, normalized
from models.catalogues.records import Fault, Record
from models.catalogues.splitting import Splitting, split_tag
from models.errors import CorpusError, TagError
from models.normalizer import MAX_TAG_LENGTH, decode_entities, normalize_tag

MAX_JOINED_LENGTH = 10 * MAX_TAG_LENGTH
"""Longest string of joined tags that is looked into."""

CACHED_LENGTH = 2 * MAX_TAG_LENGTH
"""Longer texts are not remembered, so that memory stays small."""

Check = Callable[[Document], Document | Fault]
"""Returns a document that is accepted, or the fault for which it is refused."""


@dataclass(frozen=True)
class Cleaning:
    """What to do to tags besides normalising them.

    Attributes
    ----------
    splitting
        At which signs joined strings are split.
    min_weight
        Least weight of a tag that is kept.
    top
        How many tags of a document are kept, those with the greatest weights; None for all.
    """

    splitting: Splitting = field(default_factory=Splitting)
    min_weight: float = 0.0
    top: int | None = None

    def __post_init__(self) -> None:
        if not self.min_weight >= 0:
            raise CorpusError(f"the least weight must be 0 or more; got {self.min_weight}")
        if self.top is not None and self.top < 1:
            raise CorpusError(f"of each document at least 1 tag must be kept; got {self.top}")


class _Parts(NamedTuple):
    """What a written tag stands for, and what had to be mended in it."""

    tags: tuple[str, ...]
    noted: tuple[str, ...]


class Cleaner:
    """Makes documents of records and keeps account of it.

    Parameters
    ----------
    cleaning
        What to do to the tags.
    account
        Counts what is done.
    lenient
        Whether a written tag that is none is left out and counted, rather than a fault of its document:
        for publishers' files, which nobody can mend.
    keeps_untagged
        Whether a document without a tag is one.
    alone
        The tags that stand alone somewhere in the catalogue; needed to split others.
    check
        May refuse a document that is otherwise sound.
    """

    def __init__(
        self,
        cleaning: Cleaning | None = None,
        account: Account | None = None,
        lenient: bool = False,
        keeps_untagged: bool = True,
        alone: Container[str] = (),
        check: Check | None = None,
    ) -> None:
        self.account = Account() if account is None else account
        self._cleaning = Cleaning() if cleaning is None else cleaning
        self._lenient, self._keeps_untagged = lenient, keeps_untagged
        self._check = check
        self._alone = None if self._cleaning.splitting.always else alone
        # Catalogues repeat their tags, so what is found out about one is kept.
        self._parts = lru_cache(maxsize=1 << 16)(self._parts_of)

    def documents(
        self, records: Iterable[tuple[int, Record | Fault]]
    ) -> Iterator[tuple[int, Document | Fault]]:
        """Yield a document for each record, and the faults that there are, with their lines."""
        for line, record in records:
            if isinstance(record, Fault):
                self.account.fault(line, record.message)
                yield line, record
                continue
            try:
                item = self._document(record)
            except (CorpusError, TagError) as error:
                item = Fault(str(error))
            if isinstance(item, Fault):
                self.account.fault(line, item.message)
            if item is not None:
                yield line, item

    def _document(self, record: Record) -> Document | Fault | None:
        check_names(record.id, record.group)
        stated: dict[str, float | None] = {}
        fields: dict[str, str] = {}
        noted: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        for text, weight, field_name in record.tags:
            if weight is not None and weight <= 0:
                dropped["tags that weigh 0 or less"] += 1
                continue
            try:
                parts_of = self._parts if len(text) <= CACHED_LENGTH else self._parts_of
                parts = parts_of(text, field_name)
            except TagError as error:
                if not self._lenient:
                    raise
                dropped[f"tags that are none ({str(error).partition(';')[0].partition(':')[0]})"] += 1
                continue
            for what in parts.noted:
                noted[what] += 1
            for tag in parts.tags:
                if tag in stated:
                    noted["merged"] += 1
                before = stated.setdefault(tag, None)
                if weight is not None:
                    stated[tag] = checked_weight(tag, (before or 0) + weight)
                fields.setdefault(tag, field_name)
        document = self._filtered(Document.weighing(record.id, stated, record.group), dropped)
        checked = document if self._check is None else self._check(document)
        if isinstance(checked, Fault):
            return checked
        self._count(len(record.tags), noted, dropped)
        if not document.tags and not self._keeps_untagged:
            self.account.dropped["documents without a tag"] += 1
            return None
        self.account.add(document, fields)
        return document

    def _filtered(self, document: Document, dropped: Counter[str]) -> Document:
        heavy = document.strongest(self._cleaning.min_weight)
        if len(heavy.tags) < len(document.tags):
            least = f"tags that weigh less than {self._cleaning.min_weight:g}"
            dropped[least] += len(document.tags) - len(heavy.tags)
        kept = heavy.strongest(top=self._cleaning.top)
        if len(kept.tags) < len(heavy.tags):
            dropped[f"tags beyond the {self._cleaning.top} that weigh most"] += len(heavy.tags) - len(
                kept.tags
            )
        return kept

    def _count(self, n_written: int, noted: Counter[str], dropped: Counter[str]) -> None:
        self.account.written += n_written
        for name, n in noted.items():
            setattr(self.account, name, getattr(self.account, name) + n)
        self.account.dropped.update(dropped)

    def _parts_of(self, text: str, field_name: str) -> _Parts:
        separators = self._cleaning.splitting.at(field_name)
        if separators:
            whole = normalize_tag(text, MAX_JOINED_LENGTH)
            tags = [normalize_tag(part) for part in split_tag(whole, separators, self._alone)]
        else:
            tags = [normalized(text)]
        seen = {
            "split": len(tags) > 1,
            "decoded": decode_entities(text) != text,
            "trimmed": _has_blank_ends(text),
        }
        return _Parts(tuple(dict.fromkeys(tags)), tuple(what for what, so in seen.items() if so))


def _has_blank_ends(text: str) -> bool:
    bare = text.strip()
    return bool(bare) and any(unicodedata.category(sign) == "Cf" for sign in (bare[0], bare[-1]))
