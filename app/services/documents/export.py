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
    without a tag is left out. Of tags that an alias joins on a document with weights, the weights add up.
    Groups are given only if every document names one, as training needs it.
    """
    with transaction(engine, reads_only=True, one_moment=True) as connection:
        rules = TagRules.of(alias_table(connection))
        grouped = every_document_has_a_group(connection)
        spelt: dict[str, str] = {}  # a tag is in memory once, on however many documents it is
        for document in all_documents(connection):
            meant: dict[str, float | None] = {}
            for tag, weight in document.weighted():
                target = rules.aliases.get(tag, tag)
                if target not in rules.junk:
                    target = spelt.setdefault(target, target)
                    # Without weights a tag is there or not, and two spellings of it are one.
                    meant[target] = None if document.weights is None else (meant.get(target) or 0) + weight
            if meant:
                yield Document.weighing(document.id, meant, document.group if grouped else None)
