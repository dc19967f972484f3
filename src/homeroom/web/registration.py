"""``/register/:nonce``: confirm an address, or finish a registration (homeroom.md §4)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import registration
from homeroom.school.sign_in.registration import Invitation
from homeroom.web.pages import PAGES
from homeroom.web.passwords import Chosen, Hashed, hashed
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.entering import Entering, enter
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()


class Agreement(Struct, frozen=True):
    terms_of_use: bool = False


class Register(Struct):
    pseudonym: Chosen = Chosen()
    user: Agreement = Agreement()


@route.get("/register/:nonce", right=PUBLIC, scope=False)
def show_invitation(nonce: str, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The form. Looking uses the link not up: mail programs look at links too."""
    return _form(browser, nonce, registration.find_invitation(db, nonce, actor), actor)


def _check(nonce: str, params: Params[Register], actor: Actor, services: Services) -> Hashed:
    with services.database.read() as db:
        invitation = registration.find_invitation(db, nonce, actor)
    if invitation.needs_terms(actor.root.settings) and not params.user.terms_of_use:
        return Hashed(problem="Please accept the terms of use.")
    if invitation.login_id is None:
        return Hashed()
    return hashed(params.pseudonym.password, invitation.unique_id, actor.root.settings.password_min_length)


@route.post("/register/:nonce", right=PUBLIC, scope=False, prepare=_check)
def accept_invitation(
    nonce: str, params: Params[Register], checked: Prepared[Hashed], actor: Actor, browser: Browser, db: Connection
) -> Answer:
    """Confirm the address. A new person is also signed in."""
    if checked.problem is not None:
        return _form(browser, nonce, registration.find_invitation(db, nonce, actor), actor, checked.problem)
    invitation = registration.accept(
        db, nonce, actor, password_hash=checked.password_hash or None, terms=params.user.terms_of_use
    )
    if invitation.login_id is not None:
        entering = Entering(user_id=invitation.user_id, login_id=invitation.login_id, goes_to="/?login_success=1")
        return enter(db, browser, actor.root, entering)
    # The link proves who reads the mail, not who knows the password: it signs nobody in.
    return redirect("/profile?confirmed=1" if actor.is_(invitation.user_id) else "/login/canvas?confirmed=1")


def _form(browser: Browser, nonce: str, invitation: Invitation, actor: Actor, problem: str | None = None) -> Answer:
    settings = actor.root.settings
    return PAGES.show(
        browser, "register.html", status=400 if problem else 200, nonce=nonce, invitation=invitation, problem=problem,
        needs_terms=invitation.needs_terms(settings), min_length=settings.password_min_length, school=actor.root.name,
    )  # fmt: skip
