"""Follows model aliases that another replica has moved."""

from __future__ import annotations

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.model_aliases import stored_aliases
from app.services.models.registry import Registry


class ModelAliasFollower:
    """Makes a registry serve what the store's model aliases say.

    Parameters
    ----------
    engine
        The store.
    registry
        The bundles in service.
    """

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry

    def follow(self) -> None:
        """Read the model aliases and serve the bundles that they name.

        Raises
        ------
        StoreError
            If the store does not answer; every alias serves what it served.
        """
        # Held from reading to following, so that an alias moved meanwhile is not moved back.
        with self._registry.moving:
            with transaction(self._engine, reads_only=True) as connection:
                aliases = stored_aliases(connection)
            self._registry.follow({alias.name: alias.model for alias in aliases})
