"""API token scopes: every documented route is one (identity.md §3)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from homeroom.canvas.contexts import AccountContext
from homeroom.wire.routing.routes import Params, Routes
from homeroom.wire.routing.scopes import Scope
from homeroom.wire.serving.services import Services

route = Routes()


class ListScopes(Struct):
    group_by: Literal["resource_name"] | None = None


class ScopeJson(Struct):
    """A scope that a developer key can have. Controller and action are Homeroom's own names."""

    resource: str
    resource_name: str
    controller: str
    action: str
    verb: str
    path: str
    scope: str


@route.get("/accounts/:account_id/scopes", right="manage_developer_keys")
def list_scopes(
    account: AccountContext, params: Params[ListScopes], services: Services
) -> list[ScopeJson] | dict[str, list[ScopeJson]]:
    """List scopes."""
    scopes = [scope_json(scope) for scope in services.scopes]
    if params.group_by is None:
        return scopes
    groups: dict[str, list[ScopeJson]] = {}
    for scope in scopes:
        groups.setdefault(scope.resource_name, []).append(scope)
    return groups


def scope_json(scope: Scope) -> ScopeJson:
    return ScopeJson(
        resource=scope.resource,
        resource_name=scope.resource.replace("_", " ").capitalize(),
        controller=scope.resource,
        action=scope.action,
        verb=scope.verb,
        path=scope.path,
        scope=scope.text,
    )
