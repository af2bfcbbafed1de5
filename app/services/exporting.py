"""The store's documents as training reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Engine

from app.db.aliases import alias_table
from app.db.documents import all_documents
from app.db.engine import transaction
from app.services.rules import TagRules


def cleaned_documents(engine: Engine) -> Iterator[str]:
    """Yield each document as a line of JSONL: aliases followed first, then junk left out.

    Documents are read in one transaction, so the export is the store of one moment. A document that is
    left without a tag is left out. `group` is written only if every document names one, as training asks.
    """
    with transaction(engine, reads_only=True) as connection:
        rules = TagRules.of(alias_table(connection))
        grouped = all(document.group is not None for document in all_documents(connection))
        for document in all_documents(connection):
            meant = dict.fromkeys(rules.aliases.get(tag, tag) for tag in document.tags)
            tags = [tag for tag in meant if tag not in rules.junk]
            if tags:
                group = {"group": document.group} if grouped else {}
                yield json.dumps({"id": document.id, "tags": tags, **group}, ensure_ascii=False) + "\n"
