"""Signing in and out (homeroom.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.access import sign_in
from homeroom.school.access.openid.sign_out import end_session_url
from homeroom.school.access.providers.queries import has_openid, sign_in_path
from homeroom.school.access.sign_in import Candidate
from homeroom.school.actor import Actor
from homeroom.school.security_events import report
from homeroom.web.pages import PAGES
from homeroom.wire.addresses import path_of_ours
from homeroom.wire.answers import Answer
from homeroom.wire.browser import Browser
from homeroom.wire.pages import redirect
from homeroom.wire.request import Request
from homeroom.wire.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.services import Services

route = Routes()
WRONG = "That login and password do not go together."
TOO_MANY = "That was tried too often. Wait a quarter of an hour and try again."


class WantedPage(Struct):
    return_to: str = ""
    unique_id: str = ""
    confirmed: bool = False
    authentication_provider: str = ""


@route.get("/login", right=PUBLIC, scope=False)
def login(params: Params[WantedPage], browser: Browser, actor: Actor, request: Request, db: Connection) -> Answer:
    """To the way of signing in that the account has."""
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


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out before the transaction, where hashing holds nobody up."""

    admitted: bool
    candidate: Candidate | None = None
    password_hash: str = ""
    # Whose password it was not.
    user_id: int | None = None


def _check(params: Params[SignIn], request: Request, services: Services) -> Checked:
    given = params.pseudonym_session
    # Counted before the password is looked at, so that many tries at once are no way around the count.
    with services.database.write() as db:
        if not sign_in.admit(db, given.unique_id, request.remote_ip):
            return Checked(admitted=False)
        candidate = sign_in.find_candidate(db, given.unique_id)
    if not sign_in.is_password_of(candidate, given.password) or candidate is None:
        return Checked(admitted=True, user_id=candidate.user_id if candidate else None)
    return Checked(True, candidate, sign_in.rehashed(candidate, given.password))


@route.post("/login/canvas", right=PUBLIC, scope=False, prepare=_check)
def start_session(
    params: Params[SignIn],
    checked: Prepared[Checked],
    actor: Actor,
    browser: Browser,
    request: Request,
    db: Connection,
) -> Answer:
    """Sign in, and go on to the page that was wanted."""
    given, candidate = params.pseudonym_session, checked.candidate
    if not checked.admitted:
        report("sign_in_locked")
        return _form(db, browser, actor, given.unique_id, TOO_MANY, status=429, headers=[("Retry-After", "900")])
    if candidate is None or not sign_in.enter(db, candidate, checked.password_hash, given.unique_id, request.remote_ip):
        report("sign_in_failed", user_id=checked.user_id)
        return _form(db, browser, actor, given.unique_id, WRONG, status=400, remember=given.remember_me)
    cookies = browser.sign_in(db, candidate.user_id, login_id=candidate.login_id, remember=given.remember_me)
    return redirect(browser.wanted or "/?login_success=1", cookies)


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
    """To the provider that vouched for the session, to end its own; never to one that signs the person in again."""
    login_id = browser.session.login_id if browser.session is not None else None
    if url := end_session_url(db, login_id, f"{request.base_url}/login/canvas"):
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
    )  # fmt: skip


def show_problem(db: Connection, browser: Browser, actor: Actor, problem: str, status: int) -> Answer:
    """The form with a sentence, for somebody who wanted to sign in another way."""
    return _form(db, browser, actor, "", problem, status=status)


def wanting(params: WantedPage, browser: Browser, request: Request) -> list[tuple[str, str]]:
    """The cookie that remembers the page to go to afterwards, if one of ours is named."""
    path = path_of_ours(params.return_to, request)
    return [browser.want(path)] if path is not None else []
