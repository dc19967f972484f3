"""Roles that an account can give, and their permissions there (identity.md §10; Roles API documentation)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from homeroom.db.types import AnyRow
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import is_number, number_in
from homeroom.school.ground.listing import Listing, by
from homeroom.school.rights.account_roles import OVERRIDE_COLUMNS
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import (
    ACCOUNT_ROLES,
    ADMIN,
    DESIGNER,
    OBSERVER,
    PERMISSIONS,
    SITE_ADMIN,
    STUDENT,
    TA,
    TEACHER,
)
from homeroom.school.rights.role_overrides import Decision, Override, decide
from homeroom.school.schema import Role, RoleOverride

COLUMNS = (
    Role.c.id,
    Role.c.account_id,
    Role.c.name,
    Role.c.base_role_type,
    Role.c.state,
    Role.c.created_at,
    Role.c.updated_at,
)
BUILT_IN_LABELS = {
    ADMIN: "Account Admin",
    STUDENT: "Student",
    TEACHER: "Teacher",
    TA: "TA",
    DESIGNER: "Designer",
    OBSERVER: "Observer",
}


class FoundRole(NamedTuple):
    """A role. ``state`` is ``built_in``, ``active`` or ``inactive``."""

    id: int
    account_id: int
    name: str
    base_role_type: str
    state: str
    created_at: datetime
    updated_at: datetime

    @property
    def is_built_in(self) -> bool:
        return self.state == "built_in"

    @property
    def is_account_role(self) -> bool:
        return self.base_role_type in ACCOUNT_ROLES

    @property
    def label(self) -> str:
        return BUILT_IN_LABELS[self.name] if self.is_built_in else self.name


def roles_of_account(account: FoundAccount, states: Collection[str], *, inherited: bool) -> Listing[FoundRole]:
    """The account's own roles in these states and the built-in ones, which are active; ``inherited``: of every account
    above it as well."""
    owners = account.ref.chain if inherited else (account.id,)
    own = Role.c.account_id.in_(owners) & Role.c.state.in_([state for state in states if state != "deleted"])
    rows = select(*COLUMNS).where(or_(own, Role.c.state == "built_in") if "active" in states else own)
    return Listing(rows, by(Role.c.id), FoundRole._make)


def find_role(db: Connection, account: FoundAccount, given: str) -> FoundRole:
    """The role of the account or of one above it with this id, or (deprecated) this name. Raises NotFound."""
    rows = select(*COLUMNS).where(
        or_(Role.c.account_id.in_(account.ref.chain), Role.c.state == "built_in"), Role.c.state != "deleted"
    )
    meant = Role.c.id == number_in(given) if is_number(given) else Role.c.name == given
    found = [FoundRole(*row) for row in db.execute(rows.where(meant))]
    if not found:
        raise NotFound("role")
    # Of two roles with the same name, the nearer account's is used.
    chain = account.ref.chain
    return min(found, key=lambda role: chain.index(role.account_id) if role.account_id in chain else len(chain))


def permissions_of(base_role: str, *, in_site_admin: bool = False) -> list[str]:
    """The permissions shown for a role with this base: a course role has no account permissions."""
    account_role = base_role in ACCOUNT_ROLES
    return [
        name
        for name, permission in PERMISSIONS.items()
        if (account_role or not permission.account_only) and (name != SITE_ADMIN or in_site_admin)
    ]


def decisions(
    db: Connection, actor: Actor, account: FoundAccount, roles: Sequence[FoundRole]
) -> dict[int, dict[str, Decision]]:
    """The permissions of each role in the account, by role and permission; one statement."""
    site_admin = actor.root.site_admin_account_id
    chain = account.ref.chain if site_admin in account.ref.chain else (*account.ref.chain, site_admin)
    said = _overrides(db, chain, [role.id for role in roles])
    at_site = account.id == site_admin
    return {
        role.id: {
            name: decide(role.base_role_type, name, chain, said[role.id, name], in_site_admin=at_site)
            for name in permissions_of(role.base_role_type, in_site_admin=at_site)
        }
        for role in roles
    }


def _overrides(
    db: Connection, chain: Sequence[int], role_ids: Sequence[int]
) -> defaultdict[tuple[int, str], list[Override]]:
    rows = select(*OVERRIDE_COLUMNS).where(RoleOverride.c.account_id.in_(chain), RoleOverride.c.role_id.in_(role_ids))
    said: defaultdict[tuple[int, str], list[Override]] = defaultdict(list)
    for row in db.execute(rows):
        said[row.role_id, row.permission].append(_override(row))
    return said


def _override(row: AnyRow) -> Override:
    return Override(*row)
