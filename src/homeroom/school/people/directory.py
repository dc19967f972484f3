"""The directory: one row for each person, updated in the transaction of each change. This module is its only writer.

A deleted person's row stays, with the deleted logins, for lists that include deleted people
(users-core.md §2, ``include_deleted_users``). Other lists join the account associations, which end with a
person's last login, role and enrollment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, or_, select, update

from homeroom.db import insert_or_update, lock
from homeroom.db.types import AnyRow
from homeroom.school.accounts.events import AccountChangedPlace
from homeroom.school.ground.events import listen
from homeroom.school.people.names import search_key, sort_key
from homeroom.school.rights.permissions import STUDENT_VIEW
from homeroom.school.schema import (
    Account,
    AccountAdmin,
    CommunicationChannel,
    Course,
    DirectoryEntry,
    Enrollment,
    Login,
    User,
    UserAccountAssociation,
)
from homeroom.school.states import ChannelState, CourseState, EnrollmentState, LoginState, UserState

_CHUNK = 500
_COLUMNS = tuple(column.name for column in DirectoryEntry.columns if column.name != "user_id")


def refresh(db: Connection, user_ids: Iterable[int]) -> None:
    """Update the rows of these people after a change of names, logins, channels or states."""
    ids = sorted(set(user_ids))
    for start in range(0, len(ids), _CHUNK):
        _refresh_chunk(db, ids[start : start + _CHUNK])


def _refresh_chunk(db: Connection, ids: Sequence[int]) -> None:
    # If two transactions change one person, the second must see the first's changes, or it would undo them here.
    lock(db, User, ids)
    people = db.execute(select(User.c.id, User.c.name, User.c.sortable_name).where(User.c.id.in_(ids))).all()
    logins = _logins_of(db, ids)
    channels = _emails_of(db, ids)
    rows = []
    for person in people:
        mine, emails = logins.get(person.id, []), channels.get(person.id, [])
        reported = mine[0] if mine else None
        rows.append(
            {
                "user_id": person.id,
                "sort_key": sort_key(person.sortable_name),
                "name_key": sort_key(person.name),
                "login_db_id": reported.id if reported else None,
                "login_id": reported.unique_id if reported else None,
                "login_key": reported.unique_id_key if reported else None,
                "sis_user_id": reported.sis_user_id if reported else None,
                "integration_id": reported.integration_id if reported else None,
                "sis_import_id": reported.sis_import_id if reported else None,
                "email": emails[0].address if emails else None,
                "email_key": emails[0].address_key if emails else None,
                "last_login_at": max((m.current_login_at for m in mine if m.current_login_at), default=None),
                "name_text": _text([person.name]),
                "login_text": _text(m.unique_id for m in mine),
                "sis_text": _text(value for m in mine for value in (m.sis_user_id, m.integration_id)),
                "email_text": _text(e.address for e in emails),
            }
        )
    insert_or_update(db, DirectoryEntry, rows, key=["user_id"], update=_COLUMNS)


def _text(values: Iterable[str | None]) -> str:
    # Each value is a line, so that a search never matches across two values. The line break also makes any two
    # neighbouring characters the beginning of a trigram.
    return "".join(f"{search_key(value)}\n" for value in values if value)


def _logins_of(db: Connection, ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """Each person's logins, the reported one first: the one with a SIS id, then by position (users-core.md §1).

    Deleted logins count only for deleted people.
    """
    rows = db.execute(
        select(
            Login.c.id,
            Login.c.user_id,
            Login.c.unique_id,
            Login.c.unique_id_key,
            Login.c.sis_user_id,
            Login.c.integration_id,
            Login.c.sis_import_id,
            Login.c.current_login_at,
        )
        .join(User, User.c.id == Login.c.user_id)
        .where(Login.c.user_id.in_(ids), or_(Login.c.state != LoginState.DELETED, User.c.state == UserState.DELETED))
        .order_by(Login.c.sis_user_id.is_(None), Login.c.position, Login.c.id)
    )
    logins: dict[int, list[AnyRow]] = {}
    for row in rows:
        logins.setdefault(row.user_id, []).append(row)
    return logins


def _emails_of(db: Connection, ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """Each person's live e-mail channels, the primary one first."""
    rows = db.execute(
        select(CommunicationChannel.c.user_id, CommunicationChannel.c.address, CommunicationChannel.c.address_key)
        .where(
            CommunicationChannel.c.user_id.in_(ids),
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state != ChannelState.RETIRED,
        )
        .order_by(CommunicationChannel.c.position, CommunicationChannel.c.id)
    )
    emails: dict[int, list[AnyRow]] = {}
    for row in rows:
        emails.setdefault(row.user_id, []).append(row)
    return emails


def associate(db: Connection, user_ids: Iterable[int]) -> None:
    """Update the account associations of these people: logins, roles and enrollments, and every ancestor."""
    ids = sorted(set(user_ids))
    for start in range(0, len(ids), _CHUNK):
        _associate_chunk(db, ids[start : start + _CHUNK])


def _associate_chunk(db: Connection, ids: Sequence[int]) -> None:
    lock(db, User, ids)
    sources = (
        select(Login.c.user_id, Login.c.account_id).where(
            Login.c.user_id.in_(ids), Login.c.state != LoginState.DELETED
        ),
        select(AccountAdmin.c.user_id, AccountAdmin.c.account_id).where(
            AccountAdmin.c.user_id.in_(ids), AccountAdmin.c.state == "active"
        ),
        select(Enrollment.c.user_id, Course.c.account_id)
        .join(Course, Course.c.id == Enrollment.c.course_id)
        .where(
            Enrollment.c.user_id.in_(ids),
            Enrollment.c.state.not_in((EnrollmentState.DELETED, EnrollmentState.REJECTED)),
            # The test student of a course is nobody: it is in no account's lists.
            Enrollment.c.type != STUDENT_VIEW,
            Course.c.state != CourseState.DELETED,
        ),
    )
    direct = {tuple(row) for source in sources for row in db.execute(source.distinct())}
    accounts = db.execute(select(Account.c.id, Account.c.ancestry).where(Account.c.id.in_({a for _, a in direct})))
    chains = {row.id: [int(part) for part in row.ancestry.strip("/").split("/")] for row in accounts}
    wanted = {(user, ancestor) for user, account in direct for ancestor in chains.get(account, ())}
    present = {
        tuple(row)
        for row in db.execute(
            select(UserAccountAssociation.c.user_id, UserAccountAssociation.c.account_id).where(
                UserAccountAssociation.c.user_id.in_(ids)
            )
        )
    }
    for account in {account for _, account in present - wanted}:
        gone = [user for user, left in present - wanted if left == account]
        db.execute(
            delete(UserAccountAssociation).where(
                UserAccountAssociation.c.account_id == account, UserAccountAssociation.c.user_id.in_(gone)
            )
        )
    if missing := wanted - present:
        names = db.execute(select(User.c.id, User.c.sortable_name).where(User.c.id.in_({user for user, _ in missing})))
        keys = {row.id: sort_key(row.sortable_name) for row in names}
        insert_or_update(
            db,
            UserAccountAssociation,
            [{"user_id": user, "account_id": account, "sort_key": keys[user]} for user, account in sorted(missing)],
            key=["account_id", "user_id"],
            update=["sort_key"],
        )


@listen(AccountChangedPlace)
def associate_people_of(db: Connection, event: AccountChangedPlace) -> None:
    """The people of the account, including everybody below it: a move of the account affects all of them."""
    people = select(UserAccountAssociation.c.user_id).where(UserAccountAssociation.c.account_id == event.account_id)
    associate(db, db.execute(people).scalars().all())


def resort(db: Connection, user_id: int, sortable_name: str) -> None:
    """A person's sortable name changed: the associations carry its key."""
    db.execute(
        update(UserAccountAssociation)
        .where(UserAccountAssociation.c.user_id == user_id)
        .values(sort_key=sort_key(sortable_name))
    )
