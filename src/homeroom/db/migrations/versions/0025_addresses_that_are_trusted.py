"""Addresses that were confirmed are trusted, and so is the first one of each person, which they came with.

Mail that was never sent, or was sent, keeps no link: its text goes.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute(
        """
        UPDATE communication_channels SET trusted = true
        WHERE state = 'active' OR (state = 'unconfirmed' AND NOT EXISTS (
            SELECT 1 FROM communication_channels older
            WHERE older.user_id = communication_channels.user_id AND older.id < communication_channels.id))
        """
    )
    op.execute("UPDATE mail_messages SET text_body = '', html_body = NULL WHERE state <> 'queued'")
