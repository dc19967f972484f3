"""Courses have settings, and say with their accounts whether students may look into them outside the dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0022"
_NAMES = ("restrict_student_past_view", "restrict_student_future_view")


def upgrade() -> None:
    for name in _NAMES:
        op.add_column("accounts", sa.Column(name, sa.Boolean(), nullable=True))
        locked = sa.Column(f"{name}_locked", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column("accounts", locked)
        op.add_column("courses", sa.Column(name, sa.Boolean(), nullable=True))
    op.add_column("courses", sa.Column("settings", sa.Text(), nullable=False, server_default="{}"))
