"""Signing a person out everywhere (identity.md §5)."""

from __future__ import annotations

from sqlalchemy import Connection, update

from homeroom import clock
from homeroom.school.ground.events import announce, listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.people.events import SignedOutEverywhere
from homeroom.school.schema import User
from homeroom.school.security.events import record


def sign_out_everywhere(db: Connection, user_id: int) -> None:
    """End every browser session and token of the person, and every masquerade by them or as them."""
    db.execute(update(User).where(User.c.id == user_id).values(last_logged_out_at=clock.now()))
    record(db, "sessions_ended", user_id=user_id)
    announce(db, SignedOutEverywhere(user_id))


@listen(ClockMoved)
def _sign_out_by_now(db: Connection, _event: ClockMoved) -> None:
    # Otherwise nobody who was signed out later than now could sign in before that time.
    now = clock.now()
    db.execute(update(User).where(User.c.last_logged_out_at > now).values(last_logged_out_at=now))
