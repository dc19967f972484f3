"""Facts about this installation, by name: its secret key, its signing key, whether it has the demo school."""

from __future__ import annotations

from sqlalchemy import Connection, select

from homeroom.db import insert_or_update
from homeroom.school.schema import SystemFact


def find_fact(db: Connection, name: str) -> str | None:
    return db.execute(select(SystemFact.c.value).where(SystemFact.c.name == name)).scalar()


def keep_fact(db: Connection, name: str, value: str) -> None:
    """Store the fact, in place of what it was before."""
    insert_or_update(db, SystemFact, [{"name": name, "value": value}], key=["name"], update=["value"])


def keep_first_fact(db: Connection, name: str, value: str) -> None:
    """Store the fact unless there is one: if two processes do this at the same time, the first one's counts."""
    insert_or_update(db, SystemFact, [{"name": name, "value": value}], key=["name"], update=[])
