"""The first page: who you are, and where you can go from here."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.courses.courses.current import current_courses
from homeroom.school.rights.actor import Actor
from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes

route = Routes()


class Home(Struct):
    login_success: bool = False


@route.get("/", right=SELF_ONLY, scope=False)
def show_home(params: Params[Home], actor: Actor, browser: Browser, db: Connection) -> Answer:
    """The dashboard."""
    return PAGES.show(
        browser,
        "home.html",
        courses=current_courses(db, actor),
        just_signed_in=params.login_success,
    )
