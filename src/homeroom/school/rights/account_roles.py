"""A user's account roles and the overrides for them, each as one value of a row about the user."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from homeroom.db import json_rows
from homeroom.school.rights.role_overrides import Override
from homeroom.school.schema import AccountAdmin, Role, RoleOverride


class AccountRole(NamedTuple):
    account_id: int
    role_id: int
    base_role: str
    name: str


_read_roles = msgspec.json.Decoder(list[tuple[int, int, str, str]])
_read_overrides = msgspec.json.Decoder(
    list[tuple[int, int, str, bool | int | None, bool | int, bool | int, bool | int]]
)

OVERRIDE_COLUMNS = (
    RoleOverride.c.account_id,
    RoleOverride.c.role_id,
    RoleOverride.c.permission,
    RoleOverride.c.enabled,
    RoleOverride.c.applies_to_self,
    RoleOverride.c.applies_to_descendants,
    RoleOverride.c.locked,
)

# An inactive role cannot be given to anybody, and its holders keep their rights (Roles API, "Deactivate a role").
_IN_USE = Role.c.state != "deleted"


def roles_of(user_id: Any) -> Any:
    """A scalar subquery: the account roles of a user as JSON rows, for ``read_roles``."""
    return (
        select(json_rows(AccountAdmin.c.account_id, AccountAdmin.c.role_id, Role.c.base_role_type, Role.c.name))
        .join(Role, Role.c.id == AccountAdmin.c.role_id)
        .where(AccountAdmin.c.user_id == user_id, AccountAdmin.c.state == "active", _IN_USE)
        .scalar_subquery()
    )


def overrides_of(user_id: Any) -> Any:
    """A scalar subquery: the overrides for this user's account roles, for ``read_overrides``."""
    # A role held in two accounts brings its overrides twice, which changes nothing.
    return (
        select(json_rows(*OVERRIDE_COLUMNS))
        .join(AccountAdmin, AccountAdmin.c.role_id == RoleOverride.c.role_id)
        .where(AccountAdmin.c.user_id == user_id, AccountAdmin.c.state == "active")
        .scalar_subquery()
    )


@lru_cache(maxsize=1024)
def read_roles(text: str) -> tuple[AccountRole, ...]:
    return tuple(AccountRole(*row) for row in _read_roles.decode(text))


def read_overrides(text: str) -> list[Override]:
    if text == "[]":
        return []
    return [
        Override(account, role, name, None if on is None else bool(on), bool(own), bool(below), bool(locked))
        for account, role, name, on, own, below, locked in _read_overrides.decode(text)
    ]
