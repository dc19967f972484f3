"""The resources of the wing apps: tokens, developer keys and scopes."""

from __future__ import annotations

from homeroom.canvas.apps import access_tokens, developer_keys, pandata, scopes

RESOURCES = (
    access_tokens.route,
    developer_keys.route,
    pandata.route,
    scopes.route,
)
