"""Authentication providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0013"
down_revision = "0012"
_LIVE_CANVAS = sa.text("state <> 'deleted' AND auth_type = 'canvas'")


def upgrade() -> None:
    op.create_table(
        "authentication_providers",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("auth_type", sa.String(length=32), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.Column("jit_provisioning", sa.Boolean(), nullable=False),
        sa.Column("login_attribute", sa.Text(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("sealed_secrets", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_authentication_providers_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authentication_providers")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_authentication_providers_account_id", "authentication_providers", ["account_id", "position", "id"]
    )
    op.create_index(
        "uq_authentication_providers_canvas",
        "authentication_providers",
        ["account_id"],
        unique=True,
        sqlite_where=_LIVE_CANVAS,
        postgresql_where=_LIVE_CANVAS,
    )
