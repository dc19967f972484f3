"""Scopes: one for each documented route, and what a token with scopes may call (identity.md §3, basics.md §9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from homeroom.wire.routing.routes import Route

# Whoever has a token may always give it back.
_ALWAYS = "/login/oauth2/token"
_PARTS = re.compile(r":\w+|\*\w+|[()]")


class Scope(NamedTuple):
    """A route as a scope: ``text`` is ``url:GET|/api/v1/users/:id``, ``path`` its part after the bar.

    ``summary`` says it in words, ``right`` which permission the route asks.
    """

    resource: str
    action: str
    verb: str
    path: str
    text: str
    summary: str
    right: str


def scope_text(method: str, path: str) -> str:
    return f"url:{method}|{path}"


def scopes_of(prefix: str, routes: Iterable[Route]) -> list[Scope]:
    """The scopes of these routes of a face, by resource and path."""
    found = {
        Scope(
            route.resource,
            route.name,
            route.method,
            prefix + route.path,
            scope_text(route.method, prefix + route.path),
            route.summary,
            route.right,
        )
        for route in routes
        if route.scope
    }
    return sorted(found, key=lambda scope: (scope.resource, scope.path, scope.verb))


def covers(granted: Iterable[str], text: str, method: str, path: str) -> bool:
    """Whether one of the granted scopes is the route's own ``text``, or fits this method and raw path."""
    granted = frozenset(granted)
    if text in granted or path == _ALWAYS:
        return True
    call = f"{method} {path.rstrip('/')}"
    return any(pattern.fullmatch(call) for scope in granted if (pattern := _pattern(scope)) is not None)


@lru_cache(maxsize=4_096)
def _pattern(scope: str) -> re.Pattern[str] | None:
    """``:seg`` is one segment, ``*glob`` anything, ``( )`` may be absent, an extension may follow."""
    verb, bar, path = scope.removeprefix("url:").partition("|")
    if not bar or not scope.startswith("url:"):
        return None
    pattern, at = "", 0
    for part in _PARTS.finditer(path):
        pattern += re.escape(path[at : part.start()]) + _meaning(part.group())
        at = part.end()
    return re.compile(rf"{re.escape(verb)} {pattern}{re.escape(path[at:])}(?:\.[A-Za-z0-9]+)?")


def _meaning(part: str) -> str:
    if part == "(":
        return "(?:"
    if part == ")":
        return ")?"
    return "[^/]+" if part.startswith(":") else ".+"
