"""Feature flags of accounts, courses and users (homeroom.md §3)."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext, CourseContext
from homeroom.school.accounts import feature_flags
from homeroom.school.accounts.feature_flags import FEATURES, Context, Flag, UserRef
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.courses.queries import FoundCourse
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


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


@route.get("/accounts/:account_id/features", right=BY_POLICY)
def list_account_features(
    account: AccountContext, params: Params[ListFeatures], paging: Paging, actor: Actor, db: Connection
) -> Page[FeatureJson]:
    """List features."""
    _require_view(actor, account.ref)
    return _list(db, account.ref, params, paging)


@route.get("/accounts/:account_id/features/enabled", right=BY_POLICY)
def list_enabled_account_features(account: AccountContext, paging: Paging, actor: Actor, db: Connection) -> Page[str]:
    """List enabled features."""
    _require_view(actor, account.ref)
    return _enabled(db, account.ref, paging)


@route.get("/accounts/:account_id/features/flags/:feature", right=BY_POLICY)
def show_account_flag(account: AccountContext, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Get feature flag."""
    _require_view(actor, account.ref)
    return flag_json(feature_flags.find_flag(db, feature, account.ref))


@route.put("/accounts/:account_id/features/flags/:feature", right="manage_feature_flags")
def set_account_flag(
    account: AccountContext, feature: str, params: Params[SetFeatureFlag], db: Connection
) -> FeatureFlagJson:
    """Set feature flag."""
    return flag_json(feature_flags.set_flag(db, feature, account.ref, params.state))


@route.delete("/accounts/:account_id/features/flags/:feature", right="manage_feature_flags")
def remove_account_flag(account: AccountContext, feature: str, db: Connection) -> FeatureFlagJson:
    """Remove feature flag."""
    return flag_json(feature_flags.remove_flag(db, feature, account.ref))


@route.get("/courses/:course_id/features", right=BY_POLICY)
def list_course_features(
    course: CourseContext, params: Params[ListFeatures], paging: Paging, actor: Actor, db: Connection
) -> Page[FeatureJson]:
    """List features."""
    return _list(db, _readable(db, actor, course), params, paging)


@route.get("/courses/:course_id/features/enabled", right=BY_POLICY)
def list_enabled_course_features(course: CourseContext, paging: Paging, actor: Actor, db: Connection) -> Page[str]:
    """List enabled features."""
    return _enabled(db, _readable(db, actor, course), paging)


@route.get("/courses/:course_id/features/flags/:feature", right=BY_POLICY)
def show_course_flag(course: CourseContext, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Get feature flag."""
    return flag_json(feature_flags.find_flag(db, feature, _readable(db, actor, course)))


@route.put("/courses/:course_id/features/flags/:feature", right="manage_feature_flags")
def set_course_flag(
    course: CourseContext, feature: str, params: Params[SetFeatureFlag], db: Connection
) -> FeatureFlagJson:
    """Set feature flag."""
    return flag_json(feature_flags.set_flag(db, feature, course.ref, params.state))


@route.delete("/courses/:course_id/features/flags/:feature", right="manage_feature_flags")
def remove_course_flag(course: CourseContext, feature: str, db: Connection) -> FeatureFlagJson:
    """Remove feature flag."""
    return flag_json(feature_flags.remove_flag(db, feature, course.ref))


@route.get("/users/:user_id/features", right=BY_POLICY)
def list_user_features(
    user_id: UserId, params: Params[ListFeatures], paging: Paging, actor: Actor, db: Connection
) -> Page[FeatureJson]:
    """List features."""
    return _list(db, _user(db, actor, user_id, policy.can_read), params, paging)


@route.get("/users/:user_id/features/enabled", right=BY_POLICY)
def list_enabled_user_features(user_id: UserId, paging: Paging, actor: Actor, db: Connection) -> Page[str]:
    """List enabled features."""
    return _enabled(db, _user(db, actor, user_id, policy.can_read), paging)


@route.get("/users/:user_id/features/flags/:feature", right=BY_POLICY)
def show_user_flag(user_id: UserId, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Get feature flag."""
    return flag_json(feature_flags.find_flag(db, feature, _user(db, actor, user_id, policy.can_read)))


@route.put("/users/:user_id/features/flags/:feature", right=BY_POLICY)
def set_user_flag(
    user_id: UserId, feature: str, params: Params[SetFeatureFlag], actor: Actor, db: Connection
) -> FeatureFlagJson:
    """Set feature flag."""
    return flag_json(feature_flags.set_flag(db, feature, _user(db, actor, user_id, policy.can_manage), params.state))


@route.delete("/users/:user_id/features/flags/:feature", right=BY_POLICY)
def remove_user_flag(user_id: UserId, feature: str, actor: Actor, db: Connection) -> FeatureFlagJson:
    """Remove feature flag."""
    return flag_json(feature_flags.remove_flag(db, feature, _user(db, actor, user_id, policy.can_manage)))


def feature_json(flag: Flag) -> FeatureJson:
    feature = FEATURES[flag.feature]
    return FeatureJson(feature.name, feature.display_name, feature.applies_to, flag_json(flag))


def flag_json(flag: Flag) -> FeatureFlagJson:
    json = FeatureFlagJson(flag.feature, flag.state, flag.locked)
    if flag.context_type is not None and flag.context_id is not None:
        json.context_type, json.context_id = flag.context_type, flag.context_id
    return json


def _list(db: Connection, context: Context, params: ListFeatures, paging: Paging) -> Page[FeatureJson]:
    flags = feature_flags.flags_of(db, context)
    if params.hide_inherited_enabled:
        flags = [flag for flag in flags if not (flag.locked and flag.is_on)]
    return paging.cut(flags).map(feature_json)


def _enabled(db: Connection, context: Context, paging: Paging) -> Page[str]:
    return paging.cut([flag.feature for flag in feature_flags.flags_of(db, context) if flag.is_on])


def _require_view(actor: Actor, account: AccountRef) -> None:
    if not actor.holds_any(("view_feature_flags", "manage_feature_flags"), account):
        raise NotAllowed("view_feature_flags")


def _readable(db: Connection, actor: Actor, course: FoundCourse) -> CourseRef:
    if not can_read_course(db, actor, course.ref):
        raise NotAllowed("read")
    return course.ref


def _user(db: Connection, actor: Actor, form: UserId, rule: policy.Rule) -> UserRef:
    person = find_user(db, actor, form)
    policy.require(rule, db, actor, person.id)
    return UserRef(person.id)
