"""Bookmarks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "bookmarks",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bookmarks_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookmarks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookmarks_user_id", "bookmarks", ["user_id", "position", "id"], unique=False)
