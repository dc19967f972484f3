"""Refusals of any route that are security events."""

from __future__ import annotations

from typing import Any

from homeroom import clock
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.security.events import Event
from homeroom.school.sign_in.credentials import BadMasquerade, BadToken, InsufficientScopes
from homeroom.wire.browser.csrf import ForgedRequest
from homeroom.wire.serving.call import Call


def report_refusal(call: Call, error: Exception) -> None:
    """Report an error that says that somebody may not; any other is none of ours."""
    details: dict[str, Any] = {}
    match error:
        case NotAllowed():
            kind, details = "denied", {"needs": str(error)[:100]}
        case InsufficientScopes():
            kind, details = "denied", {"needs": "a scope"}
        case BadToken():
            kind, details = "token_refused", {"expired": error.expired_at is not None}
        case BadMasquerade():
            kind = "masquerade_refused"
        case ForgedRequest():
            kind = "request_forged"
        case OAuthError() if call.request.segments[-1:] == ["token"]:
            kind, details = "client_refused", {"error": error.error}
        case _:
            return
    call.report(Event(kind, call.origin, clock.real_now(), details={**details, "method": call.request.method}))
