"""Signing in, the second step: a code of the app, a recovery code, or setting a second factor up (homeroom.md §4)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.vault import open_vault
from homeroom.school.people.logins.queries import login_with_id
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import second_factors
from homeroom.web.pages import PAGES
from homeroom.web.qr_codes import qr_code
from homeroom.web.sign_in import QUARTER, too_many
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.entering import SECOND_STEP, Entering, goes_to, let_in, waiting_in
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import PUBLIC, Params, Routes

route = Routes()
WRONG_CODE = "That code is not right. Codes of the app change every half minute, and each works once."


class Code(Struct):
    code: str = ""


@route.get(SECOND_STEP, right=PUBLIC, scope=False)
def show_second_step(browser: Browser, actor: Actor, db: Connection) -> Answer:
    """Ask for the code."""
    entering = waiting_in(browser)
    return redirect("/login") if entering is None else _form(db, browser, actor, entering)


@route.post(SECOND_STEP, right=PUBLIC, scope=False)
def take_second_step(params: Params[Code], browser: Browser, actor: Actor, db: Connection) -> Answer:
    """Sign in, and go on to the page that was wanted."""
    entering = waiting_in(browser)
    if entering is None:
        return redirect("/login")
    vault = open_vault(db)
    if entering.sealed_secret is not None:
        secret = vault.open(entering.sealed_secret)
        codes = second_factors.enrol(db, vault, entering.who, secret, params.code)
        if codes is None:
            return _form(db, browser, actor, entering, WRONG_CODE, status=400)
        second_factors.turned_on(db, entering.who, None)
        page, cookies = goes_to(browser, entering), let_in(db, browser, entering, vouched=True)
        return PAGES.show(browser, "recovery_codes.html", codes=codes, goes_to=page, headers=cookies)
    if not second_factors.admit(db, entering.who, entering.login_id, browser.place):
        headers = [("Retry-After", str(QUARTER))]
        return _form(db, browser, actor, entering, too_many(QUARTER), status=429, headers=headers)
    if not second_factors.take_code(db, vault, entering.who, params.code):
        return _form(db, browser, actor, entering, WRONG_CODE, status=400)
    second_factors.was_right(db, entering.who, entering.login_id, browser.place)
    page = goes_to(browser, entering)
    return redirect(page, let_in(db, browser, entering, vouched=True))


def _form(
    db: Connection,
    browser: Browser,
    actor: Actor,
    entering: Entering,
    problem: str | None = None,
    *,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    # An OAuth2 request that waits for this sign-in may send the browser on to its client.
    form_action = browser.kept.get("form_action", [])
    if entering.sealed_secret is None:
        return PAGES.show(
            browser, "second_step.html", status=status, form_action=form_action, headers=headers or [], problem=problem,
        )  # fmt: skip
    secret = open_vault(db).open(entering.sealed_secret)
    login = login_with_id(db, entering.login_id)
    qr = qr_code(second_factors.address_of(secret, login.unique_id, actor.root.name))
    return PAGES.show(
        browser, "second_factor_setup.html", status=status, form_action=form_action, problem=problem, secret=secret,
        qr_code=qr, action=SECOND_STEP, required=True,
    )  # fmt: skip
