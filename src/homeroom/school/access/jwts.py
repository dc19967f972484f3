"""JWTs that others signed with an RSA key: a client its assertion, an OpenID provider its id token."""

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
# One algorithm, ours to choose: what a token says of itself cannot make a public key into a shared secret.
_ALGORITHMS = ["RS256"]


class BadKeys(Exception):
    """There is no RSA key in this that could be used."""


class BadJwt(Exception):
    """A text that is no JWT, or whose signature is none of these keys'."""


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
    """What a JWT says, before anybody looked at its signature. Raises BadJwt."""
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
    """What a JWT says that one of these keys signed. Times and names are the caller's to check. Raises BadJwt."""
    if len(token) > LONGEST_TEXT:
        raise BadJwt
    # A single key is the one meant, whatever name it has on the other side.
    key = keys.keys[0] if len(keys.keys) == 1 else keys
    try:
        return jwt.decode(token, key, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadJwt from None


def audiences_of(claims: dict[str, Any]) -> Collection[str]:
    """Whom a JWT is for; ``aud`` is one name or a list of them."""
    given = claims.get("aud")
    values = given if isinstance(given, list) else [given]
    return {value for value in values if isinstance(value, str)}


def time_of(value: Any) -> datetime | None:
    """A time as JWTs write it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**11:
        return None
    return datetime.fromtimestamp(value, UTC)
