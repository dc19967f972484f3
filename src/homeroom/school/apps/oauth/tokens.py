"""Tokens for a client: from a code, or from a refresh token (identity.md §2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, exists, insert, select, update

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id, lock
from homeroom.db.types import AnyRow
from homeroom.school.apps.access_tokens.endings import delete_tokens
from homeroom.school.apps.oauth.clients import USERINFO, Client
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.apps.oauth.granted_apps import LAST_USED, UNUSED
from homeroom.school.schema import (
    AccessToken,
    Login,
    OAuthCode,
    SpentRefreshToken,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in.credentials import find_actor, may_still_act_as
from homeroom.school.states import LoginState, TokenState, UserState

LIFETIME = timedelta(hours=1)
_REFRESH_NOT_FOUND = ("invalid_grant", "refresh_token not found")


@dataclass(frozen=True, slots=True)
class Issued:
    """The answer of the token endpoint. ``access_token`` is None for identity only."""

    access_token: str | None
    refresh_token: str | None
    user_id: int
    real_user_id: int | None
    expires_in: int | None


def issue(db: Connection, client: Client, code: AnyRow, *, replace: bool) -> Issued:
    """The tokens for a code that was just taken; ``replace`` ends the user's other tokens of this client."""
    scopes = msgspec.json.decode(code.scopes, type=list[str])
    if not _can_sign_in(db, code.user_id, code.real_user_id):
        raise OAuthError("invalid_grant", "authorization_code not found")
    if replace:
        _end_others(db, client, code.user_id)
    identity_only = scopes == [USERINFO]
    if identity_only and not code.remember_access:
        return Issued(None, None, code.user_id, code.real_user_id, None)
    token, refresh = secrets.token_hex(32), secrets.token_hex(32)
    now = clock.now()
    token_id = insert_returning_id(
        db,
        insert(AccessToken).values(
            user_id=code.user_id,
            real_user_id=code.real_user_id,
            developer_key_id=client.id,
            digest=digest_of(token),
            hint=token[:5],
            refresh_digest=None if identity_only else digest_of(refresh),
            scopes=code.scopes,
            purpose=code.purpose,
            # A remembered consent to identity authenticates nothing: its token was never shown.
            state=TokenState.ACTIVE,
            remember_access=code.remember_access,
            expires_at=_expiry(client, now),
            created_at=now,
            updated_at=now,
        ),
    )
    db.execute(update(OAuthCode).where(OAuthCode.c.id == code.id).values(access_token_id=token_id))
    record(db, "token_created", user_id=code.user_id, object=("access_token", token_id), developer_key_id=client.id)
    if identity_only:
        return Issued(None, None, code.user_id, code.real_user_id, None)
    return Issued(token, refresh, code.user_id, code.real_user_id, _seconds(client))


def refresh(db: Connection, client: Client, refresh_token: str) -> Issued:
    """Give the same row a new access token. The old one stops working at once. Raises OAuthError.

    A public client's refresh token changes each time, for nobody proves who holds it. One that was changed already was
    copied: whoever used it first, the grant must end (RFC 9700 §4.14.2).
    """
    row = _find_refreshable(db, client, refresh_token)
    token, again = secrets.token_hex(32), secrets.token_hex(32)
    now = clock.now()
    values = {"digest": digest_of(token), "hint": token[:5], "expires_at": _expiry(client, now), "updated_at": now}
    if client.is_public:
        values["refresh_digest"] = digest_of(again)
        spent = {"digest": digest_of(refresh_token), "access_token_id": row.id, "expires_at": now + UNUSED}
        db.execute(insert(SpentRefreshToken).values(**spent))
    db.execute(update(AccessToken).where(AccessToken.c.id == row.id).values(**values))
    return Issued(token, again if client.is_public else None, row.user_id, row.real_user_id, _seconds(client))


def remembered_consent(db: Connection, client: Client, user_id: int) -> bool:
    """Whether the user has permanently agreed that this client may learn their identity."""
    wanted = msgspec.json.encode([USERINFO]).decode()
    return bool(
        db.execute(
            select(
                exists().where(
                    AccessToken.c.user_id == user_id,
                    AccessToken.c.developer_key_id == client.id,
                    AccessToken.c.scopes == wanted,
                    AccessToken.c.remember_access,
                    AccessToken.c.state == TokenState.ACTIVE,
                    # A person who was signed out everywhere is asked again.
                    AccessToken.c.permanent_expires_at.is_(None),
                )
            )
        ).scalar()
    )


class ReplayedRefreshToken(OAuthError):
    """A refresh token came again that another one has taken the place of."""

    def __init__(self, access_token_id: int) -> None:
        super().__init__(*_REFRESH_NOT_FOUND)
        self.access_token_id = access_token_id


def sweep(db: Connection) -> None:
    """Forget spent refresh tokens whose grants are over."""
    db.execute(delete(SpentRefreshToken).where(SpentRefreshToken.c.expires_at <= clock.now()))


def _find_refreshable(db: Connection, client: Client, refresh_token: str) -> AnyRow:
    query = select(
        AccessToken.c.id,
        AccessToken.c.user_id,
        AccessToken.c.real_user_id,
        AccessToken.c.developer_key_id,
        AccessToken.c.state,
        AccessToken.c.permanent_expires_at,
        AccessToken.c.updated_at,
        LAST_USED.label("last_used_at"),
    ).where(AccessToken.c.refresh_digest == digest_of(refresh_token))
    row = db.execute(query).first()
    if row is not None:
        # Locked and read again: of two refreshes at the same time only one may answer a working token.
        lock(db, AccessToken, [row.id])
        row = db.execute(query).first()
    if row is None:
        _refuse_spent(db, client, refresh_token)
    if row is None or row.state != "active":
        raise OAuthError(*_REFRESH_NOT_FOUND)
    if row.developer_key_id != client.id:
        raise OAuthError("invalid_grant", "incorrect client")
    now = clock.now()
    expired = row.permanent_expires_at is not None and row.permanent_expires_at <= now
    unused = max(row.updated_at, row.last_used_at) + UNUSED <= now
    if expired or unused or not _can_sign_in(db, row.user_id, row.real_user_id):
        raise OAuthError(*_REFRESH_NOT_FOUND)
    return row


def _refuse_spent(db: Connection, client: Client, refresh_token: str) -> None:
    found = db.execute(
        select(AccessToken.c.id, AccessToken.c.developer_key_id)
        .join(SpentRefreshToken, SpentRefreshToken.c.access_token_id == AccessToken.c.id)
        .where(SpentRefreshToken.c.digest == digest_of(refresh_token))
    ).first()
    if found is not None and found.developer_key_id != client.id:
        raise OAuthError("invalid_grant", "incorrect client")
    if found is not None:
        raise ReplayedRefreshToken(found.id)


def _can_sign_in(db: Connection, user_id: int, real_user_id: int | None) -> bool:
    signs_in = real_user_id or user_id
    has_login = exists().where(Login.c.user_id == signs_in, Login.c.state == LoginState.ACTIVE)
    user = find_actor(db, user_id)
    if user is None or user.state == UserState.DELETED or not db.execute(select(has_login)).scalar():
        return False
    return real_user_id is None or may_still_act_as(db, real_user_id, user)


def _end_others(db: Connection, client: Client, user_id: int) -> None:
    delete_tokens(db, AccessToken.c.user_id == user_id, AccessToken.c.developer_key_id == client.id)


def _expiry(client: Client, now: datetime) -> datetime | None:
    return now + LIFETIME if client.auto_expire_tokens else None


def _seconds(client: Client) -> int | None:
    return int(LIFETIME.total_seconds()) if client.auto_expire_tokens else None
