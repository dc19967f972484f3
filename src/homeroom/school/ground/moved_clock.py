"""The clock moved while developing: one row that every process reads when a transaction opens (homeroom.md §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.school.ground.events import announce
from homeroom.school.schema import MovedClock


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """``clock.now()`` is another time, perhaps an earlier one. What was made later than now must not last longer, or
    begin later, than if it were made now (docs/decisions/0012).
    """


def move(db: Connection, now: datetime, *, frozen: bool) -> None:
    """Set the clock to ``now``, frozen or running on from there. This transaction already has the new time."""
    offset = now - clock.real_now()
    row = {"id": 1, "offset_seconds": offset.total_seconds(), "frozen_at": now.isoformat() if frozen else None}
    insert_or_update(db, MovedClock, [row], key=["id"], update=["offset_seconds", "frozen_at"])
    clock.set_shift(clock.Shift(offset, now if frozen else None))
    announce(db, ClockMoved())


def restore(db: Connection) -> None:
    """Return to real time."""
    db.execute(delete(MovedClock))
    clock.set_shift(clock.NO_SHIFT)
    announce(db, ClockMoved())
