"""The control face: /homeroom/v1 (homeroom.md §5). JSON in and out, a site admin's token."""

from __future__ import annotations

from homeroom.control import (
    clock,
    developer_keys,
    grants,
    health,
    jobs,
    second_factors,
    security_events,
    settings,
    terms_of_service,
)
from homeroom.wire.http.api_errors import render_error
from homeroom.wire.serving.face import Face

CONTROL = Face(
    name="Homeroom",
    prefix="/homeroom/v1",
    resources=(
        health.route,
        clock.route,
        developer_keys.route,
        grants.route,
        jobs.route,
        second_factors.route,
        security_events.route,
        settings.route,
        terms_of_service.route,
    ),
    error=render_error,
    takes_forms=False,
)
