"""The resources of the wing accounts: accounts, roles, feature flags and what an account shows."""

from __future__ import annotations

from homeroom.canvas.accounts import accounts, brand_variables, feature_flags, roles, terms_of_service

RESOURCES = (
    accounts.route,
    brand_variables.route,
    feature_flags.route,
    roles.route,
    terms_of_service.route,
)
