"""One call on its way through a route."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from homeroom.school.rights.actor import Actor
from homeroom.school.security.events import Event, Origin
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.request import Request
from homeroom.wire.serving.services import Services
from homeroom.wire.serving.throttle import Stopwatch


class Call:
    """One call: the source of a handler's arguments."""

    __slots__ = (
        "_browser", "actor", "contexts", "db", "params", "prepared", "request", "services", "token", "values", "watch",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        services: Services,
        values: dict[str, Any],
        params: dict[str, Any],
        token: str | None,
        watch: Stopwatch,
    ) -> None:
        self.watch = watch
        self.request = request
        self.services = services
        self.values = values
        self.params = params
        self.token = token
        self.contexts: dict[str, Any] = {}
        self.prepared: Any = None
        self.actor: Actor
        self.db: Connection
        self._browser: Browser | None = None

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
