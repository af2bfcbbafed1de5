"""Reads the alias table and the junk list for the bundles in service."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.tag_aliases import alias_table, aliases_mark
from app.services.models.serving import Serving
from app.services.tags.resolve import TagRules


class RulesRefresher:
    """Publishes the tag rules of the store whenever they have changed.

    Parameters
    ----------
    engine
        The store.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._refreshing = Lock()  # from reading to publishing: earlier rules never replace later ones

    def refresh(self, servings: Sequence[Serving]) -> None:
        """Publish the rules to every serving whose rules are out of date.

        Raises
        ------
        StoreError
            If the store does not answer; the rules stay as they are.
        """
        with self._refreshing, transaction(self._engine, reads_only=True) as connection:
            mark = aliases_mark(connection)
            behind = [serving for serving in servings if serving.rules_mark != mark]
            if behind:
                rules = TagRules.of(alias_table(connection))
                for serving in behind:
                    serving.publish_rules(rules, mark)
