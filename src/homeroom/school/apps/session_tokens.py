"""Tokens that start a web session once: `GET /login/session_token`, and `destination` of a new user."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.school.schema import (
    Login,
    SessionToken,
    User,
)
from homeroom.school.states import LoginState, UserState

LIFETIME = timedelta(minutes=5)


class Entrance(NamedTuple):
    """The person for whom a token starts a session."""

    user_id: int
    real_user_id: int | None
    login_id: int


def make(db: Connection, user_id: int, real_user_id: int | None = None) -> str:
    """A token for this person; it works once and for a few minutes."""
    now = clock.now()
    db.execute(delete(SessionToken).where(SessionToken.c.expires_at < now))
    token = secrets.token_urlsafe(32)
    db.execute(
        insert(SessionToken).values(
            digest=digest_of(token),
            user_id=user_id,
            real_user_id=real_user_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


def use(db: Connection, token: str) -> Entrance | None:
    """Whom the token lets in, and it is used up; None when it lets nobody in."""
    people = select(SessionToken.c.user_id, SessionToken.c.real_user_id).where(
        SessionToken.c.digest == digest_of(token)
    )
    if (found := db.execute(people).first()) is None:
        return None
    # People go before what is theirs.
    lock(db, User, [user_id for user_id in found if user_id is not None])
    row = db.execute(
        delete(SessionToken)
        .where(SessionToken.c.digest == digest_of(token))
        .returning(SessionToken.c.user_id, SessionToken.c.real_user_id, SessionToken.c.expires_at)
    ).first()
    if row is None or row.expires_at <= clock.now():
        return None
    login = db.execute(
        select(Login.c.id)
        .join(User, User.c.id == row.user_id)
        .where(
            Login.c.user_id == (row.real_user_id or row.user_id),
            Login.c.state == LoginState.ACTIVE,
            User.c.state != UserState.DELETED,
        )
        .order_by(Login.c.position, Login.c.id)
        .limit(1)
    ).scalar()
    return None if login is None else Entrance(row.user_id, row.real_user_id, login)


def with_token(url: str, token: str) -> str:
    """The URL with ``session_token`` added to its query."""
    parts = urlsplit(url)
    query = f"{parts.query}&session_token={token}" if parts.query else f"session_token={token}"
    return parts._replace(query=query).geturl()
