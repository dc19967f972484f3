"""The trigrams of the directory in order, so that two characters are found by them too."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE directory_trigrams USING fts5vocab('directory_search', 'row')")
