"""Signing in by an OpenID provider: the way there, and the way back (homeroom.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.vault import open_vault
from homeroom.school.people.users.notices import send_notice
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import attempts
from homeroom.school.sign_in.authentication_providers.queries import OPENID
from homeroom.school.sign_in.openid import discovery, flow, people
from homeroom.school.sign_in.openid.discovery import OpenIdProvider
from homeroom.school.sign_in.openid.errors import NOT_FINISHED, TOO_OFTEN, UNKNOWN, SignInFailed
from homeroom.school.sign_in.openid.flow import Began
from homeroom.web.sign_in import WantedPage, show_problem, wanting
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()
# The address that is registered with the provider; Canvas's, so that a school need not register another one.
CALLBACK = "/login/oauth2/callback"
_KEPT = "openid"
# Failures from one network address in attempts.WINDOW: each has us call the provider.
_TRIES_PER_ADDRESS = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the step outside any transaction: the provider and its answer, or the reason of the failure."""

    provider: OpenIdProvider | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    problem: SignInFailed | None = None


def _find(services: Services, request: Request, actor: Actor, text: str) -> OpenIdProvider:
    with services.database.read() as db:
        vault = open_vault(db)
        provider = discovery.load(db, vault, actor.root.id, text)
    return discovery.discovered(services.remote, provider)


def _first(services: Services, request: Request, actor: Actor) -> Outcome:
    return _named(OPENID, services, request, actor)


def _named(id: str, services: Services, request: Request, actor: Actor) -> Outcome:
    try:
        return Outcome(_find(services, request, actor, id))
    except SignInFailed as problem:
        return Outcome(problem=problem)


@route.get("/login/openid_connect", right=PUBLIC, scope=False, writes=True, prepare=_first, outside=True)
def begin(
    params: Params[WantedPage],
    ready: Prepared[Outcome],
    actor: Actor,
    browser: Browser,
    request: Request,
    db: Connection,
) -> Answer:
    """To the account's first OpenID provider."""
    return _begin(params, ready, actor, browser, request, db)


@route.get("/login/openid_connect/:id", right=PUBLIC, scope=False, writes=True, prepare=_named, outside=True)
def begin_with(
    id: str,
    params: Params[WantedPage],
    ready: Prepared[Outcome],
    actor: Actor,
    browser: Browser,
    request: Request,
    db: Connection,
) -> Answer:
    """To this provider."""
    return _begin(params, ready, actor, browser, request, db)


def _begin(
    params: WantedPage, ready: Outcome, actor: Actor, browser: Browser, request: Request, db: Connection
) -> Answer:
    if ready.problem is not None or ready.provider is None:
        return _failed(db, browser, actor, ready.problem)
    began = flow.begin(ready.provider)
    cookie = browser.keep(db, _KEPT, msgspec.to_builtins(began))
    url = flow.authorize_url(ready.provider, began, request.own_address + CALLBACK, params.unique_id)
    return redirect(url, [cookie, *wanting(params, browser, request)])


class Arrival(Struct):
    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""


def _arrive(params: Params[Arrival], browser: Browser, services: Services, request: Request, actor: Actor) -> Outcome:
    try:
        began = flow.require_own(_began(browser), params.state)
        if params.error:
            raise SignInFailed(NOT_FINISHED)
        _count_try(services, request)
        provider = _find(services, request, actor, str(began.provider_id))
        claims = flow.finish(services.remote, provider, began, params.code, params.iss, request.own_address + CALLBACK)
    except SignInFailed as problem:
        return Outcome(problem=problem)
    return Outcome(provider, claims)


def _count_try(services: Services, request: Request) -> None:
    with services.database.write() as db:
        admitted = attempts.count(db, _address_name(request), _TRIES_PER_ADDRESS)
    if not admitted:
        raise SignInFailed(TOO_OFTEN, status=429)


def _address_name(request: Request) -> str:
    return attempts.from_address("openid", request.remote_ip)


@route.get("/login/oauth2/callback", right=PUBLIC, scope=False, writes=True, prepare=_arrive, outside=True)
def arrive(
    params: Params[Arrival],
    ready: Prepared[Outcome],
    browser: Browser,
    request: Request,
    actor: Actor,
    db: Connection,
) -> Answer:
    """Back from the provider: sign in, and go on to the page that was wanted."""
    try:
        # Asked again, for a state is good once: two answers at the same time are one too many.
        flow.require_own(_began(browser), params.state)
        browser.keep(db, _KEPT, None)
        if ready.problem is not None or ready.provider is None:
            return _failed(db, browser, actor, ready.problem)
        entrant = people.enter(db, ready.provider, ready.claims)
    except SignInFailed as problem:
        return _failed(db, browser, actor, problem)
    attempts.give_back(db, _address_name(request))
    if entrant.channel is not None and entrant.channel.nonce is not None:
        send_notice(db, "account", entrant.channel, actor.root.name, request.address_for_mail)
    # The provider's second factor is the provider's to ask for.
    cookies = browser.sign_in(db, entrant.user_id, login_id=entrant.login_id, vouched=True)
    return redirect(browser.wanted or "/?login_success=1", cookies)


def _began(browser: Browser) -> Began | None:
    kept = browser.kept.get(_KEPT)
    return msgspec.convert(kept, Began) if kept is not None else None


def _failed(db: Connection, browser: Browser, actor: Actor, problem: SignInFailed | None) -> Answer:
    assert problem is not None
    if problem.sentence == UNKNOWN and (elsewhere := actor.root.settings.unknown_user_url):
        return redirect(elsewhere)
    return show_problem(db, browser, actor, problem.sentence, problem.status)
