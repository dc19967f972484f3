"""Changing one's own password, which takes the old one (identity.md §6)."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.access import sign_in
from homeroom.school.actor import Actor
from homeroom.school.errors import NotAllowed
from homeroom.school.ids import IdForm
from homeroom.school.people.logins import policy
from homeroom.school.people.logins.actions import change_login
from homeroom.school.people.logins.queries import find_password_login
from homeroom.school.people.passwords import verify_password
from homeroom.school.security_events import report
from homeroom.web.pages import PAGES
from homeroom.web.passwords import Chosen, hashed
from homeroom.web.sign_in import TOO_MANY
from homeroom.wire.answers import Answer
from homeroom.wire.browser import Browser
from homeroom.wire.ids import RecordId
from homeroom.wire.pages import redirect
from homeroom.wire.request import Request
from homeroom.wire.routes import SELF_ONLY, Params, Prepared, Routes
from homeroom.wire.services import Services

route = Routes()
_WRONG = "That is not your present password."


class ChangePassword(Struct):
    old_password: str = ""
    pseudonym: Chosen = Chosen()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out before the transaction, where hashing holds nobody up."""

    old_hash: str = ""
    new_hash: str = ""
    wrong: str | None = None
    unfit: str | None = None
    too_many: bool = False


def _check(id: RecordId, params: Params[ChangePassword], actor: Actor, request: Request, services: Services) -> Checked:
    with services.database.write() as db:
        login = _find(db, actor, id)
        # Whoever finds a browser open must not be able to try passwords here; the count is that of signing in.
        if not sign_in.admit(db, login.unique_id, request.remote_ip):
            return Checked(too_many=True)
    if not verify_password(login.password_hash, params.old_password):
        return Checked(wrong=_WRONG)
    new = hashed(params.pseudonym.password, login.unique_id, actor.root.settings.password_min_length)
    return Checked(login.password_hash, new.password_hash, unfit=new.problem)


@route.get("/profile/logins/:id/password", right=SELF_ONLY, scope=False)
def show_change(id: RecordId, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The form."""
    return _form(browser, actor, _find(db, actor, id))


@route.post("/profile/logins/:id/password", right=SELF_ONLY, scope=False, prepare=_check)
def change_password(
    id: RecordId, checked: Prepared[Checked], actor: Actor, browser: Browser, request: Request, db: Connection
) -> Answer:
    """Take the new password; every other browser is signed out."""
    login = _find(db, actor, id)
    if checked.too_many:
        report("sign_in_locked", user_id=actor.id)
        return _form(browser, actor, login, Checked(wrong=TOO_MANY), status=429)
    if not checked.wrong and login.password_hash != checked.old_hash:
        # It was changed somewhere else at this very moment.
        checked = Checked(wrong=_WRONG)
    if checked.wrong:
        report("sign_in_failed", user_id=actor.id)
        return _form(browser, actor, login, checked, status=400)
    sign_in.was_right(db, login.unique_id, request.remote_ip)
    if checked.unfit:
        return _form(browser, actor, login, checked, status=400)
    change_login(db, login, {}, None, checked.new_hash, respect_stickiness=False, session_id=actor.session_id)
    return redirect("/profile?password_changed=1")


def _find(db: Connection, actor: Actor, form: IdForm) -> AnyRow:
    login = find_password_login(db, form, actor.id)
    if not policy.is_own(actor, login.user_id):
        raise NotAllowed("change somebody else's password")
    return login


def _form(
    browser: Browser, actor: Actor, login: AnyRow, checked: Checked | None = None, *, status: int = 200
) -> Answer:
    return PAGES.show(
        browser, "own_password.html", status=status, login=login, checked=checked or Checked(),
        min_length=actor.root.settings.password_min_length,
    )  # fmt: skip
