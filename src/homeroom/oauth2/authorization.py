"""Asking for access: the checks, the question to the person, and the way back to the client (identity.md §2)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from homeroom.oauth2.errors import refused
from homeroom.oauth2.pages import PAGES
from homeroom.school.apps.oauth import clients, codes, tokens
from homeroom.school.apps.oauth.clients import USERINFO, Client
from homeroom.school.apps.oauth.codes import Grant
from homeroom.school.apps.oauth.errors import NothingPending, OAuthError
from homeroom.school.ground.urls import OUT_OF_BAND, origin_of
from homeroom.school.rights.actor import Actor
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import PUBLIC, Params, RawParams, Routes
from homeroom.wire.serving.services import Services

route = Routes()
CONFIRM = "/login/oauth2/confirm"
_KEPT = "oauth"
# Characters. What is asked for waits in a row while the person signs in, and anybody may ask.
LONGEST_STATE, LONGEST_PURPOSE, LONGEST_SCOPE = 4_000, 255, 65_536


class Authorize(Struct):
    client_id: str = ""
    response_type: str = ""
    redirect_uri: str = ""
    state: str | None = None
    scope: str = ""
    scopes: str = ""
    purpose: str | None = None
    force_login: bool = False
    unique_id: str = ""
    authentication_provider: str = ""
    canvas_login: bool = False
    prompt: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    code: str | None = None
    error: str | None = None


class Pending(Struct):
    """An authorization request that waits in the browser's session for the person's answer."""

    client_id: int
    redirect_uri: str
    scopes: list[str]
    state: str | None = None
    purpose: str | None = None
    code_challenge: str | None = None
    # With force_login: the session that was there before, which does not count.
    past_session: int | None = None
    # Which question the person read: another tab may have brought another one since.
    question: str = ""


@route.get("/oauth2/auth", right=PUBLIC, scope=False, writes=True)
def authorize(params: Params[Authorize], browser: Browser, actor: Actor, db: Connection) -> Answer:
    """Begin: check the request, then ask the person, who may have to sign in first."""
    if not params.client_id and (params.code is not None or params.error is not None):
        return PAGES.show(browser, "out_of_band.html", code=params.code, error=params.error)
    client = clients.find_client(db, params.client_id)
    if not clients.may_redirect_to(client, params.redirect_uri):
        raise OAuthError("invalid_request", "redirect_uri does not match client settings")
    if params.state is not None and len(params.state) > LONGEST_STATE:
        # Not told to the client: a state that is cut, or left out, is another one.
        raise OAuthError("invalid_request", f"state is longer than {LONGEST_STATE} characters")
    try:
        pending = _checked(db, client, params, actor)
    except OAuthError as error:
        return _tell_client(browser, params.redirect_uri, error, params.state)
    if params.prompt == "none":
        return _without_asking(db, browser, client, pending, actor)
    if actor.is_signed_in and not params.force_login and _need_not_ask(db, client, pending, actor):
        return _grant(db, client, pending, actor, remember=True)
    if params.force_login:
        pending.past_session = actor.session_id
    cookies = [browser.keep(db, _KEPT, msgspec.to_builtins(pending))]
    browser.keep(db, "form_action", _origins(pending))
    if actor.is_signed_in and not params.force_login:
        return redirect(CONFIRM, cookies)
    return redirect(_sign_in_address(params), [*cookies, browser.want(CONFIRM)])


@route.get("/oauth2/confirm", right=PUBLIC, scope=False)
def ask(browser: Browser, actor: Actor, services: Services, db: Connection) -> Answer:
    """The question: may this client act for you?"""
    pending = _pending(browser)
    if pending is None:
        return redirect("/login")
    if not _counts(pending, actor):
        return redirect("/login", [browser.want(CONFIRM)])
    return PAGES.show(
        browser,
        "confirm.html",
        form_action=_origins(pending),
        question=pending.question,
        client=clients.find_client(db, str(pending.client_id)),
        scopes=_in_words(pending.scopes, services),
        identity_only=pending.scopes == [USERINFO],
        leads_to=origin_of(pending.redirect_uri) if pending.redirect_uri != OUT_OF_BAND else "",
    )


class Accept(Struct):
    remember_access: bool = False
    question: str = ""


@route.post("/oauth2/accept", right=PUBLIC, scope=False)
def accept(params: Params[Accept], given: RawParams, browser: Browser, actor: Actor, db: Connection) -> Answer:
    """Yes: back to the client with a code."""
    pending = _pending(browser)
    if pending is None:
        raise NothingPending
    browser.require_genuine(given)
    if not _counts(pending, actor):
        return redirect("/login", [browser.want(CONFIRM)])
    if params.question and params.question != pending.question:
        # Yes was said to another client, or to less: the person is asked what is asked now.
        return redirect(CONFIRM)
    client = clients.find_client(db, str(pending.client_id))
    _forget(db, browser)
    try:
        # It may have been switched off while the question stood.
        clients.require_switched_on(db, actor.root, client)
    except OAuthError as error:
        return _tell_client(browser, pending.redirect_uri, error, pending.state)
    return _grant(db, client, pending, actor, remember=params.remember_access)


@route.get("/oauth2/deny", right=PUBLIC, scope=False, writes=True)
def deny(browser: Browser, db: Connection) -> Answer:
    """No: back to the client with that answer."""
    pending = _pending(browser)
    if pending is None:
        raise NothingPending
    _forget(db, browser)
    if pending.redirect_uri == OUT_OF_BAND:
        return redirect("/login/oauth2/auth?error=access_denied")
    return _back(pending.redirect_uri, {"error": "access_denied"}, pending.state)


def _sign_in_address(params: Authorize) -> str:
    provider = "canvas" if params.canvas_login else params.authentication_provider
    query = {"unique_id": params.unique_id, "authentication_provider": provider}
    given = {name: value for name, value in query.items() if value}
    return f"/login?{urlencode(given)}" if given else "/login"


def _checked(db: Connection, client: Client, params: Authorize, actor: Actor) -> Pending:
    """The checks whose errors go to the client, in the documented order. Raises OAuthError."""
    scopes = _scopes_asked(client, params)
    clients.require_switched_on(db, actor.root, client)
    if params.response_type != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is permitted")
    if params.prompt not in ("", "none"):
        raise OAuthError("unsupported_prompt_type", 'prompt must be "none" (or empty)')
    if params.purpose is not None and len(params.purpose) > LONGEST_PURPOSE:
        raise OAuthError("invalid_request", f"purpose is longer than {LONGEST_PURPOSE} characters")
    return Pending(
        client.id,
        params.redirect_uri,
        scopes,
        params.state,
        params.purpose,
        _challenge(client, params),
        question=secrets.token_urlsafe(16),
    )


def _scopes_asked(client: Client, params: Authorize) -> list[str]:
    """The scopes that will limit the token; none for a key that does not require scopes.

    A token of such a key may do everything, and the page must not promise less. Raises OAuthError.
    """
    text = params.scope or params.scopes
    if len(text) > LONGEST_SCOPE:
        raise OAuthError("invalid_scope", f"scope is longer than {LONGEST_SCOPE} characters")
    scopes = list(dict.fromkeys(text.split()))
    if scopes == [USERINFO]:
        return scopes
    if not client.require_scopes:
        return []
    missing = sorted(set(scopes) - client.allowed_scopes)
    if missing or not scopes:
        # Clients read the refused ones off the end.
        named = f" {_REFUSED_SCOPES}{english_list(missing)}" if missing else ""
        raise OAuthError("invalid_scope", f"{_INVALID_SCOPE}{named}")
    return scopes


_INVALID_SCOPE = "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner."
_REFUSED_SCOPES = "The following scopes were requested, but not granted: "


def english_list(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b, and c``."""
    if len(items) < 3:
        return " and ".join(items)
    return f"{', '.join(items[:-1])}, and {items[-1]}"


def _challenge(client: Client, params: Authorize) -> str | None:
    if not params.code_challenge and not params.code_challenge_method:
        if client.is_public:
            raise OAuthError("invalid_request", "A public client must send a code_challenge")
        return None
    if params.code_challenge_method != "S256" or not codes.is_challenge(params.code_challenge):
        raise OAuthError("invalid_request", "Only code_challenge_method=S256 is permitted")
    return params.code_challenge


def _without_asking(db: Connection, browser: Browser, client: Client, pending: Pending, actor: Actor) -> Answer:
    if not actor.is_signed_in:
        problem = OAuthError("login_required", "prompt=none but there is no current session")
    elif not _need_not_ask(db, client, pending, actor):
        problem = OAuthError(
            "interaction_required", "prompt=none but a token cannot be granted without user interaction"
        )
    else:
        return _grant(db, client, pending, actor, remember=True)
    return _tell_client(browser, pending.redirect_uri, problem, pending.state)


def _need_not_ask(db: Connection, client: Client, pending: Pending, actor: Actor) -> bool:
    return (
        pending.redirect_uri != OUT_OF_BAND
        and pending.scopes == [USERINFO]
        and tokens.remembered_consent(db, client, actor.id)
    )


def _grant(db: Connection, client: Client, pending: Pending, actor: Actor, *, remember: bool) -> Answer:
    grant = Grant(
        user_id=actor.id,
        real_user_id=actor.real_id if actor.is_masquerading else None,
        redirect_uri=pending.redirect_uri,
        scopes=pending.scopes,
        purpose=pending.purpose,
        code_challenge=pending.code_challenge,
        remember_access=remember,
    )
    code = codes.make_code(db, client, grant)
    if pending.redirect_uri == OUT_OF_BAND:
        return redirect(f"/login/oauth2/auth?{urlencode({'code': code})}")
    return _back(pending.redirect_uri, {"code": code}, pending.state)


def _tell_client(browser: Browser, redirect_uri: str, error: OAuthError, state: str | None) -> Answer:
    if redirect_uri == OUT_OF_BAND:
        return refused(error, browser.request)
    return _back(redirect_uri, {"error": error.error, "error_description": error.description}, state)


def _back(redirect_uri: str, values: dict[str, str], state: str | None) -> Answer:
    """To the client; a query that its address already has is kept."""
    query = urlencode(values if state is None else {**values, "state": state})
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}")


def _pending(browser: Browser) -> Pending | None:
    kept: Any = browser.kept.get(_KEPT)
    return msgspec.convert(kept, Pending) if kept is not None else None


def _forget(db: Connection, browser: Browser) -> None:
    browser.keep(db, _KEPT, None)
    if "form_action" in browser.kept:
        browser.keep(db, "form_action", None)


def _counts(pending: Pending, actor: Actor) -> bool:
    """Whether this session may answer: somebody is signed in, and has signed in again if the client asked for that."""
    return actor.is_signed_in and (pending.past_session is None or actor.session_id != pending.past_session)


def _origins(pending: Pending) -> list[str]:
    return [] if pending.redirect_uri == OUT_OF_BAND else [origin_of(pending.redirect_uri)]


def _in_words(scopes: list[str], services: Services) -> list[tuple[str, str]]:
    """What each scope allows, in words and as a route. Scopes without a route have only their name."""
    known = {scope.text: scope for scope in services.scopes}
    return [
        (known[text].summary, f"{known[text].verb} {known[text].path}") if text in known else (text, "")
        for text in scopes
    ]
