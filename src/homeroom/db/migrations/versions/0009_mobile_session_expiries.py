"""Requests to end the sessions of mobile apps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "mobile_session_expiries",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("skip_admins", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mobile_session_expiries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mobile_session_expiries_state", "mobile_session_expiries", ["state", "id"])
