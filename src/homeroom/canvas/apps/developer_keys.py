"""Developer keys and the accounts that have them switched on (identity.md §3)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.apps.developer_key_json import (
    BindingJson,
    DeveloperKeyJson,
    InheritedKeyJson,
    binding_json,
    developer_key_json,
    inherited_key_json,
)
from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.apps.developer_keys import actions
from homeroom.school.apps.developer_keys.fields import column_values
from homeroom.school.apps.developer_keys.policy import require_rights_of_new_scopes
from homeroom.school.apps.developer_keys.queries import (
    binding_of,
    bindings_in,
    find_key,
    find_managed_key,
    key_owner,
    keys_of,
    owner_ref,
)
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import number_of
from homeroom.school.ground.vault import Vault, open_vault
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import RecordId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.services import Services

route = Routes()
Text = str | UnsetType | None
Flag = bool | UnsetType


class KeyFields(Struct):
    """``developer_key[...]``; fields that are not given stay."""

    name: Text = UNSET
    email: Text = UNSET
    notes: Text = UNSET
    icon_url: Text = UNSET
    vendor_code: Text = UNSET
    redirect_uri: Text = UNSET
    redirect_uris: str | list[str] | UnsetType | None = UNSET
    visible: Flag = UNSET
    test_cluster_only: Flag = UNSET
    require_scopes: Flag = UNSET
    allow_includes: Flag = UNSET
    auto_expire_tokens: Flag = UNSET
    scopes: list[str] | UnsetType = UNSET
    client_credentials_audience: Literal["internal", "external"] | UnsetType | None = UNSET
    client_type: Literal["confidential", "public"] | UnsetType = UNSET
    public_jwk: str | dict[str, Any] | UnsetType | None = UNSET
    public_jwk_url: Text = UNSET

    def given(self) -> dict[str, Any]:
        """The fields that the client sent, with their lists as lists and their JSON read."""
        values = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        if "redirect_uris" in values:
            values["redirect_uris"] = _lines(values["redirect_uris"])
        if "scopes" in values:
            values["scopes"] = [scope for scope in values["scopes"] if scope]
        if isinstance(values.get("public_jwk"), str):
            values["public_jwk"] = _object(values["public_jwk"])
        return values


class ChangedFields(KeyFields):
    event: Literal["activate", "deactivate"] | None = None


class ListKeys(Struct):
    inherited: bool = False


class MakeKey(Struct):
    developer_key: KeyFields


class ChangeKey(Struct):
    developer_key: ChangedFields


class BindingFields(Struct):
    workflow_state: str


class SwitchKey(Struct):
    developer_key_account_binding: BindingFields


@route.get("/accounts/:account_id/developer_keys", right="manage_developer_keys")
def list_developer_keys(
    account: AccountContext, params: Params[ListKeys], paging: Paging, call: Call
) -> Page[DeveloperKeyJson] | Page[InheritedKeyJson]:
    """List developer keys."""
    _require_root(account)
    page = paging.of(call.db, keys_of(call.actor, account.id, inherited=params.inherited))
    if params.inherited:
        return page.map(inherited_key_json)
    bindings = bindings_in(call.db, call.actor, account.id, [key.id for key in page.items])
    vault = open_vault(call.db)
    return page.map(lambda key: developer_key_json(key, bindings.get(key.id), vault))


@route.post("/accounts/:account_id/developer_keys", right="manage_developer_keys")
def create_developer_key(
    account: AccountContext,
    params: Params[MakeKey],
    call: Call,
    services: Services,
) -> DeveloperKeyJson:
    """Create a developer key."""
    _require_root(account)
    values = column_values(params.developer_key.given(), _known_scopes(services))
    owner = key_owner(call.actor, account.id)
    require_rights_of_new_scopes(call.actor, owner, None, values, _rights(services))
    vault = open_vault(call.db)
    key_id = actions.make_key(
        call.db,
        vault,
        values,
        owner=owner,
        site_admin=call.actor.root.site_admin_account_id,
        by=call.actor.id,
    )
    return _shown(call, key_id)


@route.put("/developer_keys/:id", right=BY_POLICY)
def update_developer_key(id: RecordId, params: Params[ChangeKey], call: Call, services: Services) -> DeveloperKeyJson:
    """Update a developer key."""
    key = find_managed_key(call.db, call.actor, id)
    fields = params.developer_key
    given = fields.given()
    given.pop("event", None)
    values = column_values(given, _known_scopes(services))
    require_rights_of_new_scopes(call.actor, key.account_id, key, values, _rights(services))
    actions.change_key(call.db, key, values, event=fields.event)
    return _shown(call, key.id)


@route.delete("/developer_keys/:id", right=BY_POLICY)
def delete_developer_key(id: RecordId, call: Call) -> DeveloperKeyJson:
    """Delete a developer key."""
    key = find_managed_key(call.db, call.actor, id)
    actions.delete_key(call.db, key)
    return _shown(call, key.id)


@route.post(
    "/accounts/:account_id/developer_keys/:developer_key_id/developer_key_account_bindings",
    right="manage_developer_keys",
)
def switch_developer_key(
    account: AccountContext, developer_key_id: RecordId, params: Params[SwitchKey], actor: Actor, db: Connection
) -> BindingJson:
    """Create or change a developer key account binding."""
    _require_root(account)
    key = find_key(db, number_of(developer_key_id))
    # An account may switch its own keys, and those of the site admin.
    if key.state == "deleted" or key.account_id not in (None, key_owner(actor, account.id)):
        raise NotFound("developer key")
    state = params.developer_key_account_binding.workflow_state
    actions.switch_key(db, key.id, account.id, state, is_default=key.is_default)
    return binding_json(binding_of(db, account.id, key.id))


def _require_root(account: FoundAccount) -> None:
    if not account.is_root:
        raise NotFound("account")


def _known_scopes(services: Services) -> frozenset[str]:
    return frozenset(scope.text for scope in services.scopes)


def _rights(services: Services) -> dict[str, str]:
    return {scope.text: scope.right for scope in services.scopes}


def _shown(call: Call, key_id: int) -> DeveloperKeyJson:
    vault: Vault = open_vault(call.db)
    key = find_key(call.db, key_id)
    binding = bindings_in(call.db, call.actor, owner_ref(call.actor, key.account_id).id, [key_id]).get(key_id)
    return developer_key_json(key, binding, vault)


def _lines(value: str | list[str] | None) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else value or []
    return [line.strip() for line in lines if line.strip()]


def _object(text: str) -> dict[str, Any]:
    """The JSON object in this text. Any other text gives an empty object, which is not a valid key."""
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"": ""}
