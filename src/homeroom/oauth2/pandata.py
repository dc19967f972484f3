"""Where mobile apps send their usage events: taken from whoever has a token for it, and not kept."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.access.pandata import AUDIENCE
from homeroom.school.access.signing import BadSignature, verify
from homeroom.school.access.vault import open_vault
from homeroom.school.errors import Refused
from homeroom.wire.request import Request
from homeroom.wire.routes import PUBLIC, Routes

route = Routes()


@route.post("/events", right=PUBLIC, writes=False, status=204)
def take_events(request: Request, db: Connection) -> None:
    """Take usage events."""
    token = (request.header(b"authorization") or "").removeprefix("Bearer ").strip()
    try:
        verify(db, open_vault(db, request.settings.secret_key), token, audience=AUDIENCE)
    except BadSignature:
        raise Refused("Invalid auth token", status=401) from None
