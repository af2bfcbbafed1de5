"""A catalogue opened: its format, and its documents, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.catalogues.account import Account
from models.catalogues.cleaning import MAX_JOINED_LENGTH, Check, Cleaner, Cleaning
from models.catalogues.compression import damage_reported
from models.catalogues.document import Document
from models.catalogues.fields import Fields
from models.catalogues.formats import Format, format_named, identify
from models.catalogues.records import Fault, Record, Records
from models.catalogues.source import Source
from models.errors import CorpusError, TagError
from models.normalizer import normalize_tag


@dataclass(frozen=True)
class Reading:
    """How to read a catalogue.

    Attributes
    ----------
    format
        One of `models.catalogues.formats.FORMATS`; by default the one that its content shows.
    fields
        Which fields hold what.
    cleaning
        What to do to its tags.
    """

    format: str | None = None
    fields: Fields = field(default_factory=Fields)
    cleaning: Cleaning = field(default_factory=Cleaning)


@dataclass(frozen=True)
class Catalogue:
    """A catalogue, to be read once or several times.

    Attributes
    ----------
    source, format, why
        Where it is, the format it was recognised as, and the evidence for that.
    reading
        How it is read.
    """

    source: Source
    format: str
    why: str
    reading: Reading

    @property
    def rules(self) -> Format:
        """The module of its format."""
        return format_named(self.format)

    def scan(
        self, account: Account | None = None, check: Check | None = None
    ) -> Iterator[tuple[int, Document | Fault]]:
        """Yield (line, document or fault), going on after a fault; `account` counts them.

        `check` may refuse a document by returning a fault.

        Where joined strings are split, the catalogue is read twice: first for the tags that stand alone.

        Raises
        ------
        CorpusError
            If it cannot be read, or is damaged.
        """
        account = Account() if account is None else account
        account.format, account.why = self.format, self.why
        splitting = self.reading.cleaning.splitting
        cleaner = Cleaner(
            self.reading.cleaning,
            account,
            lenient=not self.rules.OWN,
            keeps_untagged=self.rules.OWN or self.format in ("beets", "folder"),
            alone=self._written_alone() if splitting.separators and not splitting.always else (),
            check=check,
        )
        yield from cleaner.documents(self._records())

    def documents(self, account: Account | None = None) -> Iterator[tuple[int, Document]]:
        """Yield (line, document) of a catalogue that must be sound throughout.

        Raises
        ------
        CorpusError
            At the first fault, naming file, line and what was seen.
        """
        for line, item in self.scan(account):
            if isinstance(item, Fault):
                raise CorpusError(f"{self.source.name}, line {line}: {item.message}")
            yield line, item

    def _records(self) -> Records:
        with damage_reported(self.source.name):
            yield from self.rules.scan(self.source, self.reading.fields)

    def _written_alone(self) -> set[str]:
        """Return all tags as they are written, normalised."""
        alone: set[str] = set()
        known: set[str] = set()
        for _, record in self._records():
            if isinstance(record, Record):
                for tag in record.tags:
                    if tag.text not in known:
                        known.add(tag.text)
                        try:
                            alone.add(normalize_tag(tag.text, MAX_JOINED_LENGTH))
                        except TagError:
                            continue
        return alone


def open_catalogue(path: Path | str, reading: Reading | None = None) -> Catalogue:
    """Return the catalogue at a path, or at ``PATH::MEMBER`` of an archive.

    Raises
    ------
    CorpusError
        If there is nothing there, it cannot be read, or no format fits.
    """
    reading = Reading() if reading is None else reading
    source = Source.at(path)
    with damage_reported(source.name):
        source, format, why = identify(source, reading.fields, reading.format)
    reading.fields.refuse_all_but(format_named(format).FIELDS, format)
    return Catalogue(source, format, why, reading)
