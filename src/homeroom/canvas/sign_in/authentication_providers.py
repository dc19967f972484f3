"""Authentication providers (homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec import UNSET, UnsetType, defstruct
from msgspec.json import decode
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.db.types import AnyRow
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.accounts.settings import find_settings
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.vault import open_vault
from homeroom.school.sign_in.authentication_providers import actions
from homeroom.school.sign_in.authentication_providers.actions import ProviderChange
from homeroom.school.sign_in.authentication_providers.kinds import KINDS, Kind
from homeroom.school.sign_in.authentication_providers.queries import (
    CANVAS,
    find_provider,
    provider_with_id,
    providers_of,
)
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import MissingParameter, read_boolean
from homeroom.wire.routing.routes import RawParams, Routes
from homeroom.wire.serving.call import Call

route = Routes()
_RIGHT = "manage_account_settings"
_WHO_MAY_REGISTER = ("none", "observer", "all")
ProviderJson = dict[str, Any]


def _fields(names_of: Callable[[Kind], tuple[str, ...]]) -> list[tuple[str, Any, Any]]:
    """The fields that some types have and others not, for the document."""
    names = sorted({name for kind in KINDS.values() for name in names_of(kind)})
    return [(name, str | UnsetType | None, UNSET) for name in names]


_CLAIMS = ("federated_attributes", dict[str, str] | UnsetType, UNSET)
_REGISTRATION = ("self_registration", Literal["none", "observer", "all"] | UnsetType, UNSET)
ProviderFields = defstruct(
    "ProviderFields",
    [
        ("position", int | UnsetType, UNSET), ("jit_provisioning", bool | UnsetType, UNSET),
        ("login_attribute", str | UnsetType, UNSET), _REGISTRATION, _CLAIMS,
        *_fields(lambda kind: (*kind.public_fields, *kind.secrets)),
    ],
)  # fmt: skip
NewProvider = defstruct("NewProvider", [("auth_type", Literal[*sorted(KINDS)])], bases=(ProviderFields,), kw_only=True)
AuthenticationProviderJson = defstruct(
    "AuthenticationProviderJson",
    [
        ("id", int), ("auth_type", str), ("position", int), ("workflow_state", str), ("jit_provisioning", bool),
        ("login_attribute", str | None), _REGISTRATION, _CLAIMS, *_fields(lambda kind: kind.public_fields),
    ],
)  # fmt: skip


@route.get("/accounts/:account_id/authentication_providers", right=_RIGHT, answers=Page[AuthenticationProviderJson])  # type: ignore[valid-type]
def list_authentication_providers(account: AccountContext, paging: Paging, db: Connection) -> Page[ProviderJson]:
    """List authentication providers."""
    _require_root(account)
    registration = _self_registration(db, account)
    page = paging.of(db, providers_of(account.id))
    return page.map(lambda provider: provider_json(provider, registration))


@route.post(
    "/accounts/:account_id/authentication_providers",
    right=_RIGHT,
    takes=NewProvider,
    answers=AuthenticationProviderJson,
)
def add_authentication_provider(account: AccountContext, params: RawParams, call: Call) -> ProviderJson:
    """Add an authentication provider."""
    _require_root(account)
    auth_type = params.get("auth_type")
    if not isinstance(auth_type, str) or not auth_type:
        raise MissingParameter("auth_type")
    vault = open_vault(call.db)
    return _shown(call.db, account, actions.add_provider(call.db, vault, account.id, auth_type, _change(params)))


@route.get("/accounts/:account_id/authentication_providers/:id", right=_RIGHT, answers=AuthenticationProviderJson)
def show_authentication_provider(account: AccountContext, id: str, db: Connection) -> ProviderJson:
    """Get an authentication provider, by its number or type."""
    _require_root(account)
    return provider_json(find_provider(db, account.id, id), _self_registration(db, account))


@route.put(
    "/accounts/:account_id/authentication_providers/:id",
    right=_RIGHT,
    takes=ProviderFields,
    answers=AuthenticationProviderJson,
)
def update_authentication_provider(account: AccountContext, id: str, params: RawParams, call: Call) -> ProviderJson:
    """Update an authentication provider."""
    _require_root(account)
    provider = find_provider(call.db, account.id, id)
    vault = open_vault(call.db)
    actions.change_provider(call.db, call.actor, vault, provider, _change(params))
    return _shown(call.db, account, provider.id)


@route.delete("/accounts/:account_id/authentication_providers/:id", right=_RIGHT, answers=AuthenticationProviderJson)
def delete_authentication_provider(account: AccountContext, id: str, db: Connection) -> ProviderJson:
    """Delete an authentication provider."""
    _require_root(account)
    provider = find_provider(db, account.id, id)
    actions.delete_provider(db, provider)
    return _shown(db, account, provider.id)


def _require_root(account: FoundAccount) -> None:
    if not account.is_root or account.row.is_site_admin:
        raise NotFound("account")


def _change(params: dict[str, Any]) -> ProviderChange:
    position, jit = params.get("position"), params.get("jit_provisioning")
    fields = {name: str(value) if type(value) is int else value for name, value in params.items()}
    if isinstance(claims := fields.get("federated_attributes"), dict):
        fields["federated_attributes"] = {name: _claim(claim) for name, claim in claims.items()}
    return ProviderChange(
        fields,
        position=None if position in (None, "") else _position(position),
        jit_provisioning=None if jit is None else read_boolean(jit),
        self_registration=_read_registration(params.get("self_registration")),
    )


def _claim(claim: Any) -> Any:
    """``{"attribute": "mail"}`` is Canvas's longer way to write ``"mail"``."""
    return claim.get("attribute") if isinstance(claim, dict) else claim


def _position(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 9):
        raise Invalid(Fault("position", "not_a_number", "is not a number"))
    return int(text)


def _read_registration(value: Any) -> str | None:
    """Who may register. ``true`` and ``false`` are older words for ``all`` and ``none``."""
    if value is None or value in _WHO_MAY_REGISTER:
        return None if value is None else str(value)
    if isinstance(value, bool) or value in ("true", "false", "1", "0"):
        return "all" if read_boolean(value) else "none"
    raise Invalid(Fault("self_registration", "inclusion", "is not included in the list"))


def _self_registration(db: Connection, account: FoundAccount) -> str:
    return find_settings(db, account.id).self_registration


def _shown(db: Connection, account: FoundAccount, provider_id: int) -> ProviderJson:
    return provider_json(provider_with_id(db, provider_id), _self_registration(db, account))


def provider_json(provider: AnyRow, self_registration: str) -> ProviderJson:
    """The object: what every provider has, and the public fields of its type. No secret is in it."""
    settings = decode(provider.settings)
    json: ProviderJson = {
        "id": provider.id,
        "auth_type": provider.auth_type,
        "position": provider.position,
        "workflow_state": provider.state,
        "jit_provisioning": provider.jit_provisioning,
        "login_attribute": provider.login_attribute,
    }
    if provider.auth_type == CANVAS:
        return {**json, "self_registration": self_registration}
    json |= {name: settings.get(name) for name in KINDS[provider.auth_type].public_fields}
    return {**json, "federated_attributes": settings.get("federated_attributes", {})}
