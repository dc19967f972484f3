"""Tokens against forged requests, bound to the session: made from its secret, so nothing is stored (homeroom.md §4)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from typing import Any

from homeroom.school.ground.errors import NotSignedIn

_SIZE = 32


class ForgedRequest(NotSignedIn):
    """A change with a session's cookie and without its CSRF token: another site may have sent it.

    The API answers as if nobody were signed in (401), a page with 422.
    """


def token_for(secret: str) -> str:
    """A token for this session. Each is different, so that compressed pages do not reveal it."""
    mask = secrets.token_bytes(_SIZE)
    return base64.b64encode(mask + _xor(mask, _mac(secret))).decode()


def is_genuine(secret: str, token: Any) -> bool:
    """Whether the token was made for this session."""
    if not isinstance(token, str):
        return False
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 2 * _SIZE and hmac.compare_digest(_xor(raw[:_SIZE], raw[_SIZE:]), _mac(secret))


def _mac(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"authenticity token", "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
