"""Roles and their permissions (identity.md §10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.accounts.account_json import AccountJson, name_json
from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.accounts.queries import FoundAccount, accounts_with_ids
from homeroom.school.accounts.roles import actions
from homeroom.school.accounts.roles import queries as roles
from homeroom.school.accounts.roles.actions import PermissionChange
from homeroom.school.accounts.roles.queries import FoundRole, find_role
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import (
    ADMIN,
    BASE_ROLES,
    GROUPS,
    MEMBER,
    PERMISSIONS,
    has_by_default,
    is_available,
)
from homeroom.school.rights.reading import may_read
from homeroom.school.rights.role_overrides import Decision
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import MissingParameter
from homeroom.wire.routing.routes import Params, Routes

route = Routes()


class RolePermissionJson(Struct):
    """``applies_to_...`` only where the role has it, ``prior_default`` only where the account has an override of its
    own.
    """

    enabled: bool
    locked: bool
    readonly: bool
    explicit: bool
    applies_to_self: bool | UnsetType = UNSET
    applies_to_descendants: bool | UnsetType = UNSET
    prior_default: bool | UnsetType = UNSET


class RoleJson(Struct):
    id: int
    label: str
    role: str
    base_role_type: str
    is_account_role: bool
    workflow_state: str
    created_at: datetime | None
    last_updated_at: datetime | None
    account: AccountJson
    permissions: dict[str, RolePermissionJson]


class PermissionJson(Struct):
    """A permission that can be given to roles."""

    key: str
    label: str
    available_to: list[str]
    true_for: list[str]
    group: str | UnsetType = UNSET
    group_label: str | UnsetType = UNSET


class ListRoles(Struct):
    state: frozenset[str] = frozenset(("active",))
    show_inherited: bool = False


class CreateRole(Struct):
    label: str = ""
    role: str = ""
    base_role_type: str = MEMBER
    permissions: dict[str, PermissionChange] = {}


class UpdateRole(Struct):
    label: str | None = None
    permissions: dict[str, PermissionChange] = {}


class ListPermissions(Struct):
    search_term: str = ""


@route.get("/accounts/:account_id/roles", right="manage_role_overrides")
def list_roles(
    account: AccountContext, params: Params[ListRoles], paging: Paging, actor: Actor, db: Connection
) -> Page[RoleJson]:
    """List the roles of an account."""
    page = paging.of(db, roles.roles_of_account(account, params.state, inherited=params.show_inherited))
    return page.with_items(_rendered(db, actor, account, page.items))


@route.get("/accounts/:account_id/roles/permissions", right="manage_role_overrides")
def list_assignable_permissions(account: AccountContext, params: Params[ListPermissions]) -> list[PermissionJson]:
    """List assignable permissions."""
    at_site = bool(account.row.is_site_admin)
    shown = [permission_json(name, at_site) for name in roles.permissions_of(ADMIN, in_site_admin=at_site)]
    term = params.search_term.casefold()
    return [json for json in shown if any(term in text.casefold() for text in _texts(json))]


@route.get("/accounts/:account_id/roles/:id", right="manage_role_overrides")
def show_role(account: AccountContext, id: str, actor: Actor, db: Connection) -> RoleJson:
    """Get a single role."""
    return _show(db, actor, account, id)


@route.post("/accounts/:account_id/roles", right="manage_role_overrides")
def create_role(account: AccountContext, params: Params[CreateRole], actor: Actor, db: Connection) -> RoleJson:
    """Create a new role."""
    label = params.label or params.role
    if not label:
        raise MissingParameter("label")
    role_id = actions.create_role(db, actor, account, label, params.base_role_type, params.permissions)
    return _show(db, actor, account, str(role_id))


@route.put("/accounts/:account_id/roles/:id", right="manage_role_overrides")
def update_role(account: AccountContext, id: str, params: Params[UpdateRole], actor: Actor, db: Connection) -> RoleJson:
    """Update a role."""
    role = find_role(db, account, id)
    actions.update_role(db, actor, account, role, params.label, params.permissions)
    return _show(db, actor, account, str(role.id))


@route.delete("/accounts/:account_id/roles/:id", right="manage_role_overrides")
def deactivate_role(account: AccountContext, id: str, actor: Actor, db: Connection) -> RoleJson:
    """Deactivate a role."""
    role = find_role(db, account, id)
    actions.set_role_state(db, actor, account, role, "inactive")
    return _show(db, actor, account, str(role.id))


@route.post("/accounts/:account_id/roles/:id/activate", right="manage_role_overrides")
def activate_role(account: AccountContext, id: str, actor: Actor, db: Connection) -> RoleJson:
    """Activate a role."""
    role = find_role(db, account, id)
    actions.set_role_state(db, actor, account, role, "active")
    return _show(db, actor, account, str(role.id))


def role_json(role: FoundRole, account: FoundAccount, decided: Mapping[str, Decision], actor: Actor) -> RoleJson:
    """``account`` is the role's own; ``decided`` is what the role may in the account that is asked about."""
    owner = name_json(account)
    if may_read(actor, account.ref, "sis"):
        owner.sis_account_id = account.row.sis_account_id
    return RoleJson(
        id=role.id,
        label=role.label,
        role=role.name,
        # The documents know one base for all account roles, AccountAdmin's too.
        base_role_type=MEMBER if role.is_account_role else role.base_role_type,
        is_account_role=role.is_account_role,
        workflow_state=role.state,
        created_at=seconds(role.created_at),
        last_updated_at=seconds(role.updated_at),
        account=owner,
        permissions={name: role_permission_json(decision) for name, decision in decided.items()},
    )


def role_permission_json(decision: Decision) -> RolePermissionJson:
    json = RolePermissionJson(
        enabled=decision.here or decision.below,
        locked=decision.locked or decision.readonly,
        readonly=decision.readonly,
        explicit=decision.explicit,
    )
    if json.enabled:
        json.applies_to_self, json.applies_to_descendants = decision.here, decision.below
    if decision.explicit:
        json.prior_default = decision.inherited
    return json


def permission_json(name: str, at_site: bool) -> PermissionJson:
    permission = PERMISSIONS[name]
    bases = (ADMIN, *BASE_ROLES)
    json = PermissionJson(
        name,
        permission.label,
        available_to=[base for base in bases if is_available(base, name, in_site_admin=at_site)],
        true_for=[base for base in bases if has_by_default(base, name, in_site_admin=at_site)],
    )
    if permission.group:
        json.group, json.group_label = permission.group, GROUPS[permission.group]
    return json


def _texts(json: PermissionJson) -> Sequence[str]:
    texts: tuple[Any, ...] = (json.key, json.label, json.group, json.group_label)
    return [text for text in texts if text is not UNSET]


def _show(db: Connection, actor: Actor, account: FoundAccount, given: str) -> RoleJson:
    return _rendered(db, actor, account, [find_role(db, account, given)])[0]


def _rendered(db: Connection, actor: Actor, account: FoundAccount, found: Sequence[FoundRole]) -> list[RoleJson]:
    decided = roles.decisions(db, actor, account, found)
    owners = accounts_with_ids(db, [role.account_id for role in found])
    return [role_json(role, owners[role.account_id], decided[role.id], actor) for role in found]
