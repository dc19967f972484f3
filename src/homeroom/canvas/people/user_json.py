"""The Canvas User object (users-core.md §1). Asks nothing of the database, so that it is cheap in a loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from homeroom.school.ground.time_zones import display_name
from homeroom.school.people import avatars
from homeroom.school.people.names import first_and_last
from homeroom.school.people.users.queries import Person
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef
from homeroom.school.rights.reading import Guarded, may_give_sis_ids, may_read, may_read_in_course
from homeroom.school.states import UserState
from homeroom.wire.http.answers import seconds
from homeroom.wire.serving.call import Call

# What GET /users/:id always includes, each still under its own condition (users-core.md §3).
ALWAYS_ON_SHOW = frozenset(
    ("first_name", "last_name", "locale", "avatar_url", "permissions", "email", "effective_locale")
)


class UserPermissionsJson(Struct):
    can_update_name: bool
    can_update_avatar: bool
    limit_parent_app_web_access: bool = False


class UserJson(Struct):
    """A user. Keys whose condition fails are absent, not null."""

    id: int
    name: str
    created_at: datetime
    sortable_name: str
    short_name: str
    sis_user_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET
    login_id: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET
    avatar_state: str | UnsetType = UNSET
    pronouns: str | UnsetType = UNSET
    merged_into_user_id: int | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    pronunciation: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    effective_locale: str | UnsetType = UNSET
    confirmation_url: str | UnsetType | None = UNSET
    last_login: datetime | UnsetType | None = UNSET
    permissions: UserPermissionsJson | UnsetType = UNSET
    terms_of_use: bool | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    lti_id: str | UnsetType | None = UNSET
    uuid: str | UnsetType = UNSET
    # Enrollment objects, where a course's people are listed with them.
    # EnrollmentJson holds a UserJson, so it cannot be named here.
    enrollments: list[Annotated[Any, Meta(description="An enrollment.")]] | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    observation_link_root_account_ids: list[int] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class UserView:
    """Decides what the actor may see of people in one context: once, not for each person of a list."""

    actor: Actor
    base_url: str
    sis: bool
    sis_import: bool
    login_id: bool
    email: bool

    @classmethod
    def in_account(cls, call: Call, account: AccountRef) -> UserView:
        """``account`` is the context: the root account for GET and PUT /users/:id.

        Who holds a right that is asked for here is "admin-like" by that (users-core.md §1.2).
        """
        return cls._by(call, lambda what: may_read(call.actor, account, what))

    @classmethod
    def in_passing(cls, actor: Actor, base_url: str) -> UserView:
        """The part of a person that is shown where the person is only mentioned: the names."""
        return cls(actor, base_url, sis=False, sis_import=False, login_id=False, email=False)

    @classmethod
    def in_course(cls, call: Call, course: CourseRef) -> UserView:
        """The context is a course: teachers are admin-like there."""
        return cls._by(call, lambda what: may_read_in_course(call.db, call.actor, course, what))

    @classmethod
    def _by(cls, call: Call, reads: Callable[[Guarded], bool]) -> UserView:
        return cls(
            call.actor,
            call.request.base_url,
            sis=reads("sis"),
            sis_import=may_give_sis_ids(call.actor),
            login_id=reads("login"),
            email=reads("email"),
        )

    def of_newcomer(self) -> UserView:
        """The view of a person who has not accepted an enrollment in the course yet (see
        ``school/courses/newcomers.py``).
        """
        return replace(self, login_id=False, email=False)


def user_json(person: Person, view: UserView, include: frozenset[str] = frozenset()) -> UserJson:
    """The object with the keys of ``include`` that the view allows; routes add what only they know."""
    json = UserJson(
        id=person.id,
        name=person.name,
        created_at=seconds(person.created_at),  # type: ignore[arg-type]
        sortable_name=person.sortable_name,
        short_name=person.short_name,
    )
    if view.sis:
        json.sis_user_id, json.integration_id = person.sis_user_id, person.integration_id
    if view.sis_import:
        json.sis_import_id = person.sis_import_id
    if view.login_id and person.login_id is not None:
        json.login_id = person.login_id
    if person.pronouns:
        json.pronouns = person.pronouns
    if person.state == UserState.DELETED and person.merged_into_user_id is not None:
        json.merged_into_user_id = person.merged_into_user_id
    for name in include:
        add = _INCLUDES.get(name)
        if add is not None:
            add(json, person, view)
    return json


def _names(json: UserJson, person: Person, _view: UserView) -> None:
    json.first_name, json.last_name = first_and_last(person.sortable_name)


def _avatar_url(json: UserJson, person: Person, view: UserView) -> None:
    if view.actor.root.settings.avatars:
        json.avatar_url = avatars.url_of(person, view.base_url)


def _avatar_state(json: UserJson, person: Person, view: UserView) -> None:
    if view.actor.root.settings.avatars:
        json.avatar_state = person.avatar_state


def _email(json: UserJson, person: Person, view: UserView) -> None:
    if view.email:
        json.email = person.email


def _profile(json: UserJson, person: Person, view: UserView) -> None:
    if view.actor.root.settings.profiles:
        json.bio, json.title = person.bio, person.title


def _locale(json: UserJson, person: Person, _view: UserView) -> None:
    json.locale = person.locale


def _effective_locale(json: UserJson, person: Person, view: UserView) -> None:
    if view.actor.is_(person.id):
        json.effective_locale = person.locale or view.actor.root.settings.default_locale


def _last_login(json: UserJson, person: Person, _view: UserView) -> None:
    json.last_login = seconds(person.last_login)


def _permissions(json: UserJson, person: Person, view: UserView) -> None:
    settings = view.actor.root.settings
    json.permissions = UserPermissionsJson(
        can_update_name=settings.users_can_edit_name,
        can_update_avatar=settings.avatars and person.avatar_state != "locked",
    )


def _terms_of_use(json: UserJson, person: Person, _view: UserView) -> None:
    json.terms_of_use = person.terms_accepted_at is not None


def _time_zone(json: UserJson, person: Person, view: UserView) -> None:
    json.time_zone = display_name(effective_zone(view.actor.root.settings, person.time_zone))


def _uuid(json: UserJson, person: Person, _view: UserView) -> None:
    json.uuid = person.uuid


def _lti_id(json: UserJson, person: Person, _view: UserView) -> None:
    json.lti_id = person.lti_id


_INCLUDES: dict[str, Any] = {
    "first_name": _names,
    "avatar_url": _avatar_url,
    "avatar_state": _avatar_state,
    "email": _email,
    "profile": _profile,
    "locale": _locale,
    "effective_locale": _effective_locale,
    "last_login": _last_login,
    "permissions": _permissions,
    "terms_of_use": _terms_of_use,
    "time_zone": _time_zone,
    "uuid": _uuid,
    "lti_id": _lti_id,
}
