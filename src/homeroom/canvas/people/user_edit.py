"""Users: editing one (users-core.md §6)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.ground.secret_key import own_secret_key
from homeroom.school.people import avatars
from homeroom.school.people.communication_channels.policy import can_invite
from homeroom.school.people.logins import policy as logins
from homeroom.school.people.users import policy
from homeroom.school.people.users.editing import UserChange, chosen_pronouns, edit_user, set_login_states
from homeroom.school.people.users.policy import EditingRights
from homeroom.school.people.users.queries import Person, find_person, find_user
from homeroom.school.people.users.sign_up import Notice
from homeroom.school.rights.reading import may_give_sis_ids
from homeroom.school.sign_in import link_mails
from homeroom.school.states import LoginState
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, RawParams, Routes
from homeroom.wire.serving.call import Call

route = Routes("users")

_LOGIN_STATES = {"suspend": LoginState.SUSPENDED, "unsuspend": LoginState.ACTIVE}
# Sent by clients of long ago, and dropped without a word.
_DROPPED = frozenset(("birthdate",))


class AvatarParams(Struct, frozen=True):
    token: str | None = None
    url: str | None = None
    state: str | None = None


class UserParams(Struct, frozen=True):
    name: str | UnsetType | None = UNSET
    short_name: str | UnsetType | None = UNSET
    sortable_name: str | UnsetType | None = UNSET
    time_zone: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    avatar: AvatarParams | UnsetType = UNSET
    title: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    pronunciation: str | UnsetType | None = UNSET
    pronouns: str | UnsetType | None = UNSET
    event: str | None = None


class UpdateUser(Struct):
    user: UserParams = UserParams()
    override_sis_stickiness: bool = True


@route.put("/users/:id", right=BY_POLICY)
def update_user(id: UserId, params: Params[UpdateUser], given: RawParams, call: Call) -> UserJson:
    """Edit a user."""
    person = find_user(call.db, call.actor, id)
    rights = policy.editing_rights(call.db, call.actor, person.id)
    _require_all(rights, given)
    state = None if call.actor.is_(person.id) else _LOGIN_STATES.get(params.user.event or "")
    if state and not logins.can_manage(call.db, call.actor, person.id):
        raise NotAllowed(logins.RIGHT)
    change = _change(params.user, person, rights, call, own_secret_key(call.db))
    trusted = bool(change.email) and can_invite(call.db, call.actor, person.id)
    channel = edit_user(
        call.db, person.id, change, respect_stickiness=not params.override_sis_stickiness, trusted_email=trusted
    )
    if channel is not None:
        notice: Notice = "registration" if trusted else "account"
        link_mails.send(call.db, notice, channel, call.actor.root.name, call.request.address_for_mail)
    if state:
        also_sis = may_give_sis_ids(call.actor)
        set_login_states(call.db, call.actor.root.id, person.id, state, also_sis=also_sis)
    return _edited_json(find_person(call.db, person.id), params.user, rights, call)


def _require_all(rights: EditingRights, given: dict[str, Any]) -> None:
    """All or nothing: one attribute that is unknown, or that the actor may not change, refuses the whole call."""
    user = given.get("user")
    names = set(user) - _DROPPED if isinstance(user, dict) else set()
    if not rights.attributes or not names <= rights.attributes:
        raise NotAllowed("manage_user_details")


def _change(user: UserParams, person: Person, rights: EditingRights, call: Call, secret: str) -> UserChange:
    known = call.actor.root.settings.pronouns or []
    avatar: avatars.Avatar | UnsetType = UNSET
    if user.avatar is not UNSET:
        avatar = avatars.changed(
            person,
            avatars.choices_of(person, call.request.base_url, secret),
            token=user.avatar.token,
            url=user.avatar.url,
            state=user.avatar.state,
            by_admin=rights.manages,
        )
    return UserChange(
        name=user.name,
        short_name=user.short_name,
        sortable_name=user.sortable_name,
        email=user.email,
        time_zone=user.time_zone,
        locale=user.locale,
        title=user.title,
        bio=user.bio,
        pronunciation=user.pronunciation,
        pronouns=UNSET if user.pronouns is UNSET else chosen_pronouns(known, user.pronouns),
        avatar=avatar,
    )


def _edited_json(person: Person, sent: UserParams, rights: EditingRights, call: Call) -> UserJson:
    include = {"locale", "avatar_url", "email", "time_zone", *(("avatar_state",) if rights.manages else ())}
    json = user_json(person, UserView.in_account(call, call.actor.root.ref), frozenset(include))
    if sent.title is not UNSET:
        json.title = person.title
    if sent.bio is not UNSET:
        json.bio = person.bio
    if sent.pronunciation is not UNSET:
        json.pronunciation = person.pronunciation
    return json
