"""Security events are kept as rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, State, Time

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "security_events",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", State(32), nullable=False),
        sa.Column("actor_id", Id, nullable=True),
        sa.Column("real_actor_id", Id, nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("object_type", sa.String(length=32), nullable=True),
        sa.Column("object_id", Id, nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("count", Id, nullable=False),
        sa.Column("counts_for", sa.String(length=160), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
        sa.UniqueConstraint("counts_for", name=op.f("uq_security_events_counts_for")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_security_events_actor_id", "security_events", ["actor_id", "id"])
    op.create_index("ix_security_events_created_at", "security_events", ["created_at"])
    op.create_index("ix_security_events_kind", "security_events", ["kind", "id"])
    op.create_index("ix_security_events_user_id", "security_events", ["user_id", "id"])
