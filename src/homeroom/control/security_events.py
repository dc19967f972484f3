"""What happened that matters for security, for admins of the whole school."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw, Struct
from sqlalchemy import Connection

from homeroom.control.contexts import require_reader_of_security_events
from homeroom.db.types import AnyRow
from homeroom.school.rights.actor import Actor
from homeroom.school.security.listing import EventFilter, security_events
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


class SecurityObjectJson(Struct):
    type: str
    id: int


class SecurityEventJson(Struct):
    id: int
    event: str
    created_at: datetime
    actor_id: int | None
    real_actor_id: int | None
    user_id: int | None
    object: SecurityObjectJson | None
    address: str | None
    request_id: str | None
    details: Raw
    count: int


class ListSecurityEvents(Struct):
    event: list[str] = []
    actor_id: RecordNumber | None = None
    user_id: RecordNumber | None = None
    address: str | None = None
    request_id: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


@route.get("/security_events", right=BY_POLICY, scope=False)
def list_security_events(
    params: Params[ListSecurityEvents], paging: Paging, actor: Actor, db: Connection
) -> Page[SecurityEventJson]:
    """List security events, the newest first."""
    require_reader_of_security_events(actor)
    which = EventFilter(
        kinds=params.event,
        actor_id=params.actor_id,
        user_id=params.user_id,
        address=params.address,
        request_id=params.request_id,
        since=params.start_time,
        until=params.end_time,
    )
    return paging.of(db, security_events(which), bookmarks=True).map(event_json)


def event_json(row: AnyRow) -> SecurityEventJson:
    about = None if row.object_id is None else SecurityObjectJson(row.object_type, row.object_id)
    return SecurityEventJson(
        row.id, row.kind, row.created_at, row.actor_id, row.real_actor_id, row.user_id, about, row.address,
        row.request_id, Raw(row.details.encode()), row.times,
    )  # fmt: skip
