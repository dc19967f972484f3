"""A face: one wire format, its routes, and what its requests have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import Route, Routes
from homeroom.wire.routing.scopes import Scope, scope_text, scopes_of
from homeroom.wire.serving.authentication import Authenticate, by_token, token_in


@dataclass(frozen=True)
class Face:
    """One wire format: where it stands, its routes, and how it says that something went wrong."""

    name: str
    prefix: str
    resources: Sequence[Routes]
    error: Callable[[Exception, Request], Answer]
    authenticate: Authenticate = by_token
    # Canvas throttles and reports costs on its API; pages and other faces do not.
    throttled: bool = False
    token_of: Callable[[Request, dict[str, Any]], str | None] = token_in
    # Go with every answer of the face, refusals too.
    headers: Sequence[tuple[str, str]] = field(default=())
    # Who may keep an answer that says nothing of it itself: the browser of the person alone, and never unasked.
    caching: str = "max-age=0, private, must-revalidate"
    # Pages for people have no place in docs/api and in the OpenAPI document.
    documented: bool = True
    # Its routes are what a developer key with scopes can be given.
    scoped: bool = False
    # Where it answers for paths that no route has, if that is more than its prefix.
    answers_below: str = ""
    # Whether a form says the same as JSON; not where values have types that text has not.
    takes_forms: bool = True

    def scope_text(self, route: Route) -> str:
        """The documented scope of a route: ``url:GET|/api/v1/users/:id``."""
        return scope_text(route.method, self.prefix + route.path)

    @cached_property
    def sent_headers(self) -> list[tuple[bytes, bytes]]:
        """``headers`` as they are sent."""
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]

    @cached_property
    def sent_caching(self) -> tuple[bytes, bytes]:
        """``caching`` as it is sent."""
        return b"cache-control", self.caching.encode("latin-1")

    @property
    def territory(self) -> str:
        return self.answers_below or self.prefix

    @property
    def scopes(self) -> list[Scope]:
        """The scopes that a developer key can be given on this face."""
        return scopes_of(self.prefix, self.routes) if self.scoped else []

    @property
    def routes(self) -> list[Route]:
        return [route for resource in self.resources for route in resource.all]
