"""Locks rows that others may delete at the same time."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select

from homeroom.db import lock
from homeroom.school.ground.errors import NotFound
from homeroom.school.schema import Account, Course


def hold(db: Connection, table: Table, id: int) -> None:
    """Lock the row until this transaction ends. Raises NotFound if somebody has already deleted it."""
    lock(db, table, [id])
    _require_living(db, table, id)


def keep(db: Connection, table: Table, id: int) -> None:
    """Until this transaction ends nobody deletes this row, and others may keep it too: something is made in it.

    Raises NotFound when somebody has deleted it.
    """
    lock(db, table, [id], shared=True)
    _require_living(db, table, id)


def keep_account_of(db: Connection, course_id: int) -> None:
    """Until this transaction ends the course's account stays where it is: who comes in belongs to those above it."""
    if db.dialect.name == "postgresql":
        account = select(Account.c.id).join(Course, Course.c.account_id == Account.c.id).where(Course.c.id == course_id)
        db.execute(account.with_for_update(read=True, of=Account))


def _require_living(db: Connection, table: Table, id: int) -> None:
    if db.execute(select(table.c.state).where(table.c.id == id)).scalar() in (None, "deleted"):
        raise NotFound(table.name)
