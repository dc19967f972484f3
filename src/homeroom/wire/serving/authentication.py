"""Authentication: bearer tokens, sessions and masquerading (basics.md §1, §7; identity.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection

from homeroom.db import digest_of
from homeroom.school.people.users.queries import user_id_of
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in.credentials import actor_of_token, find_root, masquerade
from homeroom.wire.browser.browser import Browser, session_cookie_of
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import parse_id


class Caller(Protocol):
    """What authentication looks at; a ``Call`` has it."""

    request: Request
    token: str | None
    params: dict[str, Any]

    @property
    def browser(self) -> Browser: ...


Authenticate = Callable[[Caller, Connection], Actor]


def by_token(caller: Caller, db: Connection) -> Actor:
    """Authentication of the API faces."""
    return authenticate(db, caller.token, caller.params)


def by_token_or_session(caller: Caller, db: Connection) -> Actor:
    """The way of the Canvas API: a token, else the browser's session (identity.md §1)."""
    if caller.token is not None or session_cookie_of(caller.request) is None:
        return authenticate(db, caller.token, caller.params)
    return authenticate_browser(db, caller.browser, caller.params, writes=caller.request.method != "GET")


def nobody(_caller: Caller, db: Connection) -> Actor:
    """Authentication of routes that ignore credentials."""
    return Actor(root=find_root(db))


def token_in(request: Request, params: dict[str, Any]) -> str | None:
    """The bearer token sent, in the header or as the parameter ``access_token``. The scheme is compared exactly."""
    header = request.header(b"authorization")
    if header is not None and header.startswith("Bearer "):
        return header[7:].strip() or None
    parameter = params.get("access_token")
    return parameter if isinstance(parameter, str) and parameter else None


def authenticate(db: Connection, token: str | None, params: dict[str, Any]) -> Actor:
    """The actor of this request, masquerading done; nobody (``id`` 0) without credentials.

    Raises BadToken or BadMasquerade.
    """
    if token is None:
        return Actor(root=find_root(db))
    return acting_as(db, actor_of_token(db, digest_of(token)), params)


def authenticate_browser(db: Connection, browser: Browser, params: dict[str, Any], *, writes: bool) -> Actor:
    """The actor of the session's cookie; nobody without a session. Raises ForgedRequest for a change without the
    session's token, and BadMasquerade.
    """
    actor = browser.find_session(db).actor
    if not actor.is_signed_in:
        return actor
    if writes:
        browser.require_genuine(params)
    return acting_as(db, actor, params)


def acting_as(db: Connection, actor: Actor, params: dict[str, Any]) -> Actor:
    """The actor, or the one that ``as_user_id`` says (basics.md §7). Raises BadMasquerade."""
    wanted = params.get("as_user_id")
    if wanted is None or wanted == "":
        return actor
    return masquerade(db, actor, user_id_of(db, actor, parse_id("user", str(wanted))))
