"""A database with the cast in it, made once, and quickly put back before each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, select, text

from homeroom.db import Database
from homeroom.db.migrate import migrate
from homeroom.school.schema import METADATA
from tests.support import cast


def build_sqlite_template(folder: Path) -> tuple[Path, dict[str, int]]:
    """A file that tests copy."""
    file = folder / "template.db"
    ids = build_database(f"sqlite:///{file}")
    return file, ids


def build_database(url: str) -> dict[str, int]:
    """Make the tables and put the cast in."""
    database = Database(url)
    migrate(database, METADATA)
    with database.write() as db:
        ids = cast.build(db)
    if database.is_sqlite:
        with database.engine.connect() as db:
            db.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    database.close()
    return ids


class PostgresqlTemplate:
    """A database of this test process. ``restore`` empties every table and puts the cast back: some 20 ms."""

    def __init__(self, server_url: str) -> None:
        self.name = f"homeroom_test_{os.getpid()}"
        self._admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
        with self._admin.connect() as db:
            db.execute(text(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'))
            db.execute(text(f"CREATE DATABASE \"{self.name}\" ENCODING 'UTF8' TEMPLATE template0"))
        self.url = make_url(server_url).set(database=self.name).render_as_string(hide_password=False)
        self.database = Database(self.url, pool_size=2)
        with self.database.engine.begin() as db:
            METADATA.create_all(db)
        with self.database.write() as db:
            db.execute(text("SET LOCAL synchronous_commit = off"))
            self.ids = cast.build(db)
        self._tables = list(METADATA.sorted_tables)
        with self.database.read() as db:
            self._rows: list[tuple[Any, list[dict[str, Any]]]] = [
                (table, [dict(row._mapping) for row in db.execute(select(table))]) for table in self._tables
            ]

    def restore(self) -> None:
        with self.database.write() as db:
            db.execute(text("SET LOCAL synchronous_commit = off"))
            db.exec_driver_sql(";".join(f'DELETE FROM "{table.name}"' for table in reversed(self._tables)))
            if db.execute(text("SELECT to_regclass('jobs_task')")).scalar():
                # The queue, which the first job makes.
                db.exec_driver_sql("DELETE FROM jobs_task; DELETE FROM jobs_counter")
            for table, rows in self._rows:
                if rows:
                    db.execute(table.insert(), rows)
            db.exec_driver_sql(
                ";".join(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                    f' greatest((SELECT max(id) FROM "{table.name}"), 0) + 1, false)'
                    for table in self._tables
                    if "id" in table.columns
                )
            )

    def drop(self) -> None:
        self.database.close()
        with self._admin.connect() as db:
            db.execute(text(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'))
        self._admin.dispose()


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database that is gone afterwards."""
    name = f"homeroom_scratch_{os.getpid()}_{secrets.token_hex(4)}"
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as db:
            db.execute(text(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as db:
            db.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()
