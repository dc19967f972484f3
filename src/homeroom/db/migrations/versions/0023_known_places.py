"""Where people have signed in before, and when something was tried last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "known_places",
        sa.Column("id", Id, nullable=False),
        sa.Column("login_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("last_used_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["login_id"], ["logins.id"], name=op.f("fk_known_places_login_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_places")),
        sa.UniqueConstraint("login_id", "digest", name=op.f("uq_known_places_login_id_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_known_places_last_used_at", "known_places", ["last_used_at"])
    op.add_column("attempt_counts", sa.Column("last_at", Time(), nullable=True))
