"""Web sessions, and counts of what was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", Id),
        sa.Column("real_user_id", Id),
        sa.Column("login_id", Id),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("last_seen_at", Time(), nullable=False),
        sa.Column("expires_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_web_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_web_sessions_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])
    op.create_index("ix_web_sessions_real_user_id", "web_sessions", ["real_user_id"])
    op.create_index("ix_web_sessions_expires_at", "web_sessions", ["expires_at"])
    op.create_table(
        "attempt_counts",
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("count", Id, nullable=False),
        sa.Column("ends_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_attempt_counts")),
    )
    op.create_index("ix_attempt_counts_ends_at", "attempt_counts", ["ends_at"])
