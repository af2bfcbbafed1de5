"""Catalogues as corpora: users' own files and publishers' dumps, in the formats of `models.catalogues`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.catalogues.account import Account
from models.catalogues.document import Document
from models.catalogues.formats import FORMATS, Format, format_named
from models.catalogues.reading import Catalogue, Reading, open_catalogue
from models.catalogues.records import Fault
from models.errors import CorpusError, shown
from training.corpora.download import Download
from training.corpora.published import digests
from training.corpus import Provenance, TagCorpus

ANY = "catalogue"
"""The collection whose format is recognised from its content."""

NAMES = (ANY, *FORMATS)


@dataclass(frozen=True)
class CatalogueCollection:
    """The collection of a format, or of whatever format fits."""

    SOURCE: str
    LICENCE: str
    LAYOUT: str
    format: str | None
    CITATION: str = "none"
    DOCUMENTS: str = "your own"
    CHECKSUMS: Mapping[str, str | None] = field(default_factory=dict)
    DOWNLOAD: Download | None = None

    def load(
        self,
        path: Path | str | None,
        reading: Reading | None = None,
        account: Account | None = None,
        skip_faulty: bool = False,
    ) -> TagCorpus:
        """Load a catalogue; tags are sorted, documents come in the order of the catalogue.

        Parameters
        ----------
        path
            The file, folder or archive, or ``PATH::MEMBER`` of an archive.
        reading
            How to read it.
        account
            Counts what was read and what was done to it.
        skip_faulty
            Whether to go on after a line of a user's own file that holds no document. What cannot be read
            of a publisher's dump or of a folder of music is always left out, and counted.

        Raises
        ------
        CorpusError
            If it cannot be read, a line is faulty, an id comes twice, or only some documents name a group.
        """
        if path is None:
            raise CorpusError(f"a path is needed: {self.LAYOUT}")
        reading = Reading() if reading is None else reading
        if self.format is not None:
            reading = replace(reading, format=self.format)
        account = Account() if account is None else account
        try:
            catalogue = open_catalogue(path, reading)
        except CorpusError as error:
            raise CorpusError(f"{error}; expected: {self.LAYOUT}") from None
        rules = catalogue.rules
        documents = _distinct(catalogue, account, skip_faulty or not rules.OWN)
        corpus = TagCorpus.from_documents(
            catalogue.format, documents, Provenance(rules.SOURCE, self.CITATION, rules.LICENCE)
        )
        return replace(corpus, provenance=replace(corpus.provenance, files=_digests(catalogue, corpus)))


def catalogue_collection(name: str) -> CatalogueCollection:
    """Return the collection of a format's name, or of `ANY`."""
    if name == ANY:
        layout = f"a file, folder or archive in a format that its content shows: {', '.join(FORMATS)}"
        return CatalogueCollection("the user's own catalogue", "the user's own", layout, None)
    rules: Format = format_named(name)
    return CatalogueCollection(rules.SOURCE, rules.LICENCE, rules.LAYOUT, name)


def _distinct(catalogue: Catalogue, account: Account, skip_faulty: bool) -> Iterator[Document]:
    first_line: dict[str, int] = {}
    name = catalogue.source.name
    for line, item in catalogue.scan(account):
        if isinstance(item, Fault):
            if not skip_faulty:
                raise CorpusError(f"{name}, line {line}: {item.message}")
            continue
        if first_line.setdefault(item.id, line) != line:
            first = first_line[item.id]
            raise CorpusError(f"{name}, line {line}: id {shown(item.id)} comes again; first on line {first}")
        yield item
    if not first_line and account.faults:
        line, message = account.faults[0]
        raise CorpusError(
            f"{name} holds no document; {account.n_faults} faults, the first in line {line}: {message}"
        )


def _digests(catalogue: Catalogue, corpus: TagCorpus) -> dict[str, str]:
    """Return the SHA-256 of the file; of a folder, that of the documents in it."""
    path = catalogue.source.path
    if path.is_file():
        return digests({path.name: path}, {}, copy="none")
    return {"documents": corpus.fingerprint}
