"""Rights on accounts (Accounts API documentation; homeroom.md §3)."""

from __future__ import annotations

from msgspec import UNSET
from sqlalchemy import Connection, select

from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.accounts.accounts.validation import AccountChange
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import STAFF
from homeroom.school.rights.reading import require_giving_sis_ids
from homeroom.school.schema import (
    Account,
    Course,
    Enrollment,
)
from homeroom.school.states import CourseState, EnrollmentState


def can_read(actor: Actor, account: FoundAccount) -> bool:
    """Whether the actor sees everything: admins of the account or of one above it."""
    return actor.has_role_in(account.ref)


def require_read(actor: Actor, account: FoundAccount) -> None:
    if not can_read(actor, account):
        raise NotAllowed("read")


def works_in(db: Connection, actor: Actor, account: FoundAccount) -> bool:
    """Whether the actor is staff of a course in the account or below it: they see its name."""
    courses = (
        select(Enrollment.c.id)
        .join(Course, Course.c.id == Enrollment.c.course_id)
        .join(Account, Account.c.id == Course.c.account_id)
        .where(
            Enrollment.c.user_id == actor.id,
            Enrollment.c.state == EnrollmentState.ACTIVE,
            Enrollment.c.type.in_(STAFF),
            Course.c.state != CourseState.DELETED,
            Account.c.ancestry.startswith(account.row.ancestry, autoescape=True),
        )
    )
    return db.execute(courses.limit(1)).first() is not None


def require_change(actor: Actor, account: FoundAccount, change: AccountChange, parent: FoundAccount | None) -> None:
    """Every given field must be allowed. Raises NotAllowed.

    Quotas need ``manage_storage_quotas``, the SIS id ``manage_sis`` on the root account, a move an admin of both
    parents, everything else ``manage_account_settings``.
    """
    if not actor.holds_any(("manage_account_settings", "manage_storage_quotas"), account.ref):
        raise NotAllowed("manage_account_settings")
    if change.quotas:
        actor.require("manage_storage_quotas", account.ref)
    if change.sis_account_id is not UNSET:
        require_giving_sis_ids(actor)
    if change.settled:
        actor.require("manage_account_settings", account.ref)
    if parent is not None:
        actor.require("manage_account_settings", parent.ref)
        actor.require("manage_account_settings", account.parent)
