"""The trigram index of the directory: FTS5 on SQLite, pg_trgm on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Connection, Table, event

from homeroom.school.schema.people import DirectoryEntry

COLUMNS = ("name_text", "login_text", "sis_text", "email_text")
_names = ", ".join(COLUMNS)
_new = ", ".join(f"new.{name}" for name in COLUMNS)
_old = ", ".join(f"old.{name}" for name in COLUMNS)
_changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in COLUMNS)
_forget = f"INSERT INTO directory_search (directory_search, rowid, {_names}) VALUES ('delete', old.user_id, {_old});"  # noqa: S608
_learn = f"INSERT INTO directory_search (rowid, {_names}) VALUES (new.user_id, {_new});"  # noqa: S608

SQLITE = (
    f"CREATE VIRTUAL TABLE directory_search USING fts5({_names}, "
    "content='directory', content_rowid='user_id', tokenize='trigram')",
    # Which sequences of three characters there are, in order: those that begin with two given ones are a short range.
    "CREATE VIRTUAL TABLE directory_trigrams USING fts5vocab('directory_search', 'row')",
    f"CREATE TRIGGER directory_search_insert AFTER INSERT ON directory BEGIN {_learn} END",
    f"CREATE TRIGGER directory_search_delete AFTER DELETE ON directory BEGIN {_forget} END",
    f"CREATE TRIGGER directory_search_update AFTER UPDATE ON directory WHEN {_changed} BEGIN {_forget} {_learn} END",
)
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    *(f"CREATE INDEX ix_directory_{name} ON directory USING gin ({name} gin_trgm_ops)" for name in COLUMNS),
)


def create_search_index(db: Connection) -> None:
    """Make the index over the directory table of a fresh database."""
    for statement in SQLITE if db.dialect.name == "sqlite" else POSTGRESQL:
        db.exec_driver_sql(statement)


@event.listens_for(DirectoryEntry, "after_create")
def _with_the_directory(_target: Table, connection: Connection, **_: object) -> None:
    create_search_index(connection)
