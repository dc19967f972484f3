"""The resources of the wing sign_in: authentication providers and sessions."""

from __future__ import annotations

from homeroom.canvas.sign_in import authentication_providers, sessions, sso_settings

RESOURCES = (
    authentication_providers.route,
    sessions.route,
    sso_settings.route,
)
