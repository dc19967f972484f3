"""Every text of the directory ends with a line break: its last two characters begin a trigram as well."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    line = "char(10)" if op.get_bind().dialect.name == "sqlite" else "chr(10)"
    for text in ("name_text", "login_text", "sis_text", "email_text"):
        op.execute(f"UPDATE directory SET {text} = {text} || {line} WHERE {text} <> ''")
