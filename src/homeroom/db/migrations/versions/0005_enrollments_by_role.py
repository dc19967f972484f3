"""An index for lists of people by their role in courses."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_enrollments_role_id", "enrollments", ["role_id", "user_id"])
