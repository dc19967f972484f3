"""The Canvas face: /api/v1."""

from __future__ import annotations

from homeroom.canvas.accounts import accounts, brand_variables, feature_flags, roles, terms_of_service
from homeroom.canvas.apps import access_tokens, developer_keys, pandata, scopes
from homeroom.canvas.courses import (
    account_courses,
    course_nicknames,
    course_pages,
    course_settings,
    course_users,
    courses,
    crosslisting,
    dashboard_cards,
    enrollments,
    favorites,
    sections,
    terms,
)
from homeroom.canvas.errors import render_error
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
from homeroom.canvas.sign_in import authentication_providers, sessions, sso_settings
from homeroom.wire.serving.endpoint import by_token_or_session
from homeroom.wire.serving.server import Face

CANVAS = Face(
    name="Canvas",
    prefix="/api/v1",
    resources=(
        accounts.route,
        admins.route,
        avatars.route,
        bookmarks.route,
        brand_variables.route,
        colors.route,
        custom_data.route,
        dashboard_positions.route,
        observees.route,
        preferences.route,
        profiles.route,
        roles.route,
        settings.route,
        feature_flags.route,
        course_nicknames.route,
        course_pages.route,
        course_settings.route,
        course_users.route,
        account_courses.route,
        courses.route,
        crosslisting.route,
        dashboard_cards.route,
        enrollments.route,
        favorites.route,
        sections.route,
        terms.route,
        terms_of_service.route,
        user_creation.route,
        user_edit.route,
        users.route,
        developer_keys.route,
        scopes.route,
        access_tokens.route,
        pandata.route,
        sessions.route,
        sso_settings.route,
        authentication_providers.route,
        logins.route,
        communication_channels.route,
        notification_preferences.route,
    ),
    error=render_error,
    authenticate=by_token_or_session,
    throttled=True,
    scoped=True,
    # A client of another version is told so in JSON.
    answers_below="/api",
)
