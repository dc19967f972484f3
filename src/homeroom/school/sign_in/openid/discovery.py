"""An OpenID provider: its record and its discovery document (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec.json import decode
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.urls import is_web_url
from homeroom.school.ground.vault import Vault
from homeroom.school.sign_in.authentication_providers.queries import OPENID, find_provider
from homeroom.school.sign_in.openid.errors import NOT_SET_UP, UNREACHABLE, SignInFailed
from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import Unreachable

_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """Everything needed to sign in through it. ``names`` maps our attribute names to claims."""

    id: int
    account_id: int
    jit_provisioning: bool
    login_attribute: str
    client_id: str
    client_secret: str | None
    scope: str
    names: Mapping[str, str]
    issuer: str = ""
    authorize_url: str = ""
    token_url: str = ""
    jwks_uri: str = ""
    userinfo_endpoint: str = ""
    discovery_url: str = ""
    secret_in_header: bool = False


def load(db: Connection, vault: Vault, account_id: int, text: str) -> OpenIdProvider:
    """The account's OpenID provider with this number, or its first for ``openid_connect``. Raises NotFound."""
    row = find_provider(db, account_id, text)
    if row.auth_type != OPENID:
        raise NotFound("authentication provider")
    return _provider(row, vault)


def _provider(row: AnyRow, vault: Vault) -> OpenIdProvider:
    settings: dict[str, Any] = decode(row.settings)
    secrets = vault.open_json(row.sealed_secrets) if row.sealed_secrets else {}
    given = settings.get("scope") or "openid profile email"
    scopes = given.split()
    addresses = ("issuer", "authorize_url", "token_url", "jwks_uri", "userinfo_endpoint", "discovery_url")
    urls: dict[str, Any] = {name: settings.get(name) or "" for name in addresses}
    return OpenIdProvider(
        id=row.id,
        account_id=row.account_id,
        jit_provisioning=row.jit_provisioning,
        login_attribute=row.login_attribute or "sub",
        client_id=settings["client_id"],
        client_secret=secrets.get("client_secret"),
        scope=" ".join(scopes if "openid" in scopes else ["openid", *scopes]),
        names=settings.get("federated_attributes") or {},
        **urls,
    )


def discovered(remote: Remote, provider: OpenIdProvider) -> OpenIdProvider:
    """The provider with what its discovery document tells; the record goes before it. Raises SignInFailed.

    Makes a network request: never call it inside a transaction.
    """
    if provider.discovery_url:
        provider = _filled_in(provider, _document(remote, provider.discovery_url))
    needed = (provider.issuer, provider.authorize_url, provider.token_url, provider.jwks_uri)
    if not all(needed) or not all(map(is_web_url, needed[1:])):
        raise SignInFailed(NOT_SET_UP, status=502)
    return provider


def _filled_in(provider: OpenIdProvider, found: Mapping[str, Any]) -> OpenIdProvider:
    def text(name: str) -> str:
        value = found.get(name)
        return value if isinstance(value, str) else ""

    issuer = text("issuer")
    if provider.discovery_url.endswith(_WELL_KNOWN) and provider.discovery_url != issuer.rstrip("/") + _WELL_KNOWN:
        # The document is about another issuer (OpenID Connect Discovery 1.0 §4.3).
        raise SignInFailed(NOT_SET_UP, status=502)
    methods = found.get("token_endpoint_auth_methods_supported")
    return replace(
        provider,
        issuer=provider.issuer or issuer,
        authorize_url=provider.authorize_url or text("authorization_endpoint"),
        token_url=provider.token_url or text("token_endpoint"),
        jwks_uri=provider.jwks_uri or text("jwks_uri"),
        userinfo_endpoint=provider.userinfo_endpoint or text("userinfo_endpoint"),
        # Without a list, HTTP Basic is what every provider accepts.
        secret_in_header=not isinstance(methods, list) or "client_secret_post" not in methods,
    )


def _document(remote: Remote, url: str) -> Mapping[str, Any]:
    try:
        found = remote.document(url)
    except Unreachable:
        raise SignInFailed(UNREACHABLE, status=502) from None
    if not isinstance(found, dict):
        raise SignInFailed(NOT_SET_UP, status=502)
    return found
