"""How often people want which notification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "notification_preferences",
        sa.Column("communication_channel_id", Id, autoincrement=False, nullable=False),
        sa.Column("notification", sa.String(length=64), nullable=False),
        sa.Column("frequency", sa.String(length=16), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_channel_id"],
            ["communication_channels.id"],
            name=op.f("fk_notification_preferences_communication_channel_id"),
        ),
        sa.PrimaryKeyConstraint("communication_channel_id", "notification", name=op.f("pk_notification_preferences")),
        sqlite_autoincrement=False,
    )
