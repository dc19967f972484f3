"""JWTs signed by others with an RSA key: a client's assertion, or an OpenID provider's id token."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

LONGEST_TEXT = 16 * 1024
SMALLEST_KEY = 2_048
# One fixed algorithm. If a token could choose, it could use a public key as a shared secret.
_ALGORITHMS = ["RS256"]


class BadKeys(Exception):
    """There is no usable RSA key."""


class BadJwt(Exception):
    """The text is not a JWT, or none of these keys made its signature."""


def read_keys(found: Any) -> KeySet:
    """The RSA keys of a JSON Web Key or Key Set that are long enough. Raises BadKeys."""
    values = found.get("keys", [found]) if isinstance(found, dict) else []
    try:
        keys = [
            RSAKey.import_key(value)
            for value in values
            if isinstance(value, dict) and value.get("kty") == "RSA" and value.get("use", "sig") == "sig"
        ]
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadKeys from None
    keys = [key for key in keys if key.public_key.key_size >= SMALLEST_KEY]
    if not keys:
        raise BadKeys
    return KeySet(list(keys))


def unproved_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, without checking its signature. Raises BadJwt."""
    if len(token) > LONGEST_TEXT:
        raise BadJwt
    try:
        claims = msgspec.json.decode(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadJwt from None
    if not isinstance(claims, dict):
        raise BadJwt
    return claims


def verified_claims(token: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a JWT signed by one of these keys. The caller checks times and names. Raises BadJwt."""
    if len(token) > LONGEST_TEXT:
        raise BadJwt
    # A single key is used whatever its key id is.
    key = keys.keys[0] if len(keys.keys) == 1 else keys
    try:
        return jwt.decode(token, key, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadJwt from None


def audiences_of(claims: dict[str, Any]) -> Collection[str]:
    """The audiences of a JWT; ``aud`` is one name or a list."""
    given = claims.get("aud")
    values = given if isinstance(given, list) else [given]
    return {value for value in values if isinstance(value, str)}


def time_of(value: Any) -> datetime | None:
    """The time in a claim; None if it is not a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**11:
        return None
    return datetime.fromtimestamp(value, UTC)
