"""Ending a person's session at their OpenID provider (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec.json import decode
from sqlalchemy import ColumnElement, Connection, select

from homeroom.school.schema import (
    AuthenticationProvider,
    Login,
)
from homeroom.school.sign_in.authentication_providers.queries import OPENID
from homeroom.school.states import LoginState


def end_session_url(db: Connection, login_id: int | None, return_to: str) -> str | None:
    """The address at which the login's provider ends its own session and then sends the browser to ``return_to``. None
    for a login with a password, and for a provider without an ``end_session_endpoint``.
    """
    return _url(db, return_to, Login.c.id == (login_id or 0))


def end_session_url_of(db: Connection, user_id: int, return_to: str) -> str | None:
    """Like ``end_session_url``, for the person's first login with such a provider."""
    return _url(db, return_to, Login.c.user_id == user_id)


def _url(db: Connection, return_to: str, which: ColumnElement[bool]) -> str | None:
    rows = db.execute(
        select(AuthenticationProvider.c.settings)
        .join(Login, Login.c.provider_key == AuthenticationProvider.c.id)
        .where(
            which,
            Login.c.state == LoginState.ACTIVE,
            AuthenticationProvider.c.auth_type == OPENID,
            AuthenticationProvider.c.state != "deleted",
        )
        .order_by(Login.c.position, Login.c.id)
    )
    for row in rows:
        settings = decode(row.settings)
        if url := settings.get("end_session_endpoint"):
            query = urlencode({"client_id": settings["client_id"], "post_logout_redirect_uri": return_to})
            return f"{url}{'&' if '?' in url else '?'}{query}"
    return None
