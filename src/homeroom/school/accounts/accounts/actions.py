"""Create, change, move and delete accounts. These functions check values, not rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_returning_id, lock, new_uuid, violated
from homeroom.school.accounts.accounts.queries import FoundAccount, account_with_id
from homeroom.school.accounts.accounts.validation import AccountChange, check
from homeroom.school.accounts.events import AccountChangedPlace, AccountDeleted
from homeroom.school.accounts.settings import change_settings
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.events import announce
from homeroom.school.ground.sis_stickiness import is_stuck, with_stuck
from homeroom.school.ground.time_zones import find_zone
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.views_outside_dates import restrictions_of_account
from homeroom.school.schema import (
    Account,
    Course,
)
from homeroom.school.states import CourseState

__all__ = ["change_settings", "create_sub_account", "create_top_account", "delete_sub_account", "update_account"]

# Fields that a SIS import also sets.
_STICKY = ("name", "parent_account_id")


def create_top_account(db: Connection, name: str, *, is_site_admin: bool = False) -> int:
    """Create an account that is below no other: the root account, or the site admin's."""
    now = clock.now()
    account_id = insert_returning_id(
        db,
        insert(Account).values(
            name=name,
            uuid=new_uuid(),
            ancestry="",
            is_site_admin=is_site_admin,
            state="active",
            lti_guid=new_uuid(),
            created_at=now,
            updated_at=now,
        ),
    )
    db.execute(update(Account).where(Account.c.id == account_id).values(ancestry=f"/{account_id}/"))
    return account_id


def create_sub_account(db: Connection, parent: FoundAccount, change: AccountChange) -> int:
    """Create an account directly below ``parent``. Raises Invalid and Refused."""
    if parent.row.is_site_admin:
        raise Refused("The site admin account has no sub-accounts.")
    check(change, is_new=True)
    parent = _held(db, parent)
    now = clock.now()
    values = _values(change) | {
        "uuid": new_uuid(),
        "lti_guid": new_uuid(),
        "parent_account_id": parent.id,
        "root_account_id": parent.ref.chain[-1],
        "ancestry": "",
        "state": "active",
        "created_at": now,
        "updated_at": now,
    }
    with _free_sis_id(change.sis_account_id):
        account_id = insert_returning_id(db, insert(Account).values(values))
    db.execute(update(Account).where(Account.c.id == account_id).values(ancestry=f"{parent.row.ancestry}{account_id}/"))
    return account_id


def update_account(
    db: Connection,
    account: FoundAccount,
    change: AccountChange,
    parent: FoundAccount | None = None,
    *,
    override_stickiness: bool = True,
) -> None:
    """Change the given fields; ``parent`` is the new parent. Raises Invalid and Refused."""
    if not override_stickiness:
        change, parent = _without_stuck(account, change, parent)
    check(change, is_new=False)
    if account.is_root and change.sis_account_id:
        raise Invalid(Fault("sis_account_id", "invalid", "cannot be set on a root account"))
    if change.views:
        _require_unlocked(db, account, change.views)
    # All at once: two who move accounts take them in one order.
    lock(db, Account, {account.id} if parent is None else {account.id, parent.id, account.ref.chain[-1]})
    _change_settings(db, account, change)
    values = _values(change)
    if _has_settings(account):
        # One of the settings.
        values.pop("default_time_zone", None)
    edited = [name for name in _STICKY if getattr(change, name) is not UNSET]
    if edited:
        values["stuck_sis_fields"] = with_stuck(account.row.stuck_sis_fields, edited)
    with _free_sis_id(change.sis_account_id):
        db.execute(update(Account).where(Account.c.id == account.id).values(**values, updated_at=clock.now()))
    if parent is not None and parent.id != account.row.parent_account_id:
        _move(db, account, parent)


def delete_sub_account(db: Connection, account: FoundAccount) -> None:
    """Delete an account that has neither courses nor sub-accounts. Raises Refused with 409."""
    if account.is_root:
        raise Refused("You can't delete a root account.", status=409)
    account = _held(db, account)
    if db.execute(select(Account.c.id).where(Account.c.parent_account_id == account.id, _LIVE).limit(1)).first():
        raise Refused("You can't delete an account that has active sub-accounts.", status=409)
    if db.execute(
        select(Course.c.id).where(Course.c.account_id == account.id, Course.c.state != CourseState.DELETED).limit(1)
    ).first():
        raise Refused("You can't delete an account that has active courses.", status=409)
    db.execute(update(Account).where(Account.c.id == account.id).values(state="deleted", updated_at=clock.now()))
    announce(db, AccountDeleted(account.id))
    announce(db, AccountChangedPlace(account.id))


_LIVE = Account.c.state != "deleted"


def _held(db: Connection, account: FoundAccount) -> FoundAccount:
    """The account, locked. Raises NotFound if it was just deleted.

    The tree of accounts has one writer at a time: this locks the root's row, and this row, which creating a course in
    the account locks too.
    """
    lock(db, Account, {account.id, account.ref.chain[-1]})
    held = account_with_id(db, account.id)
    if held is None:
        raise NotFound("account")
    return held


def _move(db: Connection, account: FoundAccount, parent: FoundAccount) -> None:
    """Move the account, with everything below it, to another parent."""
    account, parent = _held(db, account), _held(db, parent)
    if account.is_root or parent.row.is_site_admin or account.id in parent.ref.chain:
        raise Invalid(Fault("parent_account_id", "invalid"))
    db.execute(update(Account).where(Account.c.id == account.id).values(parent_account_id=parent.id))
    old, new = account.row.ancestry, f"{parent.row.ancestry}{account.id}/"
    db.execute(
        update(Account)
        .where(Account.c.ancestry.startswith(old, autoescape=True))
        .values(ancestry=new + func.substr(Account.c.ancestry, len(old) + 1))
    )
    announce(db, AccountChangedPlace(account.id))


def _values(change: AccountChange) -> dict[str, Any]:
    """The columns that the change sets."""
    values: dict[str, Any] = {**change.quotas, **change.views}
    if change.name is not UNSET:
        values["name"] = change.name.strip()
    if change.sis_account_id is not UNSET:
        values["sis_account_id"] = change.sis_account_id or None
    if change.default_time_zone is not UNSET:
        values["default_time_zone"] = find_zone(change.default_time_zone)
    if change.course_template_id is not UNSET:
        values["course_template_id"] = change.course_template_id
    return values


def _has_settings(account: FoundAccount) -> bool:
    return account.is_root and not account.row.is_site_admin


def _require_unlocked(db: Connection, account: FoundAccount, views: Mapping[str, bool]) -> None:
    """Raise Refused for a change of what an account above has locked."""
    for name, found in restrictions_of_account(db, account.ref.chain).items():
        if found.locked and views.get(name, found.value) != found.value:
            raise Refused(f"{name} is locked by an account above")


def _change_settings(db: Connection, account: FoundAccount, change: AccountChange) -> None:
    changes: dict[str, Any] = {}
    if change.settings and change.settings.password_policy:
        changes["password_min_length"] = change.settings.password_policy.minimum_character_length
    if change.services:
        changes["avatars"] = change.services.avatars
    if _has_settings(account) and change.default_time_zone is not UNSET:
        changes["default_time_zone"] = change.default_time_zone or AccountSettings().default_time_zone
    changes = {name: value for name, value in changes.items() if value is not UNSET}
    if changes:
        change_settings(db, account.id, changes)


def _without_stuck(
    account: FoundAccount, change: AccountChange, parent: FoundAccount | None
) -> tuple[AccountChange, FoundAccount | None]:
    marks = account.row.stuck_sis_fields
    if is_stuck(marks, "name"):
        change.name = UNSET
    if is_stuck(marks, "parent_account_id"):
        change.parent_account_id, parent = UNSET, None
    return change, parent


@contextmanager
def _free_sis_id(sis_id: str | UnsetType) -> Iterator[None]:
    """Turn the unique index's refusal into the documented error (users-core.md §4, for accounts)."""
    try:
        yield
    except IntegrityError as error:
        if violated(error, Account) != "uq_accounts_sis_account_id":
            raise
        raise Invalid(Fault("sis_account_id", "taken", f'SIS ID "{sis_id}" is already in use')) from None
