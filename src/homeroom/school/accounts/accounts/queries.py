"""Accounts: finding one by any form of its id, and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, Order, by
from homeroom.school.rights.account_settings import AccountSettings, read_settings
from homeroom.school.rights.actor import AccountRef, Actor, chain_of
from homeroom.school.rights.permissions import STAFF
from homeroom.school.schema import (
    Account,
    Course,
    Enrollment,
)
from homeroom.school.states import CourseState, EnrollmentState

COLUMNS = (
    Account.c.id,
    Account.c.name,
    Account.c.uuid,
    Account.c.parent_account_id,
    Account.c.root_account_id,
    Account.c.ancestry,
    Account.c.is_site_admin,
    Account.c.state,
    Account.c.default_time_zone,
    Account.c.default_storage_quota_mb,
    Account.c.default_user_storage_quota_mb,
    Account.c.default_group_storage_quota_mb,
    Account.c.course_template_id,
    Account.c.sis_account_id,
    Account.c.integration_id,
    Account.c.sis_import_id,
    Account.c.lti_guid,
    Account.c.settings,
    Account.c.stuck_sis_fields,
)


_LIVE = select(*COLUMNS).where(Account.c.state != "deleted")
_BY_NUMBER = by(Account.c.id)
_BY_ID = Prepared(_LIVE.where(Account.c.id == bindparam("id")))


@dataclass(slots=True)
class FoundAccount:
    """A found account. ``row`` has all COLUMNS."""

    id: int
    ref: AccountRef
    row: AnyRow

    @property
    def is_root(self) -> bool:
        return self.row.parent_account_id is None

    @property
    def parent(self) -> AccountRef:
        """The account above this one; the account itself if there is none."""
        chain = self.ref.chain[1:] or self.ref.chain
        return AccountRef(chain[0], chain)

    @property
    def settings(self) -> AccountSettings:
        return read_settings(self.row.settings)


def find_account(db: Connection, actor: Actor, form: IdForm) -> FoundAccount:
    """The account with this id. Raises NotFound, also for a deleted one."""
    match form.kind:
        case "id":
            row = _BY_ID.first(db, id=number_of(form))
        case "self" | "default":
            row = _BY_ID.first(db, id=actor.root.id)
        case "site_admin":
            row = _BY_ID.first(db, id=actor.root.site_admin_account_id)
        case "sis_account_id" | "uuid" | "sis_integration_id" | "lti_context_id":
            row = db.execute(_LIVE.where(_COLUMN[form.kind] == form.value, _in_root(actor.root.id))).first()
        case _:
            raise NotFound("account")
    if row is None:
        raise NotFound("account")
    return found(row)


_COLUMN: dict[str, Any] = {
    "sis_account_id": Account.c.sis_account_id,
    "uuid": Account.c.uuid,
    "sis_integration_id": Account.c.integration_id,
    "lti_context_id": Account.c.lti_guid,
}


def account_with_id(db: Connection, account_id: int) -> FoundAccount | None:
    """The account with this id, unless it is deleted."""
    row = db.execute(select(*COLUMNS).where(Account.c.id == account_id, Account.c.state != "deleted")).first()
    return found(row) if row is not None else None


def accounts_with_ids(db: Connection, account_ids: Iterable[int]) -> dict[int, FoundAccount]:
    """These accounts by id, deleted ones too; one statement."""
    return {row.id: found(row) for row in db.execute(select(*COLUMNS).where(Account.c.id.in_(set(account_ids))))}


def found(row: AnyRow) -> FoundAccount:
    return FoundAccount(row.id, AccountRef(row.id, chain_of(row.ancestry)), row)


def find_root_account(db: Connection, actor: Actor) -> FoundAccount:
    """The root account that this call is about."""
    return find_account(db, actor, IdForm("self", ""))


def administered(actor: Actor) -> Listing[FoundAccount]:
    """The accounts in which the actor has a role (homeroom.md §3)."""
    ids = {role.account_id for role in actor.roles}
    if actor.root.site_admin_account_id in ids:
        ids = (ids - {actor.root.site_admin_account_id}) | {actor.root.id}
    return Listing(_LIVE.where(Account.c.id.in_(ids)), _BY_NUMBER, found)


def sub_accounts(account: FoundAccount, *, recursive: bool, by_name: bool = False) -> Listing[FoundAccount]:
    """The accounts on the next level below this one, or all below it; only the former can be sorted by name."""
    if recursive:
        below = Account.c.ancestry.startswith(account.row.ancestry, autoescape=True)
        return Listing(_LIVE.where(below, Account.c.id != account.id), _BY_NUMBER, found)
    order = Order(Account.c.name, Account.c.id) if by_name else _BY_NUMBER
    return Listing(_LIVE.where(Account.c.parent_account_id == account.id), order, found)


def accounts_below(db: Connection, actor: Actor) -> list[FoundAccount]:
    """Every account in which the actor is an admin by a role there or above; two statements."""
    tops = administered(actor).all(db)
    if not tops:
        return []
    below = or_(*(Account.c.ancestry.startswith(top.row.ancestry, autoescape=True) for top in tops))
    rows = db.execute(_LIVE.where(below).order_by(Account.c.id))
    return [found(row) for row in rows]


def accounts_of_staff(user_id: int) -> Listing[FoundAccount]:
    """The accounts of the courses in which the user is staff."""
    courses = (
        select(Course.c.account_id)
        .join(Enrollment, Enrollment.c.course_id == Course.c.id)
        .where(
            Enrollment.c.user_id == user_id,
            Enrollment.c.state == EnrollmentState.ACTIVE,
            Enrollment.c.type.in_(STAFF),
            Course.c.state != CourseState.DELETED,
        )
    )
    return Listing(_LIVE.where(Account.c.id.in_(courses)), _BY_NUMBER, found)


def course_counts(db: Connection, account_ids: Sequence[int]) -> dict[int, int]:
    """The number of courses directly in each of these accounts."""
    rows = (
        select(Course.c.account_id, func.count())
        .where(Course.c.account_id.in_(account_ids), Course.c.state != CourseState.DELETED)
        .group_by(Course.c.account_id)
    )
    return {row[0]: row[1] for row in db.execute(rows)}


def sub_account_counts(db: Connection, account_ids: Sequence[int]) -> dict[int, int]:
    """The number of accounts on the next level below each of these."""
    parent: Any = Account.c.parent_account_id
    rows = (
        select(parent, func.count())
        .where(Account.c.parent_account_id.in_(account_ids), Account.c.state != "deleted")
        .group_by(parent)
    )
    return {row[0]: row[1] for row in db.execute(rows)}


def _in_root(root_id: int) -> Any:
    return or_(Account.c.id == root_id, Account.c.root_account_id == root_id)
