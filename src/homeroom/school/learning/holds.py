"""Holding what others may delete at the same time: what must not interleave takes a lock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from homeroom.db import lock
from homeroom.school.errors import NotFound


def hold(db: Connection, table: Any, id: int) -> None:
    """Until this transaction ends nobody else deletes this row. Raises NotFound when somebody already has."""
    lock(db, table, [id])
    if db.execute(select(table.state).where(table.id == id)).scalar() in (None, "deleted"):
        raise NotFound(table.__tablename__)
