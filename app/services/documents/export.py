"""The store's documents as training reads them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from app.db.documents import all_documents, every_document_has_a_group
from app.db.engine import transaction
from app.db.tag_aliases import alias_table
from app.services.tags.resolve import TagRules
from models.catalogues.document import Document


def cleaned_documents(engine: Engine) -> Iterator[Document]:
    """Yield each document in the memory of a page: aliases followed first, then junk left out.

    Documents are read in one transaction, so they are the store of one moment. A document that is left
    without a tag is left out. Groups are told only if every document names one, as training asks.
    """
    with transaction(engine, reads_only=True, one_moment=True) as connection:
        rules = TagRules.of(alias_table(connection))
        grouped = every_document_has_a_group(connection)
        spelt: dict[str, str] = {}  # a tag is in memory once, on however many documents it is
        for document in all_documents(connection):
            meant = dict.fromkeys(rules.aliases.get(tag, tag) for tag in document.tags)
            tags = tuple(spelt.setdefault(tag, tag) for tag in meant if tag not in rules.junk)
            if tags:
                yield Document(document.id, tags, document.group if grouped else None)
