"""Locks rows that others may delete at the same time."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select

from homeroom.db import lock
from homeroom.school.ground.errors import NotFound


def hold(db: Connection, table: Table, id: int) -> None:
    """Lock the row until this transaction ends. Raises NotFound if somebody has already deleted it."""
    lock(db, table, [id])
    if db.execute(select(table.c.state).where(table.c.id == id)).scalar() in (None, "deleted"):
        raise NotFound(table.name)
