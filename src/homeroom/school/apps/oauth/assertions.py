"""Assertions signed by a client, and the tokens that they are exchanged for (identity.md §2, RFC 7523)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import digest_of
from homeroom.school.apps import signing
from homeroom.school.apps.oauth.clients import Client
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.ground.ids import global_id
from homeroom.school.ground.jwts import (
    BadJwt,
    BadKeys,
    audiences_of,
    read_keys,
    time_of,
    unproved_claims,
    verified_claims,
)
from homeroom.school.ground.vault import Vault
from homeroom.school.schema import UsedAssertion
from homeroom.school.sign_in.signed_elsewhere import claims_signed_elsewhere
from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import Unreachable

LIFETIME = timedelta(hours=1)
# An assertion is made for one call. A long-lived one could be stolen and used later.
LONGEST = timedelta(hours=1)
_LEEWAY = timedelta(seconds=60)


class Claims(NamedTuple):
    jti: str
    expires_at: datetime


def subject_of(assertion: str) -> str:
    """The subject that an assertion claims, not verified yet. Raises OAuthError."""
    try:
        subject = unproved_claims(assertion).get("sub")
    except BadJwt:
        raise OAuthError("invalid_request", "client_assertion is not a JWT") from None
    if not isinstance(subject, str | int):
        raise OAuthError("invalid_request", "the assertion has no sub")
    return str(subject)


def verify(assertion: str, remote: Remote, client: Client, audiences: Sequence[str], now: datetime) -> Claims:
    """What a genuine assertion says; the client's keys may be elsewhere. Raises OAuthError with the reason."""
    claims = _signed_claims(assertion, remote, client)
    name = str(global_id(client.id))
    if str(claims.get("iss")) not in (name, str(client.id)):
        raise OAuthError("invalid_request", "the assertion's iss is not the client")
    if not set(audiences_of(claims)) & set(audiences):
        raise OAuthError("invalid_request", "the assertion's aud is not this token endpoint")
    issued, expires = time_of(claims.get("iat")), time_of(claims.get("exp"))
    if issued is None or expires is None or not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise OAuthError("invalid_request", "the assertion needs iat, exp and jti")
    if issued > now + _LEEWAY or expires <= now - _LEEWAY or expires - issued > LONGEST:
        raise OAuthError("invalid_request", "the assertion is expired, from the future or lives too long")
    return Claims(claims["jti"], expires)


def _signed_claims(assertion: str, remote: Remote, client: Client) -> dict[str, Any]:
    try:
        if client.public_jwk:
            return verified_claims(assertion, read_keys(msgspec.json.decode(client.public_jwk)))
        if client.public_jwk_url:
            return claims_signed_elsewhere(remote, client.public_jwk_url, assertion)
    except Unreachable:
        why = "the client's public key cannot be fetched"
    except BadKeys:
        why = "the client's public key cannot be read"
    except BadJwt:
        why = "the assertion's signature is wrong"
    else:
        why = "the client has no public key"
    raise OAuthError("invalid_client", why, status=401)


def use_once(db: Connection, client: Client, claims: Claims) -> None:
    """Record the assertion as used. Raises OAuthError if it was used before."""
    db.execute(delete(UsedAssertion).where(UsedAssertion.c.expires_at < clock.now() - _LEEWAY))
    digest = digest_of(f"{client.id}\n{claims.jti}")
    try:
        db.execute(insert(UsedAssertion).values(digest=digest, expires_at=claims.expires_at))
    except IntegrityError:
        raise OAuthError("invalid_request", "the assertion was used before") from None


def sign_service_token(
    db: Connection, client: Client, scopes: Sequence[str], issuer: str, vault: Vault
) -> tuple[str, int]:
    """A JWT with the client's scopes, signed with the installation's key, and its lifetime in seconds."""
    now = clock.now()
    claims = {
        "iss": issuer,
        "aud": f"{issuer}/login/oauth2/token",
        "sub": str(global_id(client.id)),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": secrets.token_hex(16),
        "scopes": " ".join(scopes),
    }
    return signing.sign(db, vault, claims), int(LIFETIME.total_seconds())
