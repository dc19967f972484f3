"""A calendar feed is found by its code."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("uq_users_calendar_code", "users", ["calendar_code"], unique=True)
