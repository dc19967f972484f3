"""Puts the faces together; the only module that knows all of them."""

from __future__ import annotations

from typing import Any

from homeroom.canvas.face import CANVAS
from homeroom.control.face import CONTROL
from homeroom.db import Database
from homeroom.oauth2.face import KEYS, OAUTH2, PANDATA
from homeroom.school import listeners as listeners
from homeroom.school.jobs.registry import Jobs
from homeroom.services.process import end_with_supervisor
from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import SafeFetch
from homeroom.settings import Settings, load_settings
from homeroom.web.face import WEB
from homeroom.wire.serving.notes import Notes
from homeroom.wire.serving.server import Server
from homeroom.wire.serving.services import Services
from homeroom.wire.serving.throttle import Buckets

FACES = (CANVAS, CONTROL, OAUTH2, KEYS, PANDATA, WEB)


def make_server(settings: Settings, *, background: bool = False) -> Server:
    """The server over an existing, migrated school. Without ``background`` notes wait for ``Server.flush``."""
    database = Database(settings.url, dev=settings.dev, secret_key=settings.secret_key)
    scopes = tuple(scope for face in FACES for scope in face.scopes)
    notes = Notes(database, background=background)
    jobs, remote = Jobs(database, settings), Remote(SafeFetch(settings.fetch_networks))
    return Server(FACES, Services(settings, database, jobs, Buckets(), notes, remote, scopes, FACES))


def create_app(settings: Settings | None = None) -> App:
    """The ASGI application that granian serves."""
    return App(make_server(settings or load_settings(), background=True))


class App:
    """The faces, and the start and the end of the process that serves them (ASGI's ``lifespan``)."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self.server(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()  # lifespan.startup
        end_with_supervisor()
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        self.server.close()
        self.server.services.close()
        await send({"type": "lifespan.shutdown.complete"})
