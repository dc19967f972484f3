"""The terms of use, and accepting them (identity.md §11)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.accounts.terms_of_service import find_terms
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.terms_of_use import accept_terms
from homeroom.school.rights.actor import Actor
from homeroom.web.pages import PAGES
from homeroom.web.safe_html import safe_html
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import PUBLIC, SELF_ONLY, Routes

route = Routes()


@route.get("/terms", right=PUBLIC, scope=False)
def show_terms(actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The terms, with a form for people who have to accept them."""
    return PAGES.show(
        browser, "terms.html", school=actor.root.name, content=safe_html(find_terms(db, actor.root.id).content or ""),
        asks=browser.needs_terms,
    )  # fmt: skip


@route.post("/terms", right=SELF_ONLY, scope=False)
def accept(actor: Actor, browser: Browser, db: Connection) -> Answer:
    """Accept the terms, and go on to the page that was wanted."""
    if actor.is_masquerading:
        raise NotAllowed("accept the terms for somebody else")
    accept_terms(db, actor.id)
    return redirect(browser.wanted or "/", [browser.forget_wanted()])
