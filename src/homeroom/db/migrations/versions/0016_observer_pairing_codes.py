"""Pairing codes of observers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "observer_pairing_codes",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("expires_at", Time(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_observer_pairing_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observer_pairing_codes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_observer_pairing_codes_user_id", "observer_pairing_codes", ["user_id", "expires_at"])
    op.create_index(
        "uq_observer_pairing_codes_digest",
        "observer_pairing_codes",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
