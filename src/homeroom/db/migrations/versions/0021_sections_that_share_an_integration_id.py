"""Of sections that share an integration id, the oldest keeps it: the id names one section from now on."""

from __future__ import annotations

import logging

from alembic import op

log = logging.getLogger("homeroom.db.migrations")

revision = "0021"
down_revision = "0020"


_CLEARED = """
    state <> 'deleted' AND (length(integration_id) > 255 OR EXISTS (
        SELECT 1 FROM course_sections older
        WHERE older.root_account_id = course_sections.root_account_id
          AND older.integration_id = course_sections.integration_id
          AND older.state <> 'deleted' AND older.id < course_sections.id))
"""


def upgrade() -> None:
    # An id that was never checked may also be too long for PostgreSQL's index.
    rows = op.get_bind().exec_driver_sql(f"SELECT id, integration_id FROM course_sections WHERE {_CLEARED} ORDER BY id")
    for id_, integration_id in rows.all():
        log.warning(
            "Section %s has no integration id any more; it was %.80r, which is not its alone.", id_, integration_id
        )
    op.execute(f"UPDATE course_sections SET integration_id = NULL WHERE {_CLEARED}")
