"""The installation's key pair. Others verify signatures with the public key, which is published (identity.md §5). It is
created when it is first needed and stored encrypted as long as the database exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import Connection

from homeroom import clock
from homeroom.school.ground.system_facts import find_fact, keep_first_fact
from homeroom.school.ground.vault import Vault

ALGORITHM = "ES512"
_CURVE = "P-521"
SIGNING_KEY = "signing_key_es512"


class BadSignature(Exception):
    """The text was not signed by this installation, or is no longer valid."""


def sign(db: Connection, vault: Vault, claims: Mapping[str, Any]) -> str:
    """A JWT of these claims, which ``public_keys`` can check."""
    key = _key(db, vault) or _make_key(db, vault)
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, dict(claims), key, algorithms=[ALGORITHM])


def verify(db: Connection, vault: Vault, token: str, *, audience: str) -> dict[str, Any]:
    """The claims of a JWT of ours for this audience that has not expired. Raises BadSignature."""
    key = _key(db, vault)
    if key is None:
        raise BadSignature
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        raise BadSignature from None
    expires = claims.get("exp")
    if claims.get("aud") != audience or not isinstance(expires, int) or expires <= clock.now().timestamp():
        raise BadSignature
    return claims


def public_keys(db: Connection, vault: Vault) -> dict[str, list[dict[str, Any]]]:
    """The public key as a JSON Web Key Set; empty before anything was signed."""
    key = _key(db, vault)
    keys = [] if key is None else [{**key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}]
    return {"keys": keys}


def _key(db: Connection, vault: Vault) -> ECKey | None:
    sealed = find_fact(db, SIGNING_KEY)
    return None if sealed is None else _read_key(vault.open(sealed))


def _make_key(db: Connection, vault: Vault) -> ECKey:
    text = msgspec.json.encode(ECKey.generate_key(_CURVE).as_dict(private=True)).decode()
    # If two processes create one at the same time, the first one is used by all.
    keep_first_fact(db, SIGNING_KEY, vault.seal(text))
    key = _key(db, vault)
    assert key is not None
    return key


@lru_cache(maxsize=2)
def _read_key(text: str) -> ECKey:
    key = ECKey.import_key(msgspec.json.decode(text))
    key.ensure_kid()
    return key
