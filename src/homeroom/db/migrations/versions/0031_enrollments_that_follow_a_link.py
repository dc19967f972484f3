"""An observer's enrollment says whether it follows a link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

# One that is older than the end of its pair's link followed it, even if it outlived it: doctor tells of those.
FOLLOWING = """
    UPDATE enrollments SET follows_link = (1 = 1)
    WHERE type = 'ObserverEnrollment' AND EXISTS (
        SELECT 1 FROM observer_links l
        WHERE l.observer_id = enrollments.user_id AND l.student_id = enrollments.associated_user_id
        AND (l.state = 'active' OR l.updated_at >= enrollments.created_at)
    )
"""


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("follows_link", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The column says nothing without this, so the data does not travel apart.
    op.execute(sa.text(FOLLOWING))
