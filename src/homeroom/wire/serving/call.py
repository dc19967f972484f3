"""One call on its way: through the server, and through a route."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from homeroom.school.rights.actor import Actor
from homeroom.school.security.events import Event, Origin
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import Route
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.services import Services
from homeroom.wire.serving.throttle import Bucket, Stopwatch


class OutsideTransaction(RuntimeError):
    """The call's transaction is not open. It is a mistake in a route, such as a ``prepare`` step that asks for it."""

    def __init__(self) -> None:
        super().__init__(
            "This call has no open transaction here: a prepare step runs between two of them, and takes what it needs "
            "as values, or opens one of its own (services.database)."
        )


class Call:
    """One call: what HTTP said is its ``request``, all the rest is here. The source of a handler's arguments.

    ``face`` is the first of the house until a route is found. ``failure``: what went wrong unexpectedly, for the log.
    """

    __slots__ = (
        "_browser", "_db", "actor", "bucket", "contexts", "face", "failure", "is_broken", "is_throttled", "params",
        "prepared", "request", "route", "services", "token", "values", "watch",
    )  # fmt: skip

    actor: Actor

    def __init__(self, request: Request, services: Services, face: Face) -> None:
        self.watch = Stopwatch()
        self.request = request
        self.services = services
        self.face = face
        self.route: Route | None = None
        # Of the path, by name.
        self.values: dict[str, Any] = {}
        self.params: dict[str, Any] = {}
        self.token: str | None = None
        self.bucket: Bucket | None = None
        self.contexts: dict[str, Any] = {}
        self.prepared: Any = None
        self.failure: Exception | None = None
        # Its body did not come whole, or not in time.
        self.is_broken = False
        self.is_throttled = False
        self._browser: Browser | None = None
        self._db: Connection | None = None

    @property
    def db(self) -> Connection:
        """The transaction in which the handler runs. Raises OutsideTransaction."""
        if self._db is None:
            raise OutsideTransaction
        return self._db

    def enter(self, db: Connection) -> None:
        """From here on the call is in this transaction."""
        self._db = db

    def leave(self) -> None:
        """The transaction is about to end."""
        self._db = None

    @property
    def browser(self) -> Browser:
        if self._browser is None:
            self._browser = Browser(self.request)
        return self._browser

    @property
    def origin(self) -> Origin:
        """Who asks, for a security event."""
        actor: Actor | None = getattr(self, "actor", None)
        if actor is None or not actor.id:
            return Origin(None, None, self.request.remote_ip, self.request.id)
        real = actor.real_id if actor.is_masquerading else None
        return Origin(actor.id, real, self.request.remote_ip, self.request.id)

    def report(self, event: Event) -> None:
        self.services.reports.add(event)

    def forget_browser(self) -> None:
        """Begin anew with what the browser sent: the session that a first try started was undone."""
        self._browser = None
