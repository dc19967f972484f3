"""Notification preferences (identity.md §7). Everybody changes only their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, get_args

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.communication_channels import policy
from homeroom.school.people.communication_channels.queries import find_channel, find_channel_at
from homeroom.school.people.notifications.catalog import CATEGORIES, CATEGORY_OF, Frequency
from homeroom.school.people.notifications.preferences import Chosen, choose, preferences_of
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import RecordId, UserId
from homeroom.wire.params.scalars import MissingParameter
from homeroom.wire.routing.routes import BY_POLICY, SELF_ONLY, Params, RawParams, Routes
from homeroom.wire.serving.call import Call

route = Routes()
_USER = "/users/:user_id/communication_channels/:communication_channel_id"
_USER_AT = "/users/:user_id/communication_channels/:type/:address"
_SELF = "/users/self/communication_channels/:communication_channel_id"
_SELF_AT = "/users/self/communication_channels/:type/:address"


class FrequencyField(Struct):
    frequency: str


class ChooseOne(Struct):
    notification_preferences: FrequencyField


class ChooseMany(Struct):
    """The fields by the notification's name."""

    notification_preferences: dict[str, FrequencyField]


class PreferenceJson(Struct):
    """How often one notification is sent to one channel; ``href`` is where it is shown."""

    href: str
    notification: str
    category: str
    frequency: str


class PreferencesJson(Struct):
    notification_preferences: list[PreferenceJson]


class CategoriesJson(Struct):
    categories: list[str]


@route.get(f"{_USER}/notification_preferences", right=BY_POLICY)
def list_preferences(user_id: UserId, communication_channel_id: RecordId, call: Call) -> PreferencesJson:
    """List notification preferences of a communication channel."""
    return _shown(call, _channel(call.db, call.actor, user_id, communication_channel_id))


@route.get(f"{_USER_AT}/notification_preferences", right=BY_POLICY)
def list_preferences_at(user_id: UserId, type: str, address: str, call: Call) -> PreferencesJson:
    """List notification preferences of a communication channel, by its address."""
    return _shown(call, _channel_at(call.db, call.actor, user_id, type, address))


@route.get(f"{_USER}/notification_preference_categories", right=BY_POLICY)
def list_categories(
    user_id: UserId, communication_channel_id: RecordId, actor: Actor, db: Connection
) -> CategoriesJson:
    """List notification preference categories of a communication channel."""
    _channel(db, actor, user_id, communication_channel_id)
    return CategoriesJson(list(CATEGORIES))


@route.get(f"{_USER_AT}/notification_preference_categories", right=BY_POLICY)
def list_categories_at(user_id: UserId, type: str, address: str, actor: Actor, db: Connection) -> CategoriesJson:
    """List notification preference categories of a communication channel, by its address."""
    _channel_at(db, actor, user_id, type, address)
    return CategoriesJson(list(CATEGORIES))


@route.get(f"{_USER}/notification_preferences/:notification", right=BY_POLICY)
def show_preference(
    user_id: UserId, communication_channel_id: RecordId, notification: str, call: Call
) -> PreferencesJson:
    """Show one notification preference."""
    channel = _channel(call.db, call.actor, user_id, communication_channel_id)
    return _shown(call, channel, _known(notification))


@route.get(f"{_USER_AT}/notification_preferences/:notification", right=BY_POLICY)
def show_preference_at(user_id: UserId, type: str, address: str, notification: str, call: Call) -> PreferencesJson:
    """Show one notification preference, by the channel's address."""
    channel = _channel_at(call.db, call.actor, user_id, type, address)
    return _shown(call, channel, _known(notification))


@route.put(f"{_SELF}/notification_preferences/:notification", right=SELF_ONLY)
def update_preference(
    communication_channel_id: RecordId, notification: str, params: Params[ChooseOne], call: Call
) -> PreferencesJson:
    """Change one notification preference."""
    channel = find_channel(call.db, call.actor.id, communication_channel_id)
    return _choose(call, channel, dict.fromkeys(_known(notification), _frequency(params)))


@route.put(f"{_SELF_AT}/notification_preferences/:notification", right=SELF_ONLY)
def update_preference_at(
    type: str, address: str, notification: str, params: Params[ChooseOne], call: Call
) -> PreferencesJson:
    """Change one notification preference, by the channel's address."""
    channel = find_channel_at(call.db, call.actor.id, type, address)
    return _choose(call, channel, dict.fromkeys(_known(notification), _frequency(params)))


@route.put(f"{_SELF}/notification_preference_categories/:category", right=SELF_ONLY)
def update_category(
    communication_channel_id: RecordId, category: str, params: Params[ChooseOne], call: Call
) -> PreferencesJson:
    """Change every notification preference of a category."""
    channel = find_channel(call.db, call.actor.id, communication_channel_id)
    return _choose(call, channel, dict.fromkeys(_in_category(category), _frequency(params)))


@route.put(f"{_SELF_AT}/notification_preference_categories/:category", right=SELF_ONLY)
def update_category_at(
    type: str, address: str, category: str, params: Params[ChooseOne], call: Call
) -> PreferencesJson:
    """Change every notification preference of a category, by the channel's address."""
    channel = find_channel_at(call.db, call.actor.id, type, address)
    return _choose(call, channel, dict.fromkeys(_in_category(category), _frequency(params)))


@route.put(f"{_SELF}/notification_preferences", right=SELF_ONLY, takes=ChooseMany)
def update_preferences(communication_channel_id: RecordId, params: RawParams, call: Call) -> PreferencesJson:
    """Change several notification preferences at once."""
    channel = find_channel(call.db, call.actor.id, communication_channel_id)
    return _choose(call, channel, _many(params))


@route.put(f"{_SELF_AT}/notification_preferences", right=SELF_ONLY, takes=ChooseMany)
def update_preferences_at(type: str, address: str, params: RawParams, call: Call) -> PreferencesJson:
    """Change several notification preferences at once, by the channel's address."""
    channel = find_channel_at(call.db, call.actor.id, type, address)
    return _choose(call, channel, _many(params))


def _channel(db: Connection, actor: Actor, user: IdForm, channel: IdForm) -> AnyRow:
    person = find_user(db, actor, user)
    policy.require(db, actor, person.id)
    return find_channel(db, person.id, channel)


def _channel_at(db: Connection, actor: Actor, user: IdForm, type_: str, address: str) -> AnyRow:
    person = find_user(db, actor, user)
    policy.require(db, actor, person.id)
    return find_channel_at(db, person.id, type_, address)


def _known(notification: str) -> tuple[str, ...]:
    if notification not in CATEGORY_OF:
        raise NotFound("notification")
    return (notification,)


def _in_category(category: str) -> tuple[str, ...]:
    if category not in CATEGORIES:
        raise NotFound("category")
    return CATEGORIES[category][1]


def _frequency(params: ChooseOne) -> Frequency:
    return _read_frequency(params.notification_preferences.frequency)


def _read_frequency(value: Any) -> Frequency:
    for frequency in get_args(Frequency):
        if frequency == value:
            return frequency  # type: ignore[no-any-return]
    raise Invalid(Fault("frequency", "inclusion", "is not included in the list"))


def _many(params: dict[str, Any]) -> dict[str, Frequency]:
    """``{name: {"frequency": ...}}`` as frequencies by name. Everything in it must be understood."""
    given = params.get("notification_preferences")
    if not isinstance(given, dict) or not given:
        raise MissingParameter("notification_preferences")
    chosen: dict[str, Frequency] = {}
    for name, fields in given.items():
        if name not in CATEGORY_OF:
            raise Refused(f"There is no notification {name!r}.")
        chosen[name] = _read_frequency(fields.get("frequency") if isinstance(fields, dict) else None)
    return chosen


def _choose(call: Call, channel: AnyRow, frequencies: dict[str, Frequency]) -> PreferencesJson:
    choose(call.db, channel.id, frequencies)
    return _shown(call, channel, frequencies.keys())


def _shown(call: Call, channel: AnyRow, names: Collection[str] = CATEGORY_OF.keys()) -> PreferencesJson:
    return preferences_json(channel, preferences_of(call.db, channel, names), call.request.base_url)


def preferences_json(channel: AnyRow, chosen: Iterable[Chosen], base_url: str) -> PreferencesJson:
    """The preferences under their one key, also when there is one only."""
    base = f"{base_url}/api/v1/users/{channel.user_id}/communication_channels/{channel.id}/notification_preferences"
    return PreferencesJson([PreferenceJson(f"{base}/{name}", name, *rest) for name, *rest in chosen])
