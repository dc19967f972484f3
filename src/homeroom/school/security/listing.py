"""The list of security events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.listing import Listing, as_it_is, by
from homeroom.school.schema import SecurityEvent
from homeroom.school.security.events import KINDS


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; what is not given does not narrow the list."""

    kinds: Sequence[str] = ()
    actor_id: int | None = None
    user_id: int | None = None
    address: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_table = SecurityEvent.c
_ROWS = select(
    _table.id, _table.kind, _table.created_at, _table.actor_id, _table.real_actor_id, _table.user_id,
    _table.object_type, _table.object_id, _table.address, _table.request_id, _table.details,
    _table.count.label("times"),
)  # fmt: skip


def security_events(which: EventFilter) -> Listing[AnyRow]:
    """The events, the newest first. Raises Refused for a kind that there is not."""
    for name in which.kinds:
        if name not in KINDS:
            raise Refused(f"There is no event {name[:40]!r}; there are {', '.join(KINDS)}.")
    rows = _ROWS.where(_table.kind.in_(which.kinds)) if which.kinds else _ROWS
    for column, value in (
        (_table.actor_id, which.actor_id),
        (_table.user_id, which.user_id),
        (_table.address, which.address),
        (_table.request_id, which.request_id),
    ):
        if value is not None:
            rows = rows.where(column == value)
    if which.since is not None:
        rows = rows.where(_table.created_at >= which.since)
    if which.until is not None:
        rows = rows.where(_table.created_at <= which.until)
    return Listing(rows, by(_table.id, descending=True), as_it_is)
