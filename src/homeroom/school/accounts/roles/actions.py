"""Create and change roles and their permissions (Roles API documentation)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_or_update, insert_returning_id, violated
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.accounts.roles.queries import FoundRole, decisions
from homeroom.school.ground.errors import Fault, Invalid, NotAllowed, Refused
from homeroom.school.rights.account_roles import AccountRole
from homeroom.school.rights.actor import Actor, below_account, has_all_rights_of_roles
from homeroom.school.rights.permissions import ADMIN, BASE_ROLES, COURSE_ROLES, is_available
from homeroom.school.rights.role_overrides import Decision
from homeroom.school.schema import Role, RoleOverride
from homeroom.school.security.events import record

RIGHT = "manage_role_overrides"
_NAME_LIMIT = 255
_RESERVED = (ADMIN, *BASE_ROLES)


class PermissionChange(Struct):
    """The given ``permissions[<X>]``."""

    explicit: bool = False
    enabled: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    applies_to_self: bool | UnsetType = UNSET
    applies_to_descendants: bool | UnsetType = UNSET


Changes = Mapping[str, PermissionChange]


def add_built_in_roles(db: Connection, root_id: int) -> dict[str, int]:
    """Add the built-in roles to a new root account; name -> id."""
    now = clock.now()
    rows = [
        {"account_id": root_id, "name": name, "base_role_type": name, "state": "built_in"}
        for name in (ADMIN, *COURSE_ROLES)
    ]
    db.execute(insert(Role), [{**row, "created_at": now, "updated_at": now} for row in rows])
    return {row.name: row.id for row in db.execute(select(Role.c.id, Role.c.name).where(Role.c.account_id == root_id))}


def create_role(db: Connection, actor: Actor, account: FoundAccount, label: str, base: str, changes: Changes) -> int:
    """Create a role of this account. Raises Invalid and Refused."""
    if base not in BASE_ROLES:
        raise Refused("invalid base role type")
    now = clock.now()
    role = FoundRole(0, account.id, _checked(label), base, "active", now, now)
    values = role._asdict()
    del values["id"]
    with _free_name():
        role = role._replace(id=insert_returning_id(db, insert(Role).values(values)))
    _change_permissions(db, actor, account, role, changes)
    record(db, "role_created", object=("role", role.id), account_id=account.id)
    _require_held(actor, account, {}, decisions(db, actor, account, [role])[role.id])
    return role.id


def update_role(
    db: Connection, actor: Actor, account: FoundAccount, role: FoundRole, label: str | None, changes: Changes
) -> None:
    """Change what the role may in the account and below it, and the label of the account's own role.

    Raises NotAllowed for rights that the actor lacks, and for an account role that has more than they.
    """
    if (label is not None and label != role.label) or changes:
        _require_power_over(db, actor, account, role)
    if label is not None and label != role.label:
        require_own(account, role, "change the label of")
        with _free_name():
            db.execute(update(Role).where(Role.c.id == role.id).values(name=_checked(label), updated_at=clock.now()))
    if _change_permissions(db, actor, account, role, changes):
        db.execute(update(Role).where(Role.c.id == role.id).values(updated_at=clock.now()))


def set_role_state(db: Connection, actor: Actor, account: FoundAccount, role: FoundRole, state: str) -> None:
    """Deactivate or activate the account's own role; those who have it keep it (Roles API, "Deactivate a role")."""
    _require_power_over(db, actor, account, role)
    require_own(account, role, "deactivate" if state == "inactive" else "activate")
    record(db, "role_changed", object=("role", role.id), account_id=account.id, state=state)
    db.execute(update(Role).where(Role.c.id == role.id).values(state=state, updated_at=clock.now()))


def require_own(account: FoundAccount, role: FoundRole, what: str) -> None:
    """Raise Refused for a built-in role and for one of an account above."""
    if role.is_built_in:
        raise Refused(f"cannot {what} a built-in role")
    if role.account_id != account.id:
        raise Refused(f"cannot {what} a role of another account")


def _checked(label: str) -> str:
    name = label.strip()
    if not name:
        raise Invalid(Fault("label", "blank"))
    if len(name) > _NAME_LIMIT:
        raise Invalid(Fault("label", "too_long"))
    if name in _RESERVED:
        raise _taken()
    return name


def _taken() -> Invalid:
    return Invalid(Fault("label", "taken", "name already in use"))


@contextmanager
def _free_name() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if violated(error, Role) != "uq_roles_name":
            raise
        raise _taken() from None


def _change_permissions(db: Connection, actor: Actor, account: FoundAccount, role: FoundRole, changes: Changes) -> bool:
    """Write the account's overrides. Returns whether anything was written. Permissions that the role cannot have, or
    that are locked above, are ignored, as documented.
    """
    at_site = bool(account.row.is_site_admin)
    fitting = [name for name in changes if is_available(role.base_role_type, name, in_site_admin=at_site)]
    if not fitting:
        return False
    decided = decisions(db, actor, account, [role])[role.id]
    before = _said(db, account.id, role.id)
    after = {name: _word(changes[name], before.get(name, _SILENCE)) for name in fitting if not decided[name].readonly}
    _write(db, account.id, role.id, after)
    if after:
        record(db, "role_changed", object=("role", role.id), account_id=account.id, permissions=sorted(after))
    unlocked = {name for name, word in after.items() if before.get(name, _SILENCE).locked and not word.locked}
    known = {name: decision for name, decision in decided.items() if name not in unlocked}
    _require_held(actor, account, known, decisions(db, actor, account, [role])[role.id], unlocked)
    return bool(after)


def _require_power_over(db: Connection, actor: Actor, account: FoundAccount, role: FoundRole) -> None:
    """Raise NotAllowed for an account role that may something here which the actor may not."""
    held = AccountRole(account.id, role.id, role.base_role_type, role.name)
    if role.is_account_role and not has_all_rights_of_roles(db, actor, [held]):
        raise NotAllowed(RIGHT)


def _require_held(
    actor: Actor,
    account: FoundAccount,
    before: Mapping[str, Decision],
    after: Mapping[str, Decision],
    unlocked: Collection[str] = (),
) -> None:
    """Raise NotAllowed where the role gets a right that the actor lacks: nobody gives what they do not hold.

    A right that is ``unlocked`` may come back by the word of an account below.
    """
    below = below_account(account.ref)
    for name, word in after.items():
        was = before.get(name)
        # What is said here stays when an account above says otherwise one day.
        said_now = word.explicit and not (was and was.explicit)
        brings_here = word.here and (said_now or not (was and was.here))
        brings_below = name in unlocked or (word.below and (said_now or not (was and was.below)))
        if (brings_here and not actor.holds(name, account.ref)) or (brings_below and not actor.holds(name, below)):
            raise NotAllowed(name)


class _Word(NamedTuple):
    """An account's override of one permission of one role."""

    enabled: bool | None
    locked: bool
    applies_to_self: bool
    applies_to_descendants: bool


_SILENCE = _Word(None, False, True, True)


def _word(change: PermissionChange, before: _Word) -> _Word:
    """The new override. Not explicit, or without ``enabled``: inherited. Other values that are not given stay."""
    locked = before.locked if change.locked is UNSET else change.locked
    if not change.explicit or change.enabled is UNSET:
        return _Word(None, locked, True, True)
    here = before.applies_to_self if change.applies_to_self is UNSET else change.applies_to_self
    below = before.applies_to_descendants if change.applies_to_descendants is UNSET else change.applies_to_descendants
    if not here and not below:
        raise Refused("A permission must apply to the account itself or to its descendants.")
    return _Word(change.enabled, locked, here, below)


def _said(db: Connection, account_id: int, role_id: int) -> dict[str, _Word]:
    rows = select(
        RoleOverride.c.permission,
        RoleOverride.c.enabled,
        RoleOverride.c.locked,
        RoleOverride.c.applies_to_self,
        RoleOverride.c.applies_to_descendants,
    ).where(RoleOverride.c.account_id == account_id, RoleOverride.c.role_id == role_id)
    return {row.permission: _Word(*row[1:]) for row in db.execute(rows)}


def _write(db: Connection, account_id: int, role_id: int, words: Mapping[str, _Word]) -> None:
    now = clock.now()
    place = {"account_id": account_id, "role_id": role_id}
    db.execute(
        delete(RoleOverride).where(
            RoleOverride.c.account_id == account_id,
            RoleOverride.c.role_id == role_id,
            RoleOverride.c.permission.in_([name for name, word in words.items() if word == _SILENCE]),
        )
    )
    rows = [
        {**place, "permission": name, **word._asdict(), "created_at": now, "updated_at": now}
        for name, word in sorted(words.items())
        if word != _SILENCE
    ]
    insert_or_update(
        db,
        RoleOverride,
        rows,
        key=["account_id", "role_id", "permission"],
        update=[*_Word._fields, "updated_at"],
    )
