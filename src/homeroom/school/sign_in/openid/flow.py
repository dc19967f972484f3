"""The redirect to an OpenID provider and back (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC 9207)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from homeroom import clock
from homeroom.school.ground.jwts import BadJwt, BadKeys, audiences_of, time_of
from homeroom.school.sign_in.openid.discovery import OpenIdProvider
from homeroom.school.sign_in.openid.errors import NOT_FINISHED, NOT_GENUINE, STALE, UNREACHABLE, SignInFailed
from homeroom.school.sign_in.signed_elsewhere import claims_signed_elsewhere
from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import Unreachable

# How long a person may take at the provider.
LIFETIME = timedelta(minutes=15)
_LEEWAY = timedelta(seconds=60)


class Began(Struct):
    """A sign-in that waits in the browser's session for the provider's answer."""

    provider_id: int
    state: str
    nonce: str
    verifier: str
    at: int


def begin(provider: OpenIdProvider) -> Began:
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Began(provider.id, state, nonce, verifier, int(clock.real_now().timestamp()))


def authorize_url(provider: OpenIdProvider, began: Began, redirect_uri: str, hint: str = "") -> str:
    """The address to which the browser is sent."""
    digest = hashlib.sha256(began.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": provider.scope,
        "state": began.state,
        "nonce": began.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
    }
    return f"{provider.authorize_url}{'&' if '?' in provider.authorize_url else '?'}{urlencode(query)}"


def require_own(began: Began | None, state: str) -> Began:
    """The sign-in that this browser started with this state. Raises SignInFailed."""
    if began is None or not hmac.compare_digest(began.state.encode(), state.encode()):
        raise SignInFailed(STALE)
    if clock.real_now().timestamp() - began.at > LIFETIME.total_seconds():
        raise SignInFailed(STALE)
    return began


def finish(
    remote: Remote, provider: OpenIdProvider, began: Began, code: str, issuer: str, redirect_uri: str
) -> dict[str, Any]:
    """What the provider says of the person who came back with this code. Network work. Raises SignInFailed."""
    if not code:
        raise SignInFailed(NOT_FINISHED)
    if issuer and issuer != provider.issuer:
        # The answer of another provider: a mix-up (RFC 9207).
        raise SignInFailed(NOT_GENUINE)
    try:
        answer = _exchange(remote, provider, began, code, redirect_uri)
        claims = claims_signed_elsewhere(remote, provider.jwks_uri, str(answer.get("id_token") or ""))
        _check(claims, provider, began)
        if provider.login_attribute not in claims and provider.userinfo_endpoint:
            claims = _with_userinfo(remote, provider, claims, answer)
    except Unreachable:
        raise SignInFailed(UNREACHABLE, status=502) from None
    except (BadKeys, BadJwt):
        raise SignInFailed(NOT_GENUINE) from None
    return claims


def _exchange(
    remote: Remote, provider: OpenIdProvider, began: Began, code: str, redirect_uri: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": provider.client_id,
        "code_verifier": began.verifier,
    }
    headers = {}
    if provider.client_secret and provider.secret_in_header:
        # RFC 6749 §2.3.1: both are form-encoded before they are put together.
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif provider.client_secret:
        form["client_secret"] = provider.client_secret
    answer = remote.ask(provider.token_url, form, headers)
    if not isinstance(answer, dict):
        raise BadJwt
    return answer


def _check(claims: Mapping[str, Any], provider: OpenIdProvider, began: Began) -> None:
    """OpenID Connect Core 1.0 §3.1.3.7. Uses real time, because the provider does. Raises BadJwt."""
    now = clock.real_now()
    audiences = audiences_of(dict(claims))
    expires, issued = time_of(claims.get("exp")), time_of(claims.get("iat"))
    nonce, party = claims.get("nonce"), claims.get("azp")
    genuine = (
        claims.get("iss") == provider.issuer
        and provider.client_id in audiences
        and (party == provider.client_id if party is not None or len(audiences) > 1 else True)
        and isinstance(nonce, str)
        and hmac.compare_digest(nonce.encode(), began.nonce.encode())
        and isinstance(claims.get("sub"), str)
        and bool(claims["sub"])
    )
    if not genuine or expires is None or issued is None or expires <= now - _LEEWAY or issued > now + _LEEWAY:
        raise BadJwt


def _with_userinfo(
    remote: Remote, provider: OpenIdProvider, claims: dict[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """What the id token leaves to the userinfo endpoint; only if it speaks of the same person."""
    headers = {"Authorization": f"Bearer {_header_safe(answer.get('access_token'))}"}
    found = remote.ask(provider.userinfo_endpoint, None, headers)
    if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
        raise BadJwt
    return {**found, **claims}


def _header_safe(token: Any) -> str:
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise BadJwt
    return token
