"""The settings of a user: switches that are kept for them (users-core.md §7)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.school.accounts import feature_flags
from homeroom.school.people.preferences import preferences_of, set_preferences
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


class SettingsJson(Struct):
    """Always all keys."""

    manual_mark_as_read: bool = False
    release_notes_badge_disabled: bool = False
    collapse_global_nav: bool = False
    collapse_course_nav: bool = False
    hide_dashcard_color_overlays: bool = False
    comment_library_suggestions_enabled: bool = False
    elementary_dashboard_disabled: bool = False
    default_to_block_editor: bool = False
    widget_dashboard_user_preference: bool = False
    widget_dashboard_dark_mode: bool = False


class UpdateSettings(Struct):
    manual_mark_as_read: bool | UnsetType = UNSET
    release_notes_badge_disabled: bool | UnsetType = UNSET
    collapse_global_nav: bool | UnsetType = UNSET
    collapse_course_nav: bool | UnsetType = UNSET
    hide_dashcard_color_overlays: bool | UnsetType = UNSET
    comment_library_suggestions_enabled: bool | UnsetType = UNSET
    elementary_dashboard_disabled: bool | UnsetType = UNSET
    default_to_block_editor: bool | UnsetType = UNSET
    widget_dashboard_user_preference: bool | UnsetType = UNSET
    widget_dashboard_dark_mode: bool | UnsetType = UNSET


@route.get("/users/:id/settings", right=BY_POLICY)
def show_settings(id: UserId, actor: Actor, db: Connection) -> SettingsJson:
    """Show a user's settings."""
    user = find_user(db, actor, id)
    policy.require(policy.can_read, db, actor, user.id)
    return settings_json(db, actor, user.id)


@route.put("/users/:id/settings", right=BY_POLICY)
def update_settings(id: UserId, params: Params[UpdateSettings], actor: Actor, db: Connection) -> SettingsJson:
    """Update a user's settings."""
    user = find_user(db, actor, id)
    policy.require(policy.can_manage, db, actor, user.id)
    set_preferences(db, user.id, given(params))
    return settings_json(db, actor, user.id)


def settings_json(db: Connection, actor: Actor, user_id: int) -> SettingsJson:
    """The person's settings over the defaults; the widget dashboard is on for whoever has not said no to it."""
    offered = feature_flags.is_on(db, "widget_dashboard", actor.root.ref)
    stored = preferences_of(db, user_id, SettingsJson.__struct_fields__)
    return msgspec.convert({"widget_dashboard_user_preference": offered, **stored}, SettingsJson)
