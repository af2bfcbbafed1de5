"""Documents, tags, and which document holds which tag."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "documents",
        sa.Column("id", Key, sa.Identity(), primary_key=True),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("group_name", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("external_id", name="uq_documents_external_id"),
    )
    op.create_index("ix_documents_updated_at", "documents", ["updated_at"])
    op.create_table(
        "tags",
        sa.Column("id", Key, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="uq_tags_name"),
    )
    op.create_table(
        "document_tags",
        sa.Column("document_id", Key, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag_id", Key, sa.ForeignKey("tags.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_document_tags_tag_id", "document_tags", ["tag_id", "document_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("document_tags")
    op.drop_table("tags")
    op.drop_table("documents")
