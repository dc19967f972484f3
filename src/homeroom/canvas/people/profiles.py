"""The profile of a user (users-core.md §11)."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.people.user_json import UserView
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.people import avatars, calendar_feeds, profiles
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import Person, find_user
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class CalendarJson(Struct):
    ics: str


class LinkJson(Struct):
    url: str
    title: str


class UserServiceJson(Struct):
    service: str
    visible: bool
    service_user_link: str


class ProfileJson(Struct):
    """A user's profile. Keys whose condition fails are absent, not null."""

    id: int
    name: str
    short_name: str
    sortable_name: str
    title: str | None
    bio: str | None
    login_id: str | None
    integration_id: str | None
    time_zone: str
    locale: str | None
    primary_email: str | UnsetType | None = UNSET
    sis_user_id: str | UnsetType | None = UNSET
    avatar_url: str | UnsetType = UNSET
    pronouns: str | UnsetType = UNSET
    pronunciation: str | UnsetType | None = UNSET
    effective_locale: str | UnsetType = UNSET
    calendar: CalendarJson | UnsetType = UNSET
    lti_user_id: str | UnsetType = UNSET
    k5_user: bool | UnsetType = UNSET
    use_classic_font_in_k5: bool | UnsetType = UNSET
    links: list[LinkJson] | UnsetType = UNSET
    user_services: list[UserServiceJson] | UnsetType = UNSET
    uuid: str | UnsetType = UNSET


class ShowProfile(Struct):
    include: frozenset[str] = frozenset()


@route.get("/users/:user_id/profile", right=BY_POLICY)
def show_profile(user_id: UserId, params: Params[ShowProfile], call: Call) -> ProfileJson:
    """Get user profile."""
    person = find_user(call.db, call.actor, user_id)
    policy.require(policy.can_read_profile, call.db, call.actor, person.id)
    sees_email = policy.can_read_emails_of(call.db, call.actor, person.id)
    json = profile_json(person, UserView.in_account(call, call.actor.root.ref), sees_email=sees_email)
    if not policy.can_read_login_in_profile(call.db, call.actor, person.id):
        json.login_id = json.integration_id = None
    if call.actor.is_(person.id):
        _add_own(
            json,
            person,
            call.actor,
            call.request.base_url + calendar_feeds.feed_path(calendar_feeds.code_of(call.db, person.id)),
        )
    _add_included(json, person, params.include, call.actor, call.db)
    return json


def profile_json(person: Person, view: UserView, *, sees_email: bool) -> ProfileJson:
    """The profile as everybody who may see it sees it.

    Unlike in the User object, login and integration id are shown to callers who are not admins, too.
    """
    root = view.actor.root
    json = ProfileJson(
        id=person.id,
        name=person.name,
        short_name=person.short_name,
        sortable_name=person.sortable_name,
        title=person.title,
        bio=person.bio,
        login_id=person.login_id,
        integration_id=person.integration_id,
        time_zone=iana_name(effective_zone(root.settings, person.time_zone)),
        locale=person.locale,
    )
    if sees_email:
        json.primary_email = person.email
    if view.sis:
        json.sis_user_id = person.sis_user_id
    if root.settings.avatars:
        json.avatar_url = avatars.url_of(person, view.base_url)
    if root.settings.name_pronunciation:
        json.pronunciation = person.pronunciation
    if person.pronouns:
        json.pronouns = person.pronouns
    return json


def _add_own(json: ProfileJson, person: Person, actor: Actor, feed_url: str) -> None:
    json.effective_locale = person.locale or actor.root.settings.default_locale
    json.calendar = CalendarJson(feed_url)
    # There is no Canvas for Elementary here.
    json.k5_user = json.use_classic_font_in_k5 = False
    if person.lti_context_id is not None:
        json.lti_user_id = person.lti_context_id


def _add_included(json: ProfileJson, person: Person, include: frozenset[str], actor: Actor, db: Connection) -> None:
    if "links" in include:
        json.links = [LinkJson(link.url, link.title) for link in profiles.links_of(db, person.id)]
    if "user_services" in include:
        services = profiles.services_of(db, person.id, only_visible=not actor.is_(person.id))
        json.user_services = [UserServiceJson(service.service, service.visible, service.link) for service in services]
    if "uuid" in include:
        json.uuid = person.uuid
