"""The outbox: mail as it goes out, with working links. Only while developing (HOMEROOM_DEV), and for site admins.

Its links let people in: whoever reads everybody's mail can be everybody.
"""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.mail import outbox
from homeroom.school.mail.html import html_of, linked
from homeroom.school.rights.actor import Actor
from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import HTML
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import RecordId
from homeroom.wire.routing.routes import PUBLIC, Routes
from homeroom.wire.serving.services import Services

route = Routes()
# Written for mail programs, which have no style sheet of ours; scripts have no place in it.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation; frame-ancestors 'none'"


@route.get("/homeroom/outbox", right=PUBLIC, scope=False)
def show_outbox(browser: Browser, services: Services, actor: Actor, db: Connection) -> Answer:
    """The messages made last."""
    _require_reader(actor, services)
    return PAGES.show(browser, "outbox.html", messages=outbox.newest_messages(db))


@route.get("/homeroom/outbox/:id", right=PUBLIC, scope=False)
def show_message(id: RecordId, browser: Browser, services: Services, actor: Actor, db: Connection) -> Answer:
    """One message and its state."""
    _require_reader(actor, services)
    message = outbox.find_message(db, id)
    return PAGES.show(browser, "message.html", message=message, text=Markup(linked(message.text_body)))  # noqa: S704


@route.get("/homeroom/outbox/:id/html", right=PUBLIC, scope=False)
def show_message_html(id: RecordId, services: Services, actor: Actor, db: Connection) -> Answer:
    """The HTML part as a mail program shows it."""
    _require_reader(actor, services)
    message = outbox.find_message(db, id)
    html = message.html_body or html_of(message.subject, message.text_body)
    headers = [("Content-Security-Policy", _MAIL_POLICY), ("Cache-Control", "no-store")]
    return Answer(200, html.encode(), headers, HTML)


def _require_reader(actor: Actor, services: Services) -> None:
    # Asked in this order: without HOMEROOM_DEV there is no such page, for anybody.
    if not services.settings.dev:
        raise NotFound("page")
    actor.require_signed_in()
    if not actor.holds("site_admin", actor.root.ref):
        raise NotAllowed("site_admin")
