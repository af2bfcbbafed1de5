"""The weight of each tag of a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; the tags that are there weigh 1."""
    op.add_column("document_tags", sa.Column("weight", sa.Double, nullable=False, server_default="1"))


def downgrade() -> None:
    """Drop it, and the weights with it."""
    op.drop_column("document_tags", "weight")
