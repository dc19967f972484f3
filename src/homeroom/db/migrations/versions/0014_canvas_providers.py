"""Every root account has the provider that is its own passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(
        sa.text(
            "INSERT INTO authentication_providers"
            " (account_id, auth_type, position, jit_provisioning, settings, state, created_at, updated_at)"
            " SELECT id, 'canvas', 1, false, '{}', 'active', created_at, created_at FROM accounts"
            " WHERE parent_account_id IS NULL AND NOT is_site_admin"
        )
    )
