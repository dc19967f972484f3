"""The resources of the wing people: users, their logins, channels, observers and own settings."""

from __future__ import annotations

from homeroom.canvas.people import (
    admins,
    avatars,
    bookmarks,
    colors,
    communication_channels,
    custom_data,
    dashboard_positions,
    logins,
    notification_preferences,
    observees,
    preferences,
    profiles,
    settings,
    user_creation,
    user_edit,
    users,
)

RESOURCES = (
    admins.route,
    avatars.route,
    bookmarks.route,
    colors.route,
    communication_channels.route,
    custom_data.route,
    dashboard_positions.route,
    logins.route,
    notification_preferences.route,
    observees.route,
    preferences.route,
    profiles.route,
    settings.route,
    user_creation.route,
    user_edit.route,
    users.route,
)
