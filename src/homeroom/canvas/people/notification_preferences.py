"""Notification preferences (identity.md §7). Everybody changes only their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar, get_args

from msgspec import Struct

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.communication_channels import policy
from homeroom.school.people.communication_channels.queries import find_channel, find_channel_at
from homeroom.school.people.notifications.catalog import CATEGORIES, CATEGORY_OF, Frequency
from homeroom.school.people.notifications.preferences import Chosen, choose, preferences_of
from homeroom.school.people.users.queries import find_user
from homeroom.wire.params.ids import UserId, parse_id
from homeroom.wire.params.scalars import MissingParameter
from homeroom.wire.routing.routes import BY_POLICY, SELF_ONLY, Params, PathValues, RawParams, Routes
from homeroom.wire.serving.call import Call

route = Routes()
H = TypeVar("H", bound=Callable[..., Any])
_USER = "/users/:user_id/communication_channels"
_SELF = "/users/self/communication_channels"


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


def _everywhere(add: Callable[..., Any], end: str, base: str, **options: Any) -> Callable[[H], H]:
    """The route twice: for a channel by its id, and by its type and address."""

    def register(handler: H) -> H:
        title = (handler.__doc__ or "").partition("\n")[0].rstrip(".")
        address = "its address" if title.endswith("communication channel") else "the channel's address"
        by_address = {"name": f"{handler.__name__}_at", "summary": f"{title}, by {address}"}
        add(f"{base}/:communication_channel_id/{end}", **options)(handler)
        add(f"{base}/:type/:address/{end}", **options, **by_address)(handler)
        return handler

    return register


@_everywhere(route.get, "notification_preferences", _USER, right=BY_POLICY)
def list_preferences(user_id: UserId, path: PathValues, call: Call) -> PreferencesJson:
    """List notification preferences of a communication channel."""
    return _shown(call, _channel_of(call, user_id, path))


@_everywhere(route.get, "notification_preference_categories", _USER, right=BY_POLICY)
def list_categories(user_id: UserId, path: PathValues, call: Call) -> CategoriesJson:
    """List notification preference categories of a communication channel."""
    _channel_of(call, user_id, path)
    return CategoriesJson(list(CATEGORIES))


@_everywhere(route.get, "notification_preferences/:notification", _USER, right=BY_POLICY)
def show_preference(user_id: UserId, notification: str, path: PathValues, call: Call) -> PreferencesJson:
    """Show one notification preference."""
    return _shown(call, _channel_of(call, user_id, path), _known(notification))


@_everywhere(route.put, "notification_preferences/:notification", _SELF, right=SELF_ONLY)
def update_preference(notification: str, path: PathValues, params: Params[ChooseOne], call: Call) -> PreferencesJson:
    """Change one notification preference."""
    channel = _channel(call, call.actor.id, path)
    return _choose(call, channel, dict.fromkeys(_known(notification), _frequency(params)))


@_everywhere(route.put, "notification_preference_categories/:category", _SELF, right=SELF_ONLY)
def update_category(category: str, path: PathValues, params: Params[ChooseOne], call: Call) -> PreferencesJson:
    """Change every notification preference of a category."""
    channel = _channel(call, call.actor.id, path)
    return _choose(call, channel, dict.fromkeys(_in_category(category), _frequency(params)))


@_everywhere(route.put, "notification_preferences", _SELF, right=SELF_ONLY, takes=ChooseMany)
def update_preferences(path: PathValues, params: RawParams, call: Call) -> PreferencesJson:
    """Change several notification preferences at once."""
    return _choose(call, _channel(call, call.actor.id, path), _many(params))


def _channel_of(call: Call, user: IdForm, path: PathValues) -> AnyRow:
    person = find_user(call.db, call.actor, user)
    policy.require(call.db, call.actor, person.id)
    return _channel(call, person.id, path)


def _channel(call: Call, user_id: int, path: PathValues) -> AnyRow:
    """The person's channel that the path means. Raises NotFound."""
    if "address" in path:
        return find_channel_at(call.db, user_id, path["type"], path["address"])
    return find_channel(call.db, user_id, parse_id("record", path["communication_channel_id"]))


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
    """The preferences under one key, even if there is only one."""
    base = f"{base_url}/api/v1/users/{channel.user_id}/communication_channels/{channel.id}/notification_preferences"
    return PreferencesJson([PreferenceJson(f"{base}/{name}", name, *rest) for name, *rest in chosen])
