"""Signing in and out (homeroom.md §4)."""

from __future__ import annotations

import math
from urllib.parse import urlencode

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import password_sign_in
from homeroom.school.sign_in.authentication_providers.queries import has_openid, sign_in_path
from homeroom.school.sign_in.openid.sign_out import end_session_url
from homeroom.school.sign_in.password_sign_in import Checked
from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.entering import Entering, enter
from homeroom.wire.browser.own_addresses import path_of_ours
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()
WRONG = "That login and password do not go together."
_MINUTE = 60
QUARTER = 900


class WantedPage(Struct):
    return_to: str = ""
    unique_id: str = ""
    confirmed: bool = False
    authentication_provider: str = ""


@route.get("/login", right=PUBLIC, scope=False)
def login(params: Params[WantedPage], browser: Browser, actor: Actor, request: Request, db: Connection) -> Answer:
    """Redirect to the account's way of signing in, or to the page where people choose one."""
    if (elsewhere := actor.root.settings.auth_discovery_url) and not params.authentication_provider:
        return redirect(elsewhere, wanting(params, browser, request))
    path = sign_in_path(db, actor.root.id, params.authentication_provider)
    query = f"?{urlencode({'unique_id': params.unique_id})}" if params.unique_id else ""
    return redirect(path + query, wanting(params, browser, request))


@route.get("/login/canvas", right=PUBLIC, scope=False)
def show_form(params: Params[WantedPage], browser: Browser, actor: Actor, request: Request, db: Connection) -> Answer:
    """The form. Also for somebody signed in, who may want to become somebody else."""
    headers = wanting(params, browser, request)
    return _form(db, browser, actor, params.unique_id, headers=headers, confirmed=params.confirmed)


class Credentials(Struct, frozen=True):
    unique_id: str = ""
    password: str = ""
    remember_me: bool = False


class SignIn(Struct):
    pseudonym_session: Credentials = Credentials()


def _check(params: Params[SignIn], browser: Browser, services: Services) -> Checked:
    given = params.pseudonym_session
    return password_sign_in.check(services.database, given.unique_id, given.password, browser.place)


@route.post("/login/canvas", right=PUBLIC, scope=False, prepare=_check)
def start_session(
    params: Params[SignIn], checked: Prepared[Checked], actor: Actor, browser: Browser, db: Connection
) -> Answer:
    """Sign in, and go on to the page that was wanted."""
    given, candidate = params.pseudonym_session, checked.candidate
    if checked.wait:
        headers = [("Retry-After", str(checked.wait))]
        return _form(db, browser, actor, given.unique_id, too_many(checked.wait), status=429, headers=headers)
    if candidate is None or not password_sign_in.enter(db, checked):
        return _form(db, browser, actor, given.unique_id, WRONG, status=400, remember=given.remember_me)
    entering = Entering(user_id=candidate.user_id, login_id=candidate.login_id, remember=given.remember_me)
    return enter(db, browser, actor.root, entering)


def too_many(wait: int) -> str:
    """The message for a person who has to wait this many seconds."""
    unit, count = ("second", wait) if wait < _MINUTE else ("minute", math.ceil(wait / _MINUTE))
    return f"That was tried too often. Wait {count} {unit}{'' if count == 1 else 's'} and try again."


@route.get("/logout", right=PUBLIC, scope=False)
def ask_to_sign_out(browser: Browser) -> Answer:
    """A link cannot sign anybody out: it leads to this question."""
    return PAGES.show(browser, "sign_out.html") if browser.actor else redirect("/login")


@route.post("/logout", right=PUBLIC, scope=False)
def sign_out(browser: Browser, actor: Actor, request: Request, db: Connection) -> Answer:
    """Sign this browser out, and then at the provider that vouched for it."""
    goes_to = _after_sign_out(db, browser, actor, request)
    cookies = browser.sign_out(db)
    if goes_to.startswith("/"):
        return redirect(goes_to, cookies)
    # Not by a redirect: the form stands on every page, and their policy lets no form end anywhere but here.
    return PAGES.show(browser, "signed_out.html", url=goes_to, headers=[("Refresh", f"0; url={goes_to}"), *cookies])


@route.delete("/logout", right=PUBLIC, scope=False)
def end_session(browser: Browser, actor: Actor, request: Request, db: Connection) -> Answer:
    """Sign this browser out; programs are told where to go on by a redirect."""
    goes_to = _after_sign_out(db, browser, actor, request)
    return redirect(goes_to, browser.sign_out(db))


def _after_sign_out(db: Connection, browser: Browser, actor: Actor, request: Request) -> str:
    """The address that ends the provider's session, too; never one that would sign the person in again."""
    login_id = browser.session.login_id if browser.session is not None else None
    if url := end_session_url(db, login_id, f"{request.own_address}/login/canvas"):
        return url
    path = sign_in_path(db, actor.root.id)
    return "/login" if path == "/login/canvas" else "/login/canvas"


def _form(
    db: Connection,
    browser: Browser,
    actor: Actor,
    unique_id: str,
    problem: str | None = None,
    *,
    status: int = 200,
    remember: bool = False,
    confirmed: bool = False,
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    # An OAuth2 request that waits for this sign-in may send the browser on to its client.
    goes_to = browser.kept.get("form_action", [])
    return PAGES.show(
        browser, "sign_in.html", status=status, form_action=goes_to, headers=headers or [],
        unique_id=unique_id, problem=problem, remember=remember, confirmed=confirmed,
        elsewhere=has_openid(db, actor.root.id),
        may_register=actor.root.settings.self_registration != "none",
        handle_name=actor.root.settings.login_handle_name,
        change_password_url=actor.root.settings.change_password_url,
    )  # fmt: skip


def show_problem(db: Connection, browser: Browser, actor: Actor, problem: str, status: int) -> Answer:
    """The form with a message, after another way of signing in failed."""
    return _form(db, browser, actor, "", problem, status=status)


def wanting(params: WantedPage, browser: Browser, request: Request) -> list[tuple[str, str]]:
    """The cookie that remembers the page to go to afterwards, if one of ours is named."""
    path = path_of_ours(params.return_to, request)
    return [browser.want(path)] if path is not None else []
