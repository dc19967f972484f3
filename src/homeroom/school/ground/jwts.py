"""JWTs that others signed with a key of theirs: a client its assertion, an OpenID provider its id token.

Which algorithm counts is ours to say, by the kind of the key: what a token says of itself cannot make a public key into
a shared secret.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

LONGEST_TEXT = 16 * 1024
SMALLEST_RSA_KEY = 2_048
_MOST_KEYS = 100
_CURVES = {("EC", "P-256"): "ES256", ("EC", "P-384"): "ES384", ("OKP", "Ed25519"): "Ed25519"}
# EdDSA is the older name of Ed25519, and most signers still use it (RFC 9864).
_OTHER_NAMES = {"Ed25519": "EdDSA"}
_KINDS: dict[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_MEMBERS = ("kty", "kid", "alg", "use", "n", "e", "crv", "x", "y")

# joserfc warns about the name EdDSA, which is the sender's choice.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class BadKey(Exception):
    """This is no public key that we can use; the text says why."""


class BadKeys(Exception):
    """There is no key in this that could be used."""


class BadJwt(Exception):
    """The text is not a JWT, or none of these keys made its signature."""


class PublicKey(NamedTuple):
    """A key, and the algorithm of what it signs."""

    key: RSAKey | ECKey | OKPKey
    algorithm: str


def read_key(given: Mapping[str, Any]) -> PublicKey:
    """The public key that this JSON Web Key is. Raises BadKey."""
    kind, members = _KINDS.get(str(given.get("kty"))), public_members(given)
    # A private key is refused before anything is made of it, so that it is neither kept nor shown.
    if kind is None or "d" in given or not all(isinstance(value, str) for value in members.values()):
        raise BadKey("must be a public RSA, EC or OKP key")
    try:
        key = kind.import_key(members)
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadKey("is not a valid key") from None
    key.ensure_kid()
    if isinstance(key, RSAKey):
        if key.public_key.key_size < SMALLEST_RSA_KEY:
            raise BadKey(f"must have at least {SMALLEST_RSA_KEY} bits")
        return PublicKey(key, "RS256")
    algorithm = _CURVES.get((str(given["kty"]), key.curve_name))
    if algorithm is None:
        raise BadKey("must have the curve P-256, P-384 or Ed25519")
    return PublicKey(key, algorithm)


def public_members(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a JSON Web Key."""
    return {name: given[name] for name in _MEMBERS if name in given}


def read_keys(found: Any) -> list[PublicKey]:
    """The keys of a JSON Web Key or Key Set that we can use. Raises BadKeys where there is none."""
    values = found.get("keys", [found]) if isinstance(found, dict) else []
    keys = []
    for value in values[:_MOST_KEYS] if isinstance(values, list) else []:
        if isinstance(value, dict) and value.get("use", "sig") == "sig":
            try:
                keys.append(read_key(value))
            except BadKey:
                # Somebody else's kind of key stands beside ours.
                continue
    if not keys:
        raise BadKeys
    return keys


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


def verified_claims(token: str, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """What a JWT says that one of these keys signed. Times and names are the caller's to check. Raises BadJwt."""
    if len(token) > LONGEST_TEXT:
        raise BadJwt
    for each in _meant(token, keys):
        allowed = [each.algorithm, *filter(None, [_OTHER_NAMES.get(each.algorithm)])]
        try:
            return jwt.decode(token, each.key, algorithms=allowed).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    raise BadJwt


def _meant(token: str, keys: Sequence[PublicKey]) -> Sequence[PublicKey]:
    """The keys that may have signed the JWT. A single one is meant whatever name it has on the other side."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadJwt from None
    named = header.get("kid") if isinstance(header, dict) else None
    return keys if named is None or len(keys) == 1 else [each for each in keys if each.key.kid == named]


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
