"""Terms of service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "terms_of_service",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("terms_type", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_terms_of_service_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_of_service")),
        sa.UniqueConstraint("account_id", name=op.f("uq_terms_of_service_account_id")),
        sqlite_autoincrement=True,
    )
