"""Notices that wait for a daily or weekly summary."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "waiting_notices",
        sa.Column("id", Id, nullable=False),
        sa.Column("communication_channel_id", Id, nullable=False),
        sa.Column("notification", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("send_at", Time(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_channel_id"],
            ["communication_channels.id"],
            name=op.f("fk_waiting_notices_communication_channel_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_notices")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_waiting_notices_communication_channel_id", "waiting_notices", ["communication_channel_id", "send_at"]
    )
    op.create_index("ix_waiting_notices_send_at", "waiting_notices", ["send_at"])
