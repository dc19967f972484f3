"""The people of an account as one statement: filtered, sorted, and quick however large the school (users-core.md §2).

A page is one range of an index: of the account's associations in the order of names, of the directory in every other
order. A filter that leaves few people turns this around: then these few are found first and sorted
(docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from homeroom.db.types import AnySelect
from homeroom.school.ground.listing import Listing, Order, leading, once_per_shape
from homeroom.school.people.users.queries import PERSON_COLUMNS, Person
from homeroom.school.people.users.search import Search, candidates, matches
from homeroom.school.rights.actor import AccountRef, Actor, Root
from homeroom.school.rights.reading import Guarded, may_read
from homeroom.school.schema import (
    DirectoryEntry,
    Enrollment,
    Login,
    Role,
    User,
    UserAccountAssociation,
)
from homeroom.school.states import EnrollmentState, LoginState

# The most found people that are sorted. One costs about as much as walking two index rows.
FEW = 8_000
_COST_OF_FOUND = 2
_PAGE = 100
MOST_UUIDS = 100

SortName = Literal["username", "name", "email", "login_id", "sis_id", "integration_id", "last_login", "id"]


class Sort(NamedTuple):
    """A column of the directory to sort by; nulls come last in both directions. ``of`` is one of READERS: the
    value that this order reveals, in a bookmark even literally."""

    column: Any
    nullable: bool = True
    of: Guarded | None = None


_directory = DirectoryEntry.c
_USER_ID = _directory.user_id
_in_account = UserAccountAssociation.c.account_id
_SORTED_in_account = (UserAccountAssociation.c.sort_key, UserAccountAssociation.c.user_id)
SORTS: dict[str, Sort] = {
    "username": Sort(_directory.sort_key, nullable=False),
    "name": Sort(_directory.name_key, nullable=False),
    "email": Sort(_directory.email_key, of="email"),
    "login_id": Sort(_directory.login_key, of="login"),
    "sis_id": Sort(_directory.sis_user_id, of="sis"),
    "integration_id": Sort(_directory.integration_id, of="sis"),
    "last_login": Sort(_directory.last_login_at),
    "id": Sort(_USER_ID, nullable=False),
}


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """A filter of an account's people. ``enrollment_types`` are base roles; a ``role_id`` wins over them."""

    search: Search | None = None
    enrollment_types: Collection[str] = ()
    role_id: int | None = None
    uuids: Sequence[str] | None = None
    with_deleted: bool = False


class _Narrowing(NamedTuple):
    """One condition, as a test of a directory row and as the ids that pass it (or a superset); None: not by index."""

    test: ColumnElement[bool]
    ids: Any | None


def allowed_sort(actor: Actor, account: AccountRef, name: str | None) -> SortName | None:
    """The sort with this name; None if it is unknown, or if it sorts by something that the actor may not read."""
    sort = SORTS.get(name or "")
    if sort is None or (sort.of is not None and not may_read(actor, account, sort.of)):
        return None
    return cast("SortName", name)


def people_in_account(
    db: Connection,
    root: Root,
    account_id: int,
    which: PeopleFilter,
    sort: SortName | None,
    width: int = len(PERSON_COLUMNS),
    *,
    descending: bool = False,
) -> Listing[Person]:
    """The people of this account in this order. At most one statement of its own, whatever the filter.

    ``width``: how many of PERSON_COLUMNS are needed; LISTED for lists that include nothing.
    """
    narrowings = _narrowings(db, which)
    by_name = sort in (None, "username") and not which.with_deleted
    record, in_names = leading(Person, width), Order(*_SORTED_in_account, descending)
    if by_name and not narrowings:
        return Listing(_everybody_by_name(width), in_names, record, {"account_id": account_id}, _MEMBERS)
    tests = [n.test for n in narrowings]
    membership = _membership(account_id, with_deleted=which.with_deleted)
    # Nearly everybody is a member of the root account, so that condition filters nothing.
    askable = narrowings if account_id == root.id else [membership, *narrowings]
    found = _fewest(db, askable)
    countable = None if narrowings else membership.ids
    if found is not None:
        countable = select(_USER_ID).where(_USER_ID.in_(found.ids), membership.test, *tests)
    if by_name and not (found and found.comes_first):
        rows = _from_associations(width).where(_in_account == account_id, *tests)
        return Listing(rows, in_names, record, countable=countable)
    column, nullable, _ = SORTS[sort or "username"]
    rows = _from_directory(column, width).where(membership.test, *tests)
    if found and found.comes_first:
        rows = rows.where(_USER_ID.in_(found.ids))
    return Listing(rows, Order(column, _USER_ID, descending, nullable), record, countable=countable)


# Built once, because building a select of many columns costs as much as running it.
@once_per_shape
def _from_associations(width: int) -> AnySelect:
    return (
        select(*PERSON_COLUMNS[:width], *_SORTED_in_account)
        .select_from(UserAccountAssociation)
        .join(DirectoryEntry, DirectoryEntry.c.user_id == UserAccountAssociation.c.user_id)
        .join(User, User.c.id == UserAccountAssociation.c.user_id)
    )


@once_per_shape
def _everybody_by_name(width: int) -> AnySelect:
    return _from_associations(width).where(bindparam("account_id") == _in_account)


_MEMBERS = select(UserAccountAssociation.c.user_id).where(bindparam("account_id") == _in_account)


@once_per_shape
def _from_directory(column: Any, width: int) -> AnySelect:
    shown = PERSON_COLUMNS[:width]
    more = [_USER_ID, *(() if column is _USER_ID or any(column is known for known in shown) else (column,))]
    return select(*shown, *more).select_from(DirectoryEntry).join(User, User.c.id == DirectoryEntry.c.user_id)


class _Fewest(NamedTuple):
    """The ids of the narrowing that leaves the fewest people; whether to find and sort them before all else."""

    ids: Any
    comes_first: bool


def _fewest(db: Connection, narrowings: Sequence[_Narrowing]) -> _Fewest | None:
    """None if no condition leaves few people."""
    askable = [n.ids for n in narrowings if n.ids is not None]
    if not askable:
        return None
    counts = [select(func.count()).select_from(ids.limit(FEW + 1).subquery()) for ids in askable]
    statements = [*counts, select(func.max(_USER_ID))]
    *found, people = db.execute(select(*(statement.scalar_subquery() for statement in statements))).one()
    fewest = min(found)
    if fewest > FEW:
        return None
    walked = float(_PAGE)
    for count in found:
        # As if the conditions were independent of each other and of the order.
        walked *= people / max(count, 1)
    return _Fewest(askable[found.index(fewest)], fewest * _COST_OF_FOUND <= min(walked, people))


def _narrowings(db: Connection, which: PeopleFilter) -> list[_Narrowing]:
    found = []
    if which.uuids is not None:
        ids = select(User.c.id).where(User.c.uuid.in_(which.uuids[:MOST_UUIDS]))
        found.append(_Narrowing(DirectoryEntry.c.user_id.in_(ids), ids))
    if which.search is not None:
        found.append(_Narrowing(matches(db, which.search), candidates(db, which.search)))
    if which.role_id is not None:
        found.append(
            _enrolled(
                Enrollment.c.role_id == which.role_id,
                (EnrollmentState.DELETED, EnrollmentState.REJECTED, EnrollmentState.INACTIVE),
            )
        )
    elif which.enrollment_types:
        # Their ids first: PostgreSQL knows how many enrollments a role has, and not how many a subquery will name.
        roles = db.execute(select(Role.c.id).where(Role.c.base_role_type.in_(which.enrollment_types))).scalars().all()
        found.append(_enrolled(Enrollment.c.role_id.in_(roles)))
    return found


def _enrolled(condition: ColumnElement[bool], but_not: Sequence[str] = ()) -> _Narrowing:
    state = Enrollment.c.state.not_in(but_not) if but_not else Enrollment.c.state == EnrollmentState.ACTIVE
    mine = Enrollment.c.user_id == DirectoryEntry.c.user_id
    return _Narrowing(
        select(Enrollment.c.id).where(mine, condition, state).exists(),
        select(Enrollment.c.user_id).where(condition, state),
    )


def _membership(account_id: int, *, with_deleted: bool) -> _Narrowing:
    members = select(UserAccountAssociation.c.user_id).where(UserAccountAssociation.c.account_id == account_id)
    test = members.where(UserAccountAssociation.c.user_id == DirectoryEntry.c.user_id).exists()
    if not with_deleted:
        return _Narrowing(test, members)
    gone = select(Login.c.user_id).where(Login.c.account_id == account_id, Login.c.state == LoginState.DELETED)
    either = or_(test, gone.where(Login.c.user_id == DirectoryEntry.c.user_id).exists())
    return _Narrowing(either, members.union(gone))
