"""Authorization codes: each can be used once (identity.md §2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.db.types import AnyRow
from homeroom.school.apps.access_tokens.endings import delete_token
from homeroom.school.apps.oauth.clients import Client
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.schema import OAuthCode, User

LIFETIME = timedelta(minutes=10)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NOT_FOUND = OAuthError("invalid_grant", "authorization_code not found")


@dataclass(frozen=True, slots=True)
class Grant:
    """The consent of a person: client, scopes, and how it was given."""

    user_id: int
    real_user_id: int | None
    redirect_uri: str
    scopes: list[str]
    purpose: str | None
    code_challenge: str | None
    remember_access: bool


def is_challenge(text: str) -> bool:
    """Whether the text is a possible S256 code challenge."""
    return _CHALLENGE.fullmatch(text) is not None


def make_code(db: Connection, client: Client, grant: Grant) -> str:
    """A new code for this grant. Expired codes of everybody are deleted."""
    now = clock.now()
    db.execute(delete(OAuthCode).where(OAuthCode.c.expires_at < now))
    code = secrets.token_hex(64)
    db.execute(
        insert(OAuthCode).values(
            digest=digest_of(code),
            developer_key_id=client.id,
            user_id=grant.user_id,
            real_user_id=grant.real_user_id,
            redirect_uri=grant.redirect_uri,
            scopes=msgspec.json.encode(grant.scopes).decode(),
            purpose=grant.purpose,
            code_challenge=grant.code_challenge,
            remember_access=grant.remember_access,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return code


def take_code(db: Connection, client: Client, code: str, verifier: str, redirect_uri: str) -> AnyRow:
    """Use the code up and return its row. Raises OAuthError; a code of another client is not used up.

    A ``redirect_uri`` that is given must be the one that the code was sent to (RFC 6749 §4.1.3).

    A code that comes a second time was copied: the token made from it dies too (RFC 6749 §4.1.2).
    """
    row = db.execute(select(*OAuthCode.columns).where(OAuthCode.c.digest == digest_of(code))).first()
    if row is None or row.expires_at <= clock.now():
        raise _NOT_FOUND
    if row.developer_key_id != client.id:
        raise OAuthError("invalid_grant", "incorrect client")
    if redirect_uri and redirect_uri != row.redirect_uri:
        raise OAuthError("invalid_grant", "incorrect redirect_uri")
    _require_verifier(row.code_challenge, verifier)
    # People go before what is theirs. Whoever is being deleted now is waited for, and is given no token.
    lock(db, User, [user_id for user_id in (row.user_id, row.real_user_id) if user_id is not None])
    taken = db.execute(
        update(OAuthCode).where(OAuthCode.c.id == row.id, OAuthCode.c.used_at.is_(None)).values(used_at=clock.now())
    )
    if taken.rowcount == 0:
        raise ReplayedCode(row.access_token_id)
    return row


class ReplayedCode(OAuthError):
    """A code was used a second time."""

    def __init__(self, access_token_id: int | None) -> None:
        super().__init__("invalid_grant", "authorization_code not found")
        self.access_token_id = access_token_id


def revoke_after_replay(db: Connection, access_token_id: int | None) -> None:
    """End the token that was made from a code that was used twice."""
    if access_token_id is not None:
        delete_token(db, access_token_id, reason="its code came twice")


def _require_verifier(challenge: str | None, verifier: str) -> None:
    if challenge is None:
        # A verifier without a challenge: somebody may have removed the challenge from the authorization request.
        if verifier:
            raise OAuthError("invalid_grant", "incorrect code_verifier")
        return
    digest = hashlib.sha256(verifier.encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if _VERIFIER.fullmatch(verifier) is None or not hmac.compare_digest(made, challenge):
        raise OAuthError("invalid_grant", "incorrect code_verifier")
