"""What happened that matters for security, for admins of the whole school."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw, Struct
from sqlalchemy import Connection, select

from homeroom.control.contexts import require_reader_of_security_events
from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import Refused
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import SecurityEvent
from homeroom.school.security.events import KINDS
from homeroom.wire.params.paging import Order, Page, Paging
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
    page = paging.of(
        db, _matching(params), Order(SecurityEvent.c.id, SecurityEvent.c.id, descending=True), bookmarks=True
    )
    return page.map(event_json)


def _matching(wanted: ListSecurityEvents) -> AnySelect:
    for name in wanted.event:
        if name not in KINDS:
            raise Refused(f"There is no event {name[:40]!r}; there are {', '.join(KINDS)}.")
    table = SecurityEvent.c
    rows = select(
        table.id, table.kind, table.created_at, table.actor_id, table.real_actor_id, table.user_id, table.object_type,
        table.object_id, table.address, table.request_id, table.details,
        table.count.label("times"),
    )  # fmt: skip
    if wanted.event:
        rows = rows.where(table.kind.in_(wanted.event))
    for column, value in (
        (table.actor_id, wanted.actor_id),
        (table.user_id, wanted.user_id),
        (table.address, wanted.address),
        (table.request_id, wanted.request_id),
    ):
        if value is not None:
            rows = rows.where(column == value)
    if wanted.start_time is not None:
        rows = rows.where(table.created_at >= wanted.start_time)
    if wanted.end_time is not None:
        rows = rows.where(table.created_at <= wanted.end_time)
    return rows


def event_json(row: AnyRow) -> SecurityEventJson:
    about = None if row.object_id is None else SecurityObjectJson(row.object_type, row.object_id)
    return SecurityEventJson(
        row.id, row.kind, row.created_at, row.actor_id, row.real_actor_id, row.user_id, about, row.address,
        row.request_id, Raw(row.details.encode()), row.times,
    )  # fmt: skip
