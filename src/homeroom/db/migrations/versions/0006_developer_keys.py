"""Developer keys get their fields, and accounts switch them on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Time

revision = "0006"
down_revision = "0005"

_OPTIONAL = (
    "email",
    "notes",
    "icon_url",
    "vendor_code",
    "sealed_secret",
    "public_jwk",
    "public_jwk_url",
    "redirect_uri",
)
# What the keys made before have: the default is for them only, and goes again.
_REQUIRED: tuple[tuple[str, Any, str], ...] = (
    ("client_type", sa.String(length=16), "'confidential'"),
    ("redirect_uris", sa.Text(), "'[]'"),
    ("visible", sa.Boolean(), "true"),
    ("test_cluster_only", sa.Boolean(), "false"),
    ("mobile", sa.Boolean(), "false"),
    ("pandata_app_keys", sa.Text(), "'[]'"),
)


def upgrade() -> None:
    with _developer_keys() as table:
        table.add_column(sa.Column("user_id", Id, nullable=True))
        for name in _OPTIONAL:
            table.add_column(sa.Column(name, sa.Text(), nullable=True))
        table.add_column(sa.Column("client_credentials_audience", sa.String(length=16), nullable=True))
        for name, kind, value in _REQUIRED:
            table.add_column(sa.Column(name, kind, nullable=False, server_default=sa.text(value)))
    with _developer_keys() as table:
        for name, kind, _value in _REQUIRED:
            table.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
        table.create_index("ix_developer_keys_account_id", ["account_id", "id"])
    op.create_table(
        "developer_key_bindings",
        sa.Column("id", Id, nullable=False),
        sa.Column("developer_key_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_developer_key_bindings_account_id")),
        sa.ForeignKeyConstraint(
            ["developer_key_id"], ["developer_keys.id"], name=op.f("fk_developer_key_bindings_developer_key_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_developer_key_bindings")),
        sa.UniqueConstraint("developer_key_id", "account_id", name=op.f("uq_developer_key_bindings_account")),
        sqlite_autoincrement=True,
    )


def _developer_keys() -> Any:
    # SQLite makes the table anew, and forgets what it cannot tell: that ids are never given out twice.
    return op.batch_alter_table("developer_keys", table_kwargs={"sqlite_autoincrement": True})
