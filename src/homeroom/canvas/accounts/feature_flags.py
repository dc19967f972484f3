"""Feature flags of accounts, courses and users (homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.school.accounts import feature_flags
from homeroom.school.accounts.accounts.queries import FoundAccount, find_account
from homeroom.school.accounts.feature_flags import FEATURES, Context, Flag, UserRef
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.courses.queries import FoundCourse, find_course
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import Person, find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, FromContext, FromOneOf, Params, Routes

route = Routes()
H = TypeVar("H", bound=Callable[..., Any])


class FeatureFlagJson(Struct):
    """``context_type`` and ``context_id`` are absent for a feature's default."""

    feature: str
    state: str
    locked: bool
    context_type: str | UnsetType = UNSET
    context_id: int | UnsetType = UNSET


class FeatureJson(Struct):
    feature: str
    display_name: str
    applies_to: str
    feature_flag: FeatureFlagJson
    root_opt_in: bool = False
    beta: bool = False
    early_access_program: bool = False
    autoexpand: bool = False


class ListFeatures(Struct):
    hide_inherited_enabled: bool = False


class SetFeatureFlag(Struct):
    state: str


FeatureContext = Annotated[
    FoundAccount | FoundCourse | Person,
    FromOneOf(FromContext("account", find_account), FromContext("course", find_course), FromContext("user", find_user)),
]
# Who may set the flags of a person is the policy's.
_PLACES = {"account": "manage_feature_flags", "course": "manage_feature_flags", "user": BY_POLICY}


def _everywhere(add: Callable[..., Any], end: str, name: str, *, changes: bool = False) -> Callable[[H], H]:
    """The route of an account, of a course and of a user."""

    def register(handler: H) -> H:
        for kind, right in _PLACES.items():
            path = f"/{kind}s/:{kind}_id/features{end}"
            add(path, right=right if changes else BY_POLICY, name=name.format(kind))(handler)
        return handler

    return register


@_everywhere(route.get, "", "list_{}_features")
def list_features(
    context: FeatureContext, params: Params[ListFeatures], paging: Paging, actor: Actor, db: Connection
) -> Page[FeatureJson]:
    """List features."""
    flags = feature_flags.flags_of(db, _readable(db, actor, context))
    if params.hide_inherited_enabled:
        flags = [flag for flag in flags if not (flag.locked and flag.is_on)]
    return paging.cut(flags).map(feature_json)


@_everywhere(route.get, "/enabled", "list_enabled_{}_features")
def list_enabled_features(context: FeatureContext, paging: Paging, actor: Actor, db: Connection) -> Page[str]:
    """List enabled features."""
    flags = feature_flags.flags_of(db, _readable(db, actor, context))
    return paging.cut([flag.feature for flag in flags if flag.is_on])


@_everywhere(route.get, "/flags/:feature", "show_{}_flag")
def show_flag(context: FeatureContext, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Get feature flag."""
    return flag_json(feature_flags.find_flag(db, feature, _readable(db, actor, context)))


@_everywhere(route.put, "/flags/:feature", "set_{}_flag", changes=True)
def set_flag(
    context: FeatureContext, feature: str, params: Params[SetFeatureFlag], actor: Actor, db: Connection
) -> FeatureFlagJson:
    """Set feature flag."""
    return flag_json(feature_flags.set_flag(db, feature, _changeable(db, actor, context), params.state))


@_everywhere(route.delete, "/flags/:feature", "remove_{}_flag", changes=True)
def remove_flag(context: FeatureContext, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Remove feature flag."""
    return flag_json(feature_flags.remove_flag(db, feature, _changeable(db, actor, context)))


def feature_json(flag: Flag) -> FeatureJson:
    feature = FEATURES[flag.feature]
    return FeatureJson(feature.name, feature.display_name, feature.applies_to, flag_json(flag))


def flag_json(flag: Flag) -> FeatureFlagJson:
    json = FeatureFlagJson(flag.feature, flag.state, flag.locked)
    if flag.context_type is not None and flag.context_id is not None:
        json.context_type, json.context_id = flag.context_type, flag.context_id
    return json


def _readable(db: Connection, actor: Actor, found: FeatureContext) -> Context:
    """The context, if the actor may see its flags. Raises NotAllowed."""
    if isinstance(found, Person):
        policy.require(policy.can_read, db, actor, found.id)
        return UserRef(found.id)
    if isinstance(found, FoundAccount):
        if not actor.holds_any(("view_feature_flags", "manage_feature_flags"), found.ref):
            raise NotAllowed("view_feature_flags")
    elif not can_read_course(db, actor, found.ref):
        raise NotAllowed("read")
    return found.ref


def _changeable(db: Connection, actor: Actor, found: FeatureContext) -> Context:
    """The context, if the actor may set its flags; the route has asked for the right in an account or a course."""
    if isinstance(found, Person):
        policy.require(policy.can_manage, db, actor, found.id)
        return UserRef(found.id)
    return found.ref
