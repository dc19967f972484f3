"""Of sections that share an integration id, the oldest keeps it: the id names one section from now on."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    # An id that was never checked may also be too long for PostgreSQL's index.
    op.execute(
        """
        UPDATE course_sections SET integration_id = NULL
        WHERE state <> 'deleted' AND (length(integration_id) > 255 OR EXISTS (
            SELECT 1 FROM course_sections older
            WHERE older.root_account_id = course_sections.root_account_id
              AND older.integration_id = course_sections.integration_id
              AND older.state <> 'deleted' AND older.id < course_sections.id))
        """
    )
