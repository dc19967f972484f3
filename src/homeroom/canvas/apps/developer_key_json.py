"""The developer key's JSON. Its secret is in it: only managers of a key may get this object (identity.md §3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from homeroom.db.types import AnyRow
from homeroom.school.apps.developer_keys.fields import read_list
from homeroom.school.apps.developer_keys.queries import Binding
from homeroom.school.ground.ids import global_id
from homeroom.school.ground.vault import Vault
from homeroom.wire.http.answers import seconds


class BindingJson(Struct):
    """Whether an account has a key switched on. ``account_owns_binding``: it says so itself."""

    id: int
    account_id: int
    developer_key_id: int
    workflow_state: str
    account_owns_binding: bool


class DeveloperKeyJson(Struct):
    """A key; ``id`` is global, because it is the ``client_id`` of OAuth2."""

    id: int
    name: str | None
    created_at: datetime
    email: str | None
    user_id: int | None
    user_name: str | None
    icon_url: str | None
    notes: str | None
    vendor_code: str | None
    workflow_state: str
    account_name: str
    visible: bool
    require_scopes: bool
    scopes: list[str]
    allow_includes: bool
    is_lti_key: bool
    access_token_count: int
    last_used_at: datetime | None
    test_cluster_only: bool
    client_credentials_audience: str | None
    auto_expire_tokens: bool
    api_key: str | None
    redirect_uri: str | None
    redirect_uris: str
    client_type: str
    public_jwk: dict[str, Any] | None
    public_jwk_url: str | None
    developer_key_account_binding: BindingJson | None


class InheritedKeyJson(Struct):
    """What an account sees of a key that it has from the site admin."""

    id: int
    name: str | None
    created_at: datetime
    icon_url: str | None
    workflow_state: str


def developer_key_json(key: AnyRow, binding: Binding | None, vault: Vault) -> DeveloperKeyJson:
    return DeveloperKeyJson(
        id=global_id(key.id),
        name=key.name,
        created_at=seconds(key.created_at),  # type: ignore[arg-type]
        email=key.email,
        user_id=key.user_id,
        user_name=key.user_name,
        icon_url=key.icon_url,
        notes=key.notes,
        vendor_code=key.vendor_code,
        workflow_state=key.state,
        account_name=key.account_name,
        visible=key.visible,
        require_scopes=key.require_scopes,
        scopes=read_list(key.scopes),
        allow_includes=key.allow_includes,
        is_lti_key=False,
        access_token_count=key.access_token_count,
        last_used_at=seconds(key.last_used_at),
        test_cluster_only=key.test_cluster_only,
        client_credentials_audience=key.client_credentials_audience,
        auto_expire_tokens=key.auto_expire_tokens,
        api_key=vault.open(key.sealed_secret) if key.sealed_secret else None,
        redirect_uri=key.redirect_uri,
        redirect_uris="\n".join(read_list(key.redirect_uris)),
        client_type=key.client_type,
        public_jwk=msgspec.json.decode(key.public_jwk) if key.public_jwk else None,
        public_jwk_url=key.public_jwk_url,
        developer_key_account_binding=binding_json(binding) if binding is not None else None,
    )


def inherited_key_json(key: AnyRow) -> InheritedKeyJson:
    return InheritedKeyJson(
        id=global_id(key.id),
        name=key.name,
        created_at=seconds(key.created_at),  # type: ignore[arg-type]
        icon_url=key.icon_url,
        workflow_state=key.state,
    )


def binding_json(binding: Binding) -> BindingJson:
    return BindingJson(
        id=binding.id,
        account_id=global_id(binding.account_id),
        developer_key_id=global_id(binding.developer_key_id),
        workflow_state=binding.state,
        account_owns_binding=binding.owned,
    )
