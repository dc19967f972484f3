"""The web face: pages, pictures and feeds for people, at the addresses that answers hand out (homeroom.md §4)."""

from __future__ import annotations

from typing import Any

from homeroom.web import (
    api_docs,
    calendars,
    courses,
    home,
    openid,
    outbox,
    own_password,
    passwords,
    people,
    profile,
    registration,
    second_factor,
    second_step,
    self_registration,
    sign_in,
    static_files,
    terms,
)
from homeroom.web.pages import PAGES
from homeroom.wire.browser.pages import PAGE_HEADERS, by_session
from homeroom.wire.http.request import Request
from homeroom.wire.serving.face import Face


def _no_token(_request: Request, _params: dict[str, Any]) -> None:
    """Tokens are ignored outside the API (identity.md §1)."""


WEB = Face(
    name="Web",
    prefix="",
    resources=(
        static_files.route,
        calendars.route,
        sign_in.route,
        second_step.route,
        openid.route,
        passwords.route,
        registration.route,
        self_registration.route,
        home.route,
        profile.route,
        own_password.route,
        second_factor.route,
        terms.route,
        people.route,
        courses.route,
        outbox.route,
        api_docs.route,
    ),
    error=PAGES.error,
    authenticate=by_session,
    headers=PAGE_HEADERS,
    caching="no-store",
    token_of=_no_token,
    documented=False,
)
