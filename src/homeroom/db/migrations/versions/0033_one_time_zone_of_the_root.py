"""The root account's time zone is stored only in its settings."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    accounts = sa.table(
        "accounts",
        *map(sa.column, ("id", "parent_account_id", "default_time_zone", "settings")),
        sa.column("is_site_admin", sa.Boolean),
    )
    db = op.get_bind()
    roots = sa.select(accounts.c.id, accounts.c.default_time_zone, accounts.c.settings).where(
        accounts.c.parent_account_id.is_(None), sa.not_(accounts.c.is_site_admin), accounts.c.default_time_zone != ""
    )
    for root in db.execute(roots).all():
        # Where both were set and differed, people saw the column.
        settings = json.dumps({**json.loads(root.settings), "default_time_zone": root.default_time_zone})
        db.execute(accounts.update().where(accounts.c.id == root.id).values(settings=settings, default_time_zone=None))
