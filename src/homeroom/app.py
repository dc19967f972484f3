"""Puts the faces together; the only module that knows all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

# Its job is registered by nobody who needs it.
import homeroom.school.access.housekeeping  # noqa: F401
from homeroom.canvas.face import CANVAS
from homeroom.control.face import CONTROL
from homeroom.db import Database
from homeroom.oauth2.face import KEYS, OAUTH2, PANDATA
from homeroom.school.jobs import Jobs
from homeroom.services.process import end_with_supervisor
from homeroom.settings import Settings, load_settings
from homeroom.web.face import WEB
from homeroom.wire.notes import Notes
from homeroom.wire.server import Server
from homeroom.wire.services import Services
from homeroom.wire.throttle import Buckets

FACES = (CANVAS, CONTROL, OAUTH2, KEYS, PANDATA, WEB)


def make_server(settings: Settings, *, background: bool = False) -> Server:
    """The server over an existing, migrated school. Without ``background`` notes wait for ``Server.flush``."""
    database = Database(settings.url, dev=settings.dev)
    scopes = tuple(scope for face in FACES for scope in face.scopes)
    notes = Notes(database, background=background)
    return Server(FACES, Services(settings, database, Jobs(database, settings), Buckets(), notes, scopes, FACES))


def create_app(settings: Settings | None = None) -> Litestar:
    """The ASGI application that granian serves."""
    server = make_server(settings or load_settings(), background=True)

    @asgi("/", is_mount=True, copy_scope=False)
    async def faces(scope: Scope, receive: Receive, send: Send) -> None:
        await server(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        end_with_supervisor()
        yield
        server.close()
        server.services.close()

    return Litestar([faces], lifespan=[lifespan], openapi_config=None, logging_config=None)
