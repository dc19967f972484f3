"""A root account has terms of service from the start."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        "INSERT INTO terms_of_service (account_id, terms_type, created_at, updated_at)"
        " SELECT id, 'default', created_at, created_at FROM accounts"
        " WHERE parent_account_id IS NULL AND NOT is_site_admin"
    )
