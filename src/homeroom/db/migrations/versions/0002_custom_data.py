"""Custom data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Key, Time

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "custom_data_documents",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("namespace", Key, nullable=False),
        sa.Column("size", Id, nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_custom_data_documents_user_id")),
        sa.PrimaryKeyConstraint("user_id", "namespace", name=op.f("pk_custom_data_documents")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "custom_data_leaves",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("namespace", Key, nullable=False),
        sa.Column("path", Key, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_custom_data_leaves_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_data_leaves")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_custom_data_leaves_path", "custom_data_leaves", ["user_id", "namespace", "path"], unique=True)
