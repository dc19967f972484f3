"""The settings page: what Homeroom knows about the signed-in person, and the browsers that are signed in (homeroom.md
§4).
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.apps.oauth import granted_apps
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people import avatars, own_data
from homeroom.school.people.communication_channels.queries import find_channel
from homeroom.school.people.users.queries import find_person
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import registration, sessions
from homeroom.web.pages import PAGES
from homeroom.web.user_agents import name_of_browser
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import RecordId
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes

route = Routes()
# The newest; the others come into sight when some of them are ended.
_MOST_GRANTS = 100


class Done(Struct):
    confirmed: bool = False
    ended: bool = False
    password_changed: bool = False
    sent: bool = False
    too_often: bool = False
    grant_ended: bool = False


@route.get("/profile", right=SELF_ONLY, scope=False)
def show_settings(params: Params[Done], actor: Actor, browser: Browser, request: Request, db: Connection) -> Answer:
    """The settings page."""
    person = find_person(db, actor.id)
    return PAGES.show(
        browser,
        "profile.html",
        person=person,
        avatar_url=avatars.url_of(person, request.base_url) if actor.root.settings.avatars else None,
        logins=own_data.logins_of(db, actor.id),
        addresses=own_data.addresses_of(db, actor.id),
        grants=granted_apps.grants_of(actor.id).all(db, most=_MOST_GRANTS),
        sessions=sessions.sessions_of(db, actor.id),
        this_session=actor.session_id,
        name_of_browser=name_of_browser,
        done=params,
    )


@route.post("/profile/sessions", right=SELF_ONLY, scope=False)
def end_other_sessions(actor: Actor, db: Connection) -> Answer:
    """Sign out in every other browser."""
    if actor.is_masquerading:
        raise NotAllowed("end somebody else's sessions")
    sessions.end_all_of(db, actor.id, but=actor.session_id)
    return redirect("/profile?ended=1")


@route.post("/profile/grants/:id", right=SELF_ONLY, scope=False)
def end_grant(id: RecordId, actor: Actor, db: Connection) -> Answer:
    """End what was granted to an application."""
    granted_apps.end_grant(db, actor, id)
    return redirect("/profile?grant_ended=1")


@route.post("/profile/addresses/:id/confirmation", right=SELF_ONLY, scope=False)
def send_confirmation(id: RecordId, actor: Actor, request: Request, db: Connection) -> Answer:
    """Send the link that confirms an address once more."""
    channel = find_channel(db, actor.id, id)
    sent = registration.send_again(db, actor.id, channel.id, actor.root.name, request.address_for_mail)
    return redirect("/profile?sent=1" if sent else "/profile?too_often=1")
