"""A school of any size, made set-based, for measuring."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Index, insert, select
from sqlalchemy.schema import CreateIndex

from homeroom.db import Database
from homeroom.db.migrate import migrate
from homeroom.school.people.names import search_key, sort_key
from homeroom.school.schema import (
    METADATA,
    CommunicationChannel,
    DirectoryEntry,
    Login,
    User,
    UserAccountAssociation,
    search,
)
from homeroom.school.seed.first_start import is_empty, set_up

TOKEN = "benchmark-token-0123456789"
FIRST = ("Ana", "Ben", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Ivo", "Jun", "Kofi", "Lea", "Māra", "Noor")
LAST = ("García", "Müller", "Nakamura", "Okafor", "Petrov", "Quinn", "Rossi", "Sato", "Tanaka", "Ünal", "Vega", "Wong")
_START = datetime(2024, 1, 1, tzinfo=UTC)
_CHUNK = 5_000


def make_school(database: Database, people: int, progress: Any = None) -> None:
    """Set a school up and fill it with this many people, each with a login, an e-mail and a directory row."""
    migrate(database, METADATA)
    with database.write() as db:
        if is_empty(db):
            set_up(db, name="Benchmark", token=TOKEN, password="", password_hash="")
    with database.read() as db:
        first = int(db.execute(select(User.c.id).order_by(User.c.id.desc()).limit(1)).scalar_one()) + 1
    with _without_indexes(database):
        for start in range(first, first + people, _CHUNK):
            with database.write() as db:
                _add(db, range(start, min(start + _CHUNK, first + people)))
            if progress:
                progress(start + _CHUNK - first)
    with database.engine.connect() as db:
        db.exec_driver_sql("ANALYZE")
        db.commit()


@contextmanager
def _without_indexes(database: Database) -> Iterator[None]:
    """Fill the tables first and sort them afterwards: each index is made at once, and the search index too."""
    indexes = [index for table in _COLUMNS for index in sorted(table.indexes, key=lambda index: index.name)]
    indexes = [index for index in indexes if _is_here(index, database)]
    names = [f"directory_search_{event}" for event in ("insert", "delete", "update")]
    with database.write() as db:
        for index in indexes:
            db.exec_driver_sql(f"DROP INDEX IF EXISTS {index.name}")
        if database.is_sqlite:
            for name in names:
                db.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for column in search.COLUMNS:
                db.exec_driver_sql(f"DROP INDEX ix_directory_{column}")
    yield
    with database.write() as db:
        for index in indexes:
            db.execute(CreateIndex(index))
        if database.is_sqlite:
            db.exec_driver_sql("INSERT INTO directory_search (directory_search) VALUES ('rebuild')")
            for statement in search.SQLITE:
                if statement.startswith("CREATE TRIGGER"):
                    db.exec_driver_sql(statement)
        else:
            for statement in search.POSTGRESQL:
                if statement.startswith("CREATE INDEX"):
                    db.exec_driver_sql(statement)


def _is_here(index: Index, database: Database) -> bool:
    return not str(index.name).endswith("_desc") or not database.is_sqlite


def _add(db: Connection, ids: range) -> None:
    rows = list(_people(ids))
    for table, columns in _COLUMNS.items():
        db.execute(insert(table), [{name: row[source] for name, source in columns.items()} for row in rows])


_COLUMNS: dict[Any, dict[str, str]] = {
    User: {
        "id": "id", "uuid": "uuid", "name": "name", "sortable_name": "sortable", "short_name": "name", "state": "state",
        "avatar_state": "none", "calendar_code": "uuid", "created_at": "created_at", "updated_at": "created_at",
    },
    Login: {
        "user_id": "id", "account_id": "root", "unique_id": "login", "unique_id_key": "login", "sis_user_id": "sis",
        "state": "active", "created_at": "created_at", "updated_at": "created_at",
    },
    CommunicationChannel: {
        "user_id": "id", "type": "email_type", "address": "email", "address_key": "email", "state": "active",
        "created_at": "created_at", "updated_at": "created_at",
    },
    UserAccountAssociation: {"user_id": "id", "account_id": "root", "sort_key": "sort_key"},
    DirectoryEntry: {
        "user_id": "id", "sort_key": "sort_key", "name_key": "name_key", "login_db_id": "id", "login_id": "login",
        "login_key": "login", "sis_user_id": "sis", "email": "email", "email_key": "email",
        "last_login_at": "last_login",
        "name_text": "name_text", "login_text": "login", "sis_text": "sis_text", "email_text": "email",
    },
}  # fmt: skip


def _people(ids: range) -> Iterator[dict[str, Any]]:
    chance = random.Random(ids.start)
    for id_ in ids:
        first, last = chance.choice(FIRST), chance.choice(LAST)
        middle = f"{chance.randrange(36**4):x}"
        name = f"{first} {middle.title()} {last}"
        sortable = f"{last}, {first} {middle.title()}"
        sis = f"S{id_:08d}"
        yield {
            "id": id_,
            "uuid": f"{id_:040d}",
            "name": name,
            "sortable": sortable,
            "state": "registered",
            "active": "active",
            "none": "none",
            "root": 1,
            "email_type": "email",
            "login": f"user{id_}",
            "sis": sis,
            "sis_text": sis.lower(),
            "email": f"user{id_}@example.edu",
            "sort_key": sort_key(sortable),
            "name_key": sort_key(name),
            "name_text": search_key(name),
            "created_at": _START + timedelta(minutes=id_),
            "last_login": _START + timedelta(hours=chance.randrange(20_000)) if id_ % 3 else None,
        }
