"""Locks rows that others may delete at the same time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from homeroom.db import lock
from homeroom.school.ground.errors import NotFound


def hold(db: Connection, table: Any, id: int) -> None:
    """Lock the row until this transaction ends. Raises NotFound if somebody has already deleted it."""
    lock(db, table, [id])
    if db.execute(select(table.state).where(table.id == id)).scalar() in (None, "deleted"):
        raise NotFound(table.__tablename__)
