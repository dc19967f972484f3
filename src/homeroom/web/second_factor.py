"""One's own second factor: setting it up, new recovery codes, turning it off (homeroom.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from homeroom import clock
from homeroom.school.ground.errors import NotAllowed, Refused
from homeroom.school.ground.vault import Vault, open_vault
from homeroom.school.people.logins.queries import first_password_login
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import password_sign_in, second_factors
from homeroom.school.sign_in.password_sign_in import Checked
from homeroom.school.sign_in.sessions import SETTING_UP
from homeroom.web.pages import PAGES
from homeroom.web.qr_codes import qr_code
from homeroom.web.second_step import WRONG_CODE, Code
from homeroom.web.sign_in import QUARTER, too_many
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import SELF_ONLY, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()
PAGE = "/profile/second_factor"
SETUP = f"{PAGE}/setup"
_SECONDS = 600
_WRONG_PASSWORD = "That is not your present password."


class Begun(Struct, frozen=True):
    """A second factor that waits in its person's session for its first code."""

    user_id: int
    sealed_secret: str
    ends_at: float


class Begin(Struct):
    password: str = ""
    code: str = ""


@route.get(PAGE, right=SELF_ONLY, scope=False)
def show_second_factor(actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Shows whether there is a second factor, and the ways to change it."""
    _require_own(actor)
    return _page(db, browser, actor)


def _try_password(params: Params[Begin], actor: Actor, browser: Browser, services: Services) -> Checked | None:
    """The password of a person who sets up a first second factor; None where it is not needed.

    Whoever finds a browser open must not be able to lock its owner out.
    """
    _require_own(actor)
    with services.database.read() as db:
        login = first_password_login(db, actor.id)
        if login is None or second_factors.state_of(db, actor.id).since is not None:
            return None
    return password_sign_in.check_own(services.database, login, params.password, browser.place)


@route.post(PAGE, right=SELF_ONLY, scope=False, prepare=_try_password)
def begin_setup(
    params: Params[Begin], password: Prepared[Checked | None], actor: Actor, browser: Browser, db: Connection
) -> Answer:
    """Make a secret, which waits in this browser's session until a code of it is typed."""
    if second_factors.state_of(db, actor.id).since is not None:
        if refusal := _refuse_code(db, browser, actor, params.code):
            return refusal
    elif password is not None and password.wait:
        return _page(db, browser, actor, too_many(password.wait), status=429, wait=password.wait)
    elif password is not None and not password_sign_in.enter(db, password):
        return _page(db, browser, actor, _WRONG_PASSWORD, status=400)
    sealed = _vault(db, browser).seal(second_factors.new_secret())
    begun = Begun(actor.id, sealed, clock.now().timestamp() + _SECONDS)
    return redirect(SETUP, [browser.keep(db, SETTING_UP, msgspec.to_builtins(begun))])


@route.get(SETUP, right=SELF_ONLY, scope=False)
def show_setup(actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The QR code, and the field for the first code."""
    _require_own(actor)
    secret = _begun(db, browser, actor)
    return redirect(PAGE) if secret is None else _setup_page(db, browser, actor, secret)


@route.post(SETUP, right=SELF_ONLY, scope=False)
def finish_setup(params: Params[Code], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Take the second factor, and show its recovery codes once; every other browser is signed out."""
    _require_own(actor)
    secret = _begun(db, browser, actor)
    if secret is None:
        return redirect(PAGE)
    codes = second_factors.enrol(db, _vault(db, browser), actor.id, secret, params.code)
    if codes is None:
        return _setup_page(db, browser, actor, secret, WRONG_CODE, status=400)
    browser.keep(db, SETTING_UP, None)
    second_factors.turned_on(db, actor.id, actor.session_id)
    return PAGES.show(browser, "recovery_codes.html", codes=codes, goes_to=PAGE)


@route.post(f"{PAGE}/recovery_codes", right=SELF_ONLY, scope=False)
def make_recovery_codes(params: Params[Code], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """New recovery codes in place of the old ones."""
    _require_own(actor)
    if refusal := _refuse_code(db, browser, actor, params.code):
        return refusal
    codes = second_factors.new_recovery_codes(db, actor.id)
    return PAGES.show(browser, "recovery_codes.html", codes=codes, goes_to=PAGE)


@route.post(f"{PAGE}/off", right=SELF_ONLY, scope=False)
def turn_off(params: Params[Code], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Need no second factor any more."""
    _require_own(actor)
    if _is_required(actor):
        raise Refused("Your school requires a second factor of its administrators.", status=403)
    if refusal := _refuse_code(db, browser, actor, params.code):
        return refusal
    second_factors.turn_off(db, actor.id)
    return redirect(f"{PAGE}?off=1")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of the second factor."""

    state: second_factors.State
    login: Any
    required: bool


def _refuse_code(db: Connection, browser: Browser, actor: Actor, code: str) -> Answer | None:
    """The page with an error, unless this is a valid code of the person's second factor."""
    login_id = browser.session.login_id if browser.session is not None else None
    if not second_factors.admit(db, actor.id, login_id, browser.place):
        return _page(db, browser, actor, too_many(QUARTER), status=429, wait=QUARTER)
    if not second_factors.take_code(db, _vault(db, browser), actor.id, code):
        return _page(db, browser, actor, WRONG_CODE, status=400)
    second_factors.was_right(db, actor.id, login_id, browser.place)
    return None


def _require_own(actor: Actor) -> None:
    if actor.is_masquerading:
        raise NotAllowed("see or change somebody else's second factor")


def _is_required(actor: Actor) -> bool:
    return actor.root.settings.require_second_factor_of_admins and bool(actor.roles)


def _vault(db: Connection, browser: Browser) -> Vault:
    return open_vault(db)


def _begun(db: Connection, browser: Browser, actor: Actor) -> str | None:
    """The secret of the setup that waits for its first code."""
    kept = browser.kept.get(SETTING_UP)
    begun = msgspec.convert(kept, Begun) if kept is not None else None
    if begun is None or begun.user_id != actor.id or begun.ends_at <= clock.now().timestamp():
        return None
    return _vault(db, browser).open(begun.sealed_secret)


def _page(
    db: Connection, browser: Browser, actor: Actor, problem: str | None = None, *, status: int = 200, wait: int = 0
) -> Answer:
    shown = Shown(second_factors.state_of(db, actor.id), first_password_login(db, actor.id), _is_required(actor))
    return PAGES.show(
        browser, "second_factor.html", status=status, shown=shown, problem=problem,
        headers=[("Retry-After", str(wait))] if wait else [],
    )  # fmt: skip


def _setup_page(
    db: Connection, browser: Browser, actor: Actor, secret: str, problem: str | None = None, *, status: int = 200
) -> Answer:
    login = first_password_login(db, actor.id)
    qr = qr_code(second_factors.address_of(secret, login.unique_id if login else actor.name, actor.root.name))
    return PAGES.show(
        browser, "second_factor_setup.html", status=status, problem=problem, secret=secret, qr_code=qr, action=SETUP,
        required=False,
    )  # fmt: skip
