"""Changing one's own password, which takes the old one (identity.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.logins import policy
from homeroom.school.people.logins.actions import change_login
from homeroom.school.people.logins.queries import find_password_login
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import password_sign_in, places
from homeroom.school.sign_in.password_sign_in import Checked
from homeroom.web.pages import PAGES
from homeroom.web.passwords import Chosen, hashed
from homeroom.web.sign_in import too_many
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import RecordId
from homeroom.wire.routing.routes import SELF_ONLY, Params, Prepared, Routes
from homeroom.wire.serving.services import Services

route = Routes()
_WRONG = "That is not your present password."


class ChangePassword(Struct):
    old_password: str = ""
    pseudonym: Chosen = Chosen()


@dataclass(frozen=True, slots=True)
class Change:
    """What was found out before the transaction, where hashing holds nobody up."""

    old: Checked | None = None
    new_hash: str = ""
    wrong: str | None = None
    unfit: str | None = None


def _check(id: RecordId, params: Params[ChangePassword], actor: Actor, browser: Browser, services: Services) -> Change:
    with services.database.read() as db:
        login = _find(db, actor, id)
    # Whoever finds a browser open must not be able to try passwords here; the count is that of signing in.
    old = password_sign_in.check_own(services.database, login, params.old_password, browser.place)
    if not old.is_right:
        return Change(old, wrong=too_many(old.wait) if old.wait else _WRONG)
    new = hashed(params.pseudonym.password, login.unique_id, actor.root.settings.password_min_length)
    return Change(old, new.password_hash, unfit=new.problem)


@route.get("/profile/logins/:id/password", right=SELF_ONLY, scope=False)
def show_change(id: RecordId, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The form."""
    return _form(browser, actor, _find(db, actor, id))


@route.post("/profile/logins/:id/password", right=SELF_ONLY, scope=False, prepare=_check)
def change_password(id: RecordId, change: Prepared[Change], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Take the new password; every other browser is signed out."""
    login = _find(db, actor, id)
    if change.old is not None and change.old.wait:
        headers = [("Retry-After", str(change.old.wait))]
        return _form(browser, actor, login, change, status=429, headers=headers)
    if change.old is not None and not change.wrong and not password_sign_in.enter(db, change.old):
        # It was changed somewhere else at this very moment.
        change = Change(wrong=_WRONG)
    if change.wrong or change.unfit:
        return _form(browser, actor, login, change, status=400)
    change_login(db, login, {}, None, change.new_hash, respect_stickiness=False, session_id=actor.session_id)
    # The old password's places are forgotten, and this is where the new one was chosen.
    places.remember(db, login.id, browser.place)
    return redirect("/profile?password_changed=1")


def _find(db: Connection, actor: Actor, form: IdForm) -> AnyRow:
    login = find_password_login(db, form, actor.id)
    if not policy.is_own(actor, login.user_id):
        raise NotAllowed("change somebody else's password")
    return login


def _form(
    browser: Browser,
    actor: Actor,
    login: AnyRow,
    change: Change | None = None,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> Answer:
    return PAGES.show(
        browser, "own_password.html", status=status, headers=headers, login=login, checked=change or Change(),
        min_length=actor.root.settings.password_min_length,
    )  # fmt: skip
