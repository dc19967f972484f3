"""A refresh token that another one has taken the place of is remembered, so that a copy of it is noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "spent_refresh_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("access_token_id", Id, nullable=False),
        sa.Column("expires_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_token_id"], ["access_tokens.id"], name=op.f("fk_spent_refresh_tokens_access_token_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_refresh_tokens")),
    )
    for column in ("access_token_id", "expires_at"):
        op.create_index(op.f(f"ix_spent_refresh_tokens_{column}"), "spent_refresh_tokens", [column], unique=False)
