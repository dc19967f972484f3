"""The Canvas face: /api/v1. Each wing says in its ``resources.py`` what it has."""

from __future__ import annotations

from homeroom.canvas.accounts.resources import RESOURCES as ACCOUNTS
from homeroom.canvas.apps.resources import RESOURCES as APPS
from homeroom.canvas.courses.resources import RESOURCES as COURSES
from homeroom.canvas.errors import render_error
from homeroom.canvas.people.resources import RESOURCES as PEOPLE
from homeroom.canvas.sign_in.resources import RESOURCES as SIGN_IN
from homeroom.wire.serving.authentication import by_token_or_session
from homeroom.wire.serving.face import Face

CANVAS = Face(
    name="Canvas",
    prefix="/api/v1",
    resources=(*ACCOUNTS, *PEOPLE, *SIGN_IN, *APPS, *COURSES),
    error=render_error,
    authenticate=by_token_or_session,
    throttled=True,
    scoped=True,
    # A client of another version is told so in JSON.
    answers_below="/api",
)
