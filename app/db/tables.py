"""The store's tables, as this version of the code expects them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite counts rows by itself only in a column that is exactly INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

documents = Table(
    "documents",
    metadata,
    Column("id", Key, Identity(), primary_key=True),
    Column("external_id", Text, nullable=False, unique=True),
    Column("group_name", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, index=True),
)

tags = Table(
    "tags",
    metadata,
    Column("id", Key, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

tag_aliases = Table(
    "tag_aliases",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("target", Text),  # none: the alias is junk
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the secret
    Column("scope", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

dismissed_variants = Table(
    "dismissed_variants",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", Text, primary_key=True),  # of the token in the cookie
    Column("key_id", Text, ForeignKey("api_keys.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("status", Text, nullable=False),  # queued, running, done, failed, cancelled
    Column("request", JSON, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer),
    Column("result", JSON),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("heard_at", DateTime(timezone=True), nullable=False),  # when its worker last gave a sign
    Column("finished_at", DateTime(timezone=True)),
    Index("ix_evaluations_status", "status", "heard_at"),
)

model_aliases = Table(
    "model_aliases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("model", Text, nullable=False),  # NAME@VERSION
    Column("previous", Text),
    Column("revision", Integer, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("owner", Text),  # the process at work on it; none: finished, or free to be taken up
    Column("progress", JSON, nullable=False),
    Column("status", Integer),  # of the answer; none: not finished
    Column("answer", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False, index=True),
)

document_tags = Table(
    "document_tags",
    metadata,
    Column("document_id", Key, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Key, ForeignKey("tags.id"), primary_key=True),
    Column("weight", Double, nullable=False, server_default="1"),
    Index("ix_document_tags_tag_id", "tag_id", "document_id"),
    sqlite_with_rowid=False,
)
