"""The OAuth2 face (identity.md §2), and where the tokens that it publishes keys for are used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from homeroom.oauth2 import authorization, keys, pandata, session_tokens, tokens
from homeroom.oauth2.errors import FOR_PROGRAMS, render_error
from homeroom.school.rights.actor import Actor
from homeroom.wire.browser.pages import PAGE_HEADERS, TermsNotAccepted
from homeroom.wire.http import api_errors
from homeroom.wire.http.request import Request
from homeroom.wire.serving.authentication import Caller, authenticate
from homeroom.wire.serving.face import Face


def _authenticate(caller: Caller, db: Connection) -> Actor:
    """Programs come with a token, browsers with a session; `accept` itself asks for the form's token."""
    last = caller.request.segments[-1]
    if last in FOR_PROGRAMS:
        return authenticate(db, caller.token, caller.params)
    actor = caller.browser.find_session(db).actor
    if last in _QUESTION and caller.browser.needs_terms:
        raise TermsNotAccepted
    return actor


# Pages like any other: who has not accepted the terms is sent there first, and comes back.
_QUESTION = frozenset(("confirm", "accept"))


def _no_token(_request: Request, _params: dict[str, Any]) -> None:
    """What comes as a bearer token here is not an access token."""


OAUTH2 = Face(
    name="OAuth2",
    prefix="/login",
    resources=(authorization.route, tokens.route, session_tokens.route),
    error=render_error,
    authenticate=_authenticate,
    headers=PAGE_HEADERS,
    caching="no-store",
    documented=False,
)
KEYS = Face(name="Keys", prefix="/login", resources=(keys.route,), error=api_errors.render_error)
PANDATA = Face(
    name="Pandata",
    prefix="/pandata",
    resources=(pandata.route,),
    error=api_errors.render_error,
    token_of=_no_token,
)
