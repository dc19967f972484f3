"""JWTs whose keys another server publishes. Network work: never inside a transaction."""

from __future__ import annotations

from typing import Any

from homeroom.school.ground.jwts import BadJwt, BadKeys, read_keys, verified_claims
from homeroom.services.remote import Remote

# Seconds. A signature that no known key made may be of one that is newer than what we keep, but whoever sends such
# signatures must not have us ask for every one.
_ASK_AGAIN = 60.0


def claims_signed_elsewhere(remote: Remote, url: str, token: str) -> dict[str, Any]:
    """What the JWT says that one of the keys at this address signed. Raises Unreachable, BadKeys and BadJwt."""
    known = remote.document(url)
    try:
        return verified_claims(token, read_keys(known))
    except (BadJwt, BadKeys):
        newer = remote.document(url, younger_than=_ASK_AGAIN)
        if newer is known:
            raise
    return verified_claims(token, read_keys(newer))
