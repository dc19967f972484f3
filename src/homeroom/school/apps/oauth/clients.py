"""Clients: developer keys in OAuth2 (identity.md §2, §3)."""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, select

from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.ground.ids import number_in
from homeroom.school.ground.urls import OUT_OF_BAND, is_redirect_uri
from homeroom.school.ground.vault import Vault
from homeroom.school.rights.actor import Root
from homeroom.school.schema import DeveloperKey
from homeroom.school.sign_in.key_switches import is_switched_on

USERINFO = "/auth/userinfo"


class Client(NamedTuple):
    id: int
    account_id: int | None
    name: str
    state: str
    sealed_secret: str | None
    client_type: str
    public_jwk: str | None
    public_jwk_url: str | None
    redirect_uri: str | None
    redirect_uris: str
    require_scopes: bool
    scopes: str
    auto_expire_tokens: bool

    @property
    def is_public(self) -> bool:
        return self.client_type == "public"

    @property
    def allowed_scopes(self) -> frozenset[str]:
        return frozenset(msgspec.json.decode(self.scopes, type=list[str]))


_COLUMNS: tuple[Any, ...] = tuple(DeveloperKey.c[name] for name in Client._fields)
# A key may have no name, but the page that asks for consent needs one.
_NAMELESS = "Unnamed application"


def find_client(db: Connection, client_id: str) -> Client:
    """The active key with this id, global or local. Raises OAuthError, 401 ``invalid_client``."""
    row = db.execute(
        select(*_COLUMNS).where(DeveloperKey.c.id == number_in(client_id), ~DeveloperKey.c.is_default)
    ).first()
    if row is None or row.state != "active":
        raise OAuthError("invalid_client", "unknown client", status=401)
    return Client(*row)._replace(name=row.name or _NAMELESS)


def require_secret(client: Client, secret: str, vault: Vault) -> None:
    """Raise OAuthError unless this is the client's secret. A public client has none."""
    known = vault.open(client.sealed_secret) if client.sealed_secret else ""
    if not known or not hmac.compare_digest(known.encode(), secret.encode()):
        raise OAuthError("invalid_client", "invalid client", status=401)


def require_switched_on(db: Connection, root: Root, client: Client) -> None:
    """Raise OAuthError unless people of the root account may grant this client tokens."""
    if not is_switched_on(db, root, client.id):
        raise OAuthError("unauthorized_client", "Client does not have access to the specified Canvas account.")


def may_redirect_to(client: Client, uri: str) -> bool:
    """Whether the key allows this address (identity.md §2, check 2). One of ``redirect_uris`` must match exactly. The
    older single ``redirect_uri`` matches by host or sub-host. An address without a host, such as an application's own
    scheme, must match exactly.
    """
    if uri == OUT_OF_BAND:
        return True
    if not is_redirect_uri(uri):
        return False
    if uri == client.redirect_uri or uri in msgspec.json.decode(client.redirect_uris, type=list[str]):
        return True
    if not client.redirect_uri or not is_redirect_uri(client.redirect_uri):
        return False
    parts, registered = urlsplit(uri), urlsplit(client.redirect_uri)
    if not registered.hostname or not parts.hostname:
        return False
    same_host = parts.hostname == registered.hostname or parts.hostname.endswith("." + registered.hostname)
    # A registered https address does not allow http.
    return same_host and parts.scheme in {registered.scheme, "https"}
