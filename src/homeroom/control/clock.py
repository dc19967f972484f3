"""Homeroom's time, moved while developing (homeroom.md §5)."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Connection

from homeroom import clock
from homeroom.control.contexts import require_development
from homeroom.school.ground import moved_clock
from homeroom.school.ground.errors import Refused
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import seconds
from homeroom.wire.routing.routes import BY_POLICY, RawParams, Routes
from homeroom.wire.serving.services import Services

route = Routes()

# Further away than any school, near enough that a date and some years more is still one.
_EARLIEST, _LATEST = 1970, 2200
_NAMES = ("now", "frozen")
_NOT_OURS = ("access_token", "as_user_id")


class ClockChange(Struct):
    now: datetime
    frozen: bool = False


class ClockJson(Struct):
    now: datetime | None
    frozen: bool


@route.get("/clock", right=BY_POLICY)
def show_clock(actor: Actor, services: Services) -> ClockJson:
    """Show Homeroom's time."""
    require_development(actor, services.settings)
    return clock_json()


@route.put("/clock", right=BY_POLICY, takes=ClockChange)
def move_clock(params: RawParams, actor: Actor, services: Services, db: Connection) -> ClockJson:
    """Move Homeroom's time, to stand still or to run on from there."""
    require_development(actor, services.settings)
    now, frozen = _wanted(params)
    moved_clock.move(db, now, frozen=frozen)
    return clock_json()


@route.delete("/clock", right=BY_POLICY)
def return_to_real_time(actor: Actor, services: Services, db: Connection) -> ClockJson:
    """Return to real time."""
    require_development(actor, services.settings)
    moved_clock.restore(db)
    return clock_json()


def clock_json() -> ClockJson:
    return ClockJson(seconds(clock.now()), clock.is_frozen())


def _wanted(params: dict[str, object]) -> tuple[datetime, bool]:
    """The wanted time. Raises the error for anything that cannot be understood."""
    for name in params:
        if name not in _NAMES and name not in _NOT_OURS:
            raise Refused(f"The clock has no {name!r}; it has now and frozen.")
    frozen = params.get("frozen", False)
    if not isinstance(frozen, bool):
        raise Refused("frozen must be true or false.")
    return _time(params.get("now")), frozen


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Refused("now must be a time with its zone, such as 2026-01-31T10:00:00Z.")
    # Asked of the year as it is written: near the ends of what a date can be there is no other zone.
    if not _EARLIEST <= time.year <= _LATEST:
        raise Refused(f"now must be between the years {_EARLIEST} and {_LATEST}.")
    return time.astimezone(UTC)
