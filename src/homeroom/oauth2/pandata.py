"""Where mobile apps send their usage events: taken from whoever has a token for it, and not kept."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.apps.pandata import AUDIENCE
from homeroom.school.apps.signing import BadSignature, verify
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.vault import open_vault
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()


@route.post("/events", right=PUBLIC, writes=False, status=204)
def take_events(request: Request, db: Connection) -> None:
    """Take usage events."""
    token = (request.header(b"authorization") or "").removeprefix("Bearer ").strip()
    try:
        verify(db, open_vault(db), token, audience=AUDIENCE)
    except BadSignature:
        raise Refused("Invalid auth token", status=401) from None
