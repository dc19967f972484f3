"""Forgotten passwords: asking for a link, and choosing a new password behind it (homeroom.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.people.passwords import hash_password, message_of, problem_with
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import password_resets
from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.entering import Entering, enter
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()


class Forgotten(Struct, frozen=True):
    unique_id_forgot: str = ""


class AskForReset(Struct):
    pseudonym_session: Forgotten = Forgotten()


@route.get("/login/canvas/forgot", right=PUBLIC, scope=False)
def show_forgot(browser: Browser) -> Answer:
    """Ask which login it is."""
    return PAGES.show(browser, "forgot.html", typed="", sent=False)


@route.post("/login/canvas/forgot", right=PUBLIC, scope=False)
def ask_for_reset(params: Params[AskForReset], browser: Browser, request: Request, db: Connection) -> Answer:
    """Send a link by mail, to whoever that is. The answer is the same for nobody."""
    typed = params.pseudonym_session.unique_id_forgot
    if typed.strip():
        password_resets.ask_for_reset(db, typed, request.remote_ip, request.address_for_mail)
    return PAGES.show(browser, "forgot.html", typed=typed, sent=bool(typed.strip()))


class Chosen(Struct, frozen=True):
    password: str = ""


class ChoosePassword(Struct):
    pseudonym: Chosen = Chosen()


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password that will do, as its hash; or why it will not."""

    password_hash: str = ""
    problem: str | None = None


def hashed(password: str, unique_id: str, min_length: int) -> Hashed:
    """Check a chosen password by the account's policy, and hash it. Slow: not inside a transaction."""
    if (problem := problem_with(password, unique_id, min_length)) is not None:
        return Hashed(problem=f"The password {message_of(problem, min_length)}.")
    return Hashed(hash_password(password))


def _hash_new_password(nonce: str, params: Params[ChoosePassword], actor: Actor, services: Services) -> Hashed:
    with services.database.read() as db:
        reset = password_resets.find_reset(db, nonce)
    return hashed(params.pseudonym.password, reset.unique_id, actor.root.settings.password_min_length)


@route.get("/login/canvas/reset/:nonce", right=PUBLIC, scope=False)
def show_reset(nonce: str, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Choose a new password. Looking uses the link not up: mail programs look at links too."""
    return _form(browser, nonce, password_resets.find_reset(db, nonce).unique_id, actor)


@route.post("/login/canvas/reset/:nonce", right=PUBLIC, scope=False, prepare=_hash_new_password)
def reset_password(nonce: str, checked: Prepared[Hashed], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Take the new password and sign in with it; every other browser is signed out."""
    if checked.problem is not None:
        return _form(browser, nonce, password_resets.find_reset(db, nonce).unique_id, actor, checked.problem)
    reset = password_resets.reset_password(db, nonce, checked.password_hash)
    entering = Entering(user_id=reset.user_id, login_id=reset.login_id, goes_to="/?login_success=1")
    return enter(db, browser, actor.root, entering)


def _form(browser: Browser, nonce: str, unique_id: str, actor: Actor, problem: str | None = None) -> Answer:
    return PAGES.show(
        browser, "reset.html", status=400 if problem else 200, nonce=nonce, unique_id=unique_id, problem=problem,
        min_length=actor.root.settings.password_min_length,
    )  # fmt: skip
