"""The tags of the store in today's spelling: HTML entities decoded, format characters at the ends dropped."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from models.normalizer import respelled

revision = "0008"
down_revision = "0007"

tags = sa.table("tags", sa.column("id", sa.BigInteger), sa.column("name", sa.Text))
document_tags = sa.table(
    "document_tags", sa.column("document_id", sa.BigInteger), sa.column("tag_id", sa.BigInteger)
)
PAIRS = (
    sa.table("tag_aliases", sa.column("alias", sa.Text), sa.column("target", sa.Text)),
    sa.table("dismissed_variants", sa.column("alias", sa.Text), sa.column("target", sa.Text)),
)


def upgrade() -> None:
    """Respell tags, tag aliases and dismissed pairs; what comes to share a spelling is joined."""
    connection = op.get_bind()
    for old, new in _respelled(connection, tags.c.name):
        _respell_tag(connection, old, new)
    for table in PAIRS:
        for old, new in _respelled(connection, table.c.target):
            _respell_target(connection, table, old, new)
        for old, new in _respelled(connection, table.c.alias):
            _respell_alias(connection, table, old, new)
        connection.execute(sa.delete(table).where(table.c.alias == table.c.target))


def downgrade() -> None:
    """Change nothing: the older normaliser leaves today's spelling as it is."""


def _respelled(connection: sa.Connection, column: sa.ColumnClause[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of a column that have another spelling now, with it; None where no tag is left."""
    texts = connection.execute(sa.select(column).where(column.is_not(None)).distinct()).scalars().all()
    yield from respelled(texts).items()


def _respell_tag(connection: sa.Connection, old: str, new: str | None) -> None:
    renamed = connection.scalar(sa.select(tags.c.id).where(tags.c.name == old))
    there = None if new is None else connection.scalar(sa.select(tags.c.id).where(tags.c.name == new))
    if new is not None and there is None:
        connection.execute(sa.update(tags).where(tags.c.id == renamed).values(name=new))
        return
    of_renamed = document_tags.c.tag_id == renamed
    if there is not None:
        holders = sa.select(document_tags.c.document_id).where(document_tags.c.tag_id == there)
        alone = of_renamed & document_tags.c.document_id.not_in(holders)
        connection.execute(sa.update(document_tags).where(alone).values(tag_id=there))
    connection.execute(sa.delete(document_tags).where(of_renamed))
    connection.execute(sa.delete(tags).where(tags.c.id == renamed))


def _respell_target(connection: sa.Connection, table: sa.TableClause, old: str, new: str | None) -> None:
    rows = connection.execute(sa.select(table.c.alias).where(table.c.target == old)).scalars().all()
    for alias in rows:
        row = (table.c.alias == alias) & (table.c.target == old)
        other = sa.select(table.c.alias).where(table.c.alias == alias, table.c.target == new)
        if new is None or connection.scalar(other) is not None:
            connection.execute(sa.delete(table).where(row))
        else:
            connection.execute(sa.update(table).where(row).values(target=new))


def _respell_alias(connection: sa.Connection, table: sa.TableClause, old: str, new: str | None) -> None:
    taken = sa.select(table.c.alias).where(table.c.alias == new)
    if new is None or connection.scalar(taken) is not None:
        connection.execute(sa.delete(table).where(table.c.alias == old))
    else:
        connection.execute(sa.update(table).where(table.c.alias == old).values(alias=new))
