"""Courses have settings; they and accounts close courses to students outside the dates; nicknames can be sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Key

revision = "0028"
down_revision = "0027"
_VIEWS = ("restrict_student_past_view", "restrict_student_future_view")


def upgrade() -> None:
    for name in _VIEWS:
        op.add_column("accounts", sa.Column(name, sa.Boolean(), nullable=True))
        op.add_column("accounts", sa.Column(f"{name}_locked", sa.Boolean(), nullable=False, server_default=sa.false()))
        op.add_column("courses", sa.Column(name, sa.Boolean(), nullable=True))
    op.add_column("courses", sa.Column("settings", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("course_nicknames", sa.Column("sort_key", Key, nullable=False, server_default=sa.text("''")))
