"""The language of accounts, which nothing read, goes: the root account's is one of its settings."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.drop_column("accounts", "default_locale")
