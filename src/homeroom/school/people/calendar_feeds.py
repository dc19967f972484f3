"""A person's calendar feed: a secret address that calendar programs read (users-core.md §11)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom.school.ground.errors import NotFound
from homeroom.school.schema import (
    User,
)
from homeroom.school.states import UserState


class CalendarOwner(NamedTuple):
    id: int
    name: str


def feed_path(code: str) -> str:
    """The path of the feed with this code."""
    return f"/feeds/calendars/user_{code}.ics"


def find_owner(db: Connection, code: str) -> CalendarOwner:
    """The person whose feed has this code. Raises NotFound, also for a deleted person."""
    row = db.execute(
        select(User.c.id, User.c.name).where(User.c.calendar_code == code, User.c.state != UserState.DELETED)
    ).first()
    if row is None:
        raise NotFound("calendar")
    return CalendarOwner(*row)


def code_of(db: Connection, user_id: int) -> str:
    """The secret code of this person's feed."""
    return str(db.execute(select(User.c.calendar_code).where(User.c.id == user_id)).scalar_one())
