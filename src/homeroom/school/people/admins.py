"""The admins of an account: people with account roles (identity.md §8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import insert_or_update, lock
from homeroom.db.types import AnySelect
from homeroom.school.accounts.accounts.queries import FoundAccount, account_with_id
from homeroom.school.accounts.events import AccountDeleted
from homeroom.school.accounts.roles.queries import FoundRole, find_role
from homeroom.school.ground.errors import NotAllowed, NotFound, Refused
from homeroom.school.ground.events import listen
from homeroom.school.ground.listing import Listing, by
from homeroom.school.people import directory
from homeroom.school.people.notifications.sending import Notification, notify
from homeroom.school.people.users.queries import hold_users
from homeroom.school.people.users.search import matches, search_for
from homeroom.school.rights.account_roles import AccountRole
from homeroom.school.rights.actor import Actor, has_all_rights_of_roles
from homeroom.school.rights.permissions import ADMIN
from homeroom.school.schema import (
    Account,
    AccountAdmin,
    DirectoryEntry,
    Login,
    Role,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.states import LoginState, UserState

COLUMNS = (
    AccountAdmin.c.id,
    AccountAdmin.c.user_id,
    AccountAdmin.c.role_id,
    AccountAdmin.c.state,
    Role.c.name.label("role"),
)
_ADMINS: AnySelect = select(*COLUMNS).join(Role, Role.c.id == AccountAdmin.c.role_id)


class Admin(NamedTuple):
    """One role of one person in one account. ``state`` is ``active`` or ``deleted``."""

    id: int
    user_id: int
    role_id: int
    state: str
    role: str


def admins_of(
    db: Connection,
    account: FoundAccount,
    *,
    user_ids: Sequence[int] = (),
    term: str | None = None,
    with_deleted: bool = False,
) -> Listing[Admin]:
    """The admins of this account itself; ``user_ids`` and ``term`` filter the list."""
    rows = _ADMINS.join(User, User.c.id == AccountAdmin.c.user_id).where(
        AccountAdmin.c.account_id == account.id, User.c.state != UserState.DELETED
    )
    if not with_deleted:
        rows = rows.where(AccountAdmin.c.state == "active")
    if user_ids:
        rows = rows.where(AccountAdmin.c.user_id.in_(user_ids))
    if term is not None:
        rows = rows.join(DirectoryEntry, DirectoryEntry.c.user_id == AccountAdmin.c.user_id)
        rows = rows.where(matches(db, search_for(term)))
    return Listing(rows, by(AccountAdmin.c.id), Admin._make)


def find_account_role(db: Connection, account: FoundAccount, role_id: str, role: str) -> FoundRole:
    """The account role with this id or (deprecated) this name; AccountAdmin by default. Raises NotFound."""
    found = find_role(db, account, role_id or role or ADMIN)
    if not found.is_account_role:
        raise NotFound("role")
    return found


def require_power_over(db: Connection, actor: Actor, account: FoundAccount, role: FoundRole) -> None:
    """Raise NotAllowed unless the actor has every right that the role gives in the account and below it.

    Otherwise ``manage_account_memberships`` alone would give every right.
    """
    given = AccountRole(account.id, role.id, role.base_role_type, role.name)
    if not has_all_rights_of_roles(db, actor, [given]):
        raise NotAllowed("manage_account_memberships")


def add_admin(db: Connection, account: FoundAccount, user_id: int, role: FoundRole, *, notify: bool) -> Admin:
    """Give the person the role in the account; again is once. Raises NotFound for somebody without a login."""
    # The account is not deleted or moved meanwhile.
    lock(db, Account, [account.id], shared=True)
    if account_with_id(db, account.id) is None:
        raise NotFound("account")
    # Two who give it at once: the second finds it given, and no second mail goes out.
    hold_users(db, user_id)
    if not _has_login(db, account, user_id):
        raise NotFound("user")
    if role.state == "inactive":
        raise Refused("Cannot create an admin with this role because it is inactive.")
    known = _find(db, account, user_id, role)
    if known is not None and known.state == "active":
        return known
    give_role(db, account.id, user_id, role.id)
    record(db, "admin_added", user_id=user_id, object=("role", role.id), account_id=account.id)
    if notify:
        _tell(db, account, user_id)
    admin = _find(db, account, user_id, role)
    assert admin is not None
    return admin


def give_role(db: Connection, account_id: int, user_id: int, role_id: int) -> None:
    """Give the person the account role, without asking whether that may be."""
    now = clock.now()
    row = {"account_id": account_id, "user_id": user_id, "role_id": role_id, "state": "active"}
    insert_or_update(
        db,
        AccountAdmin,
        [{**row, "created_at": now, "updated_at": now}],
        key=["account_id", "user_id", "role_id"],
        update=["state", "updated_at"],
    )
    directory.associate(db, [user_id])


def remove_admin(db: Connection, account: FoundAccount, user_id: int, role: FoundRole) -> Admin:
    """Take only this role from the person. Raises NotFound if they do not have it."""
    lock(db, User, [user_id])
    admin = _find(db, account, user_id, role)
    if admin is None or admin.state != "active":
        raise NotFound("admin")
    db.execute(
        update(AccountAdmin).where(AccountAdmin.c.id == admin.id).values(state="deleted", updated_at=clock.now())
    )
    directory.associate(db, [user_id])
    record(db, "admin_removed", user_id=user_id, object=("role", role.id), account_id=account.id)
    return admin._replace(state="deleted")


@listen(AccountDeleted)
def _remove_with_the_account(db: Connection, event: AccountDeleted) -> None:
    live = AccountAdmin.c.account_id == event.account_id, AccountAdmin.c.state != "deleted"
    # People go before their roles, always (decision 0014).
    lock(db, User, db.execute(select(AccountAdmin.c.user_id).where(*live)).scalars())
    db.execute(update(AccountAdmin).where(*live).values(state="deleted", updated_at=clock.now()))


def _find(db: Connection, account: FoundAccount, user_id: int, role: FoundRole) -> Admin | None:
    row = db.execute(
        _ADMINS.where(
            AccountAdmin.c.account_id == account.id,
            AccountAdmin.c.user_id == user_id,
            AccountAdmin.c.role_id == role.id,
        )
    ).first()
    return Admin(*row) if row is not None else None


def _has_login(db: Connection, account: FoundAccount, user_id: int) -> bool:
    """Whether the person has a login in the account's root. The site-admin account trusts every root account."""
    rows = select(Login.c.id).join(User, User.c.id == Login.c.user_id)
    rows = rows.where(
        Login.c.user_id == user_id, Login.c.state != LoginState.DELETED, User.c.state != UserState.DELETED
    )
    if not account.row.is_site_admin:
        rows = rows.where(Login.c.account_id == account.ref.chain[-1])
    return db.execute(rows.limit(1)).first() is not None


def _tell(db: Connection, account: FoundAccount, user_id: int) -> None:
    # A name may hold a line break, and a subject must not.
    name = " ".join(account.row.name.split())
    text = f'You have been made an admin of the account "{name}".\n'
    notify(db, [user_id], Notification("account_user_notification", f"You are an admin of {name}", text))
