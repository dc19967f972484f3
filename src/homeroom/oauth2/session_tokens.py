"""`GET /login/session_token`: from an access token to a browser's session, once (identity.md §2)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.apps import session_tokens
from homeroom.school.ground.errors import Refused
from homeroom.school.rights.actor import Actor
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.entering import Entering, enter
from homeroom.wire.browser.own_addresses import path_of_ours
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, SELF_ONLY, Params, Routes

route = Routes()


class ReturnTo(Struct):
    return_to: str = ""


class SessionUrlJson(Struct):
    """An address that signs a browser in when it is opened within five minutes; it works once."""

    session_url: str


@route.get("/session_token", right=SELF_ONLY, scope=False, writes=True)
def session_token(params: Params[ReturnTo], actor: Actor, request: Request, db: Connection) -> SessionUrlJson:
    """A URL that opens a web session for the token's user."""
    path = path_of_ours(params.return_to or "/", request)
    if path is None:
        raise Refused("return_to must be a URL of this host")
    real_user = actor.real_id if actor.is_masquerading else None
    token = session_tokens.make(db, actor.id, real_user)
    return SessionUrlJson(session_tokens.with_token(request.base_url + path, token))


class Entrance(Struct):
    session_token: str = ""
    return_to: str = ""


@route.get("/session", right=PUBLIC, scope=False, writes=True)
def use_session_token(
    params: Params[Entrance], actor: Actor, browser: Browser, request: Request, db: Connection
) -> Answer:
    """Where a page with ``session_token`` sends its browser: sign in, and back to the page.

    A token is no second factor: it is asked for, as after a password.
    """
    path = path_of_ours(params.return_to, request) or "/"
    entrance = session_tokens.use(db, params.session_token)
    if entrance is None:
        return redirect(path)
    entering = Entering(
        user_id=entrance.user_id,
        login_id=entrance.login_id,
        real_user_id=entrance.real_user_id,
        by_token=True,
        goes_to=path,
    )
    return enter(db, browser, actor.root, entering)
