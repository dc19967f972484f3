"""``/register``: somebody registers by themselves, where the account lets them (homeroom.md §1, users-core.md §5)."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotFound
from homeroom.school.people.users import sign_up
from homeroom.school.people.users.sign_up import InvalidSignUp, SignUpForm
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import complete_sign_up
from homeroom.school.sign_in.link_mails import TooManyMails
from homeroom.school.sign_in.observer_proofs import TypedCode, look_up
from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()
TOO_MANY = "That was tried too often from here. Wait a quarter of an hour and try again."
_SENTENCES = {
    ("user", "name", "blank"): "Please say what your name is.",
    ("user", "name", "too_long"): "The name is too long.",
    ("pseudonym", "unique_id", "blank"): "Please give your e-mail address.",
    ("pseudonym", "unique_id", "not_email"): "That is not an e-mail address.",
    ("pseudonym", "unique_id", "too_long"): "The address is too long for a login.",
    ("pairing_code", "code", "invalid"): "There is no such code. It works once, for seven days.",
    ("user", "terms_of_use", "accepted"): "Please accept the terms of use.",
}


class Who(Struct, frozen=True):
    name: str = ""
    terms_of_use: bool = False


class Login(Struct, frozen=True):
    unique_id: str = ""


class Code(Struct, frozen=True):
    code: str = ""


class RegisterSelf(Struct):
    user: Who = Who()
    pseudonym: Login = Login()
    pairing_code: Code = Code()

    @property
    def code(self) -> str:
        return self.pairing_code.code.strip()


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of the step before the transaction: the pairing code and its student; None after too many tries."""

    code: TypedCode | None = None


def _try(params: Params[RegisterSelf], actor: Actor, request: Request, services: Services) -> Tried:
    _require_open(actor.root.settings)
    with services.database.write() as db:
        admitted = complete_sign_up.admit(db, request.remote_ip)
    typed = TypedCode(params.code, 0, request.remote_ip)
    return Tried(look_up(services.database, typed) if admitted else None)


@route.get("/register", right=PUBLIC, scope=False)
def show_registration(actor: Actor, browser: Browser) -> Answer:
    """The form, for people who are not signed in."""
    _require_open(actor.root.settings)
    return redirect("/") if actor.is_signed_in else _form(browser, actor, RegisterSelf())


@route.post("/register", right=PUBLIC, scope=False, prepare=_try)
def register(
    params: Params[RegisterSelf],
    tried: Prepared[Tried],
    actor: Actor,
    browser: Browser,
    request: Request,
    db: Connection,
) -> Answer:
    """Make the person, and send them the link behind which they choose a password."""
    _require_open(actor.root.settings)
    if tried.code is None:
        return _form(browser, actor, params, alert=TOO_MANY, status=429)
    parents_only = actor.root.settings.self_registration == "observer"
    form = SignUpForm(
        unique_id=params.pseudonym.unique_id,
        name=params.user.name,
        terms_of_use=params.user.terms_of_use,
        initial_enrollment_type="observer" if params.code or parents_only else None,
        code_is_wrong=tried.code.is_wrong,
    )
    new = sign_up.as_self(actor.root.settings, form)
    try:
        complete_sign_up.join_or_remind(db, actor, new, tried.code, request.address_for_mail)
    except TooManyMails:
        return _form(browser, actor, params, alert=TOO_MANY, status=429)
    except InvalidSignUp as wrong:
        return _form(browser, actor, params, problems=_problems(wrong), status=400)
    return PAGES.show(browser, "registered.html", address=params.pseudonym.unique_id.strip())


def _require_open(settings: AccountSettings) -> None:
    if settings.self_registration == "none":
        raise NotFound("page")


def _problems(wrong: InvalidSignUp) -> dict[str, str]:
    """A sentence for each field that is wrong."""
    known = (fault for fault in wrong.faults if (fault.record, fault.attribute, fault.type) in _SENTENCES)
    return {fault.attribute: _SENTENCES[fault.record, fault.attribute, fault.type] for fault in known}


def _form(
    browser: Browser,
    actor: Actor,
    typed: RegisterSelf,
    *,
    problems: dict[str, str] | None = None,
    alert: str | None = None,
    status: int = 200,
) -> Answer:
    settings = actor.root.settings
    return PAGES.show(
        browser, "self_registration.html", status=status, typed=typed, problems=problems or {}, alert=alert,
        school=actor.root.name, parents_only=settings.self_registration == "observer",
        needs_terms=settings.require_terms,
    )  # fmt: skip
