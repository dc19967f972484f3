"""Lists of courses: a person's own, and an account's (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, false, or_, select

from homeroom.db import one_of
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnySelect
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.courses.courses.account_filter import AccountFilter, narrowed, somebody_in
from homeroom.school.courses.courses.policy import ADMIN_RIGHTS
from homeroom.school.courses.courses.queries import VIEWER_KEY, CourseRecord, courses_seen_by
from homeroom.school.courses.enrollments.queries import EnrollmentRecord, enrollment_records, records_by_course
from homeroom.school.ground.ids import number_in
from homeroom.school.ground.listing import Conditions, Listing, Order, leading, once_per_shape
from homeroom.school.people.names import sort_key
from homeroom.school.people.users.queries import accounts_of
from homeroom.school.people.users.search import matches, search_for
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.enrollment_states import CURRENT, ENDED, FUTURE, LEARNERS, STATE_NOW, with_dates
from homeroom.school.rights.permissions import TEACHER
from homeroom.school.rights.reading import may_read
from homeroom.school.schema import (
    Account,
    Course,
    DirectoryEntry,
    Enrollment,
    EnrollmentTerm,
    Role,
    User,
)
from homeroom.school.states import CourseState, EnrollmentState

# What the API calls a course's state, and the stored states.
STATES: Mapping[str, tuple[str, ...]] = {
    "unpublished": (CourseState.CREATED, CourseState.CLAIMED),
    "created": (CourseState.CREATED,),
    "claimed": (CourseState.CLAIMED,),
    "available": (CourseState.AVAILABLE,),
    "completed": (CourseState.COMPLETED,),
    "deleted": (CourseState.DELETED,),
    "all": (
        CourseState.CREATED,
        CourseState.CLAIMED,
        CourseState.AVAILABLE,
        CourseState.COMPLETED,
        CourseState.DELETED,
    ),
}
_LIVE = (CourseState.CREATED, CourseState.CLAIMED, CourseState.AVAILABLE, CourseState.COMPLETED)
# "current" is ours: active or invited as the enrollment is worth now.
EnrollmentStateWanted = Literal["active", "invited_or_pending", "completed", "current"]
# Characters of the longest name, code and SIS id.
_LONGEST_TERM = 255
CourseSort = Literal["course_status", "course_name", "sis_course_id", "teacher", "account_name", "subaccount", "term"]


_enrollments = Enrollment.c
_BY_NAME = Order(VIEWER_KEY, Course.c.id)
_record = leading(CourseRecord, len(CourseRecord._fields))


@dataclass(frozen=True, slots=True)
class OwnFilter:
    """A filter of a person's courses; one enrollment must match every given part."""

    types: frozenset[str] = frozenset()
    role_names: frozenset[str] = frozenset()
    role_ids: frozenset[int] = frozenset()
    enrollment_state: EnrollmentStateWanted | None = None
    states: frozenset[str] = frozenset()
    # Empty: any course.
    course_ids: frozenset[int] = frozenset()
    # The ancestry of an account: only courses of it and below. Empty: of any account.
    below: str = ""
    homeroom: bool = False


def courses_of(db: Connection, actor: Actor, user_id: int, which: OwnFilter) -> Listing[CourseRecord]:
    """The courses that this person is in, as the actor may know them, by the actor's names of them."""
    shape, values = _split(user_id, which)
    values["viewer"] = actor.id
    if actor.is_(user_id):
        rows, ids = _own_courses(shape)
    else:
        known = [account.id for account in accounts_of(db, user_id) if actor.holds_any(_KNOWING, account)]
        values["administered"] = known
        rows, ids = _known_courses(shape)
    return Listing(rows, _BY_NAME, _record, values, countable=ids)


def current_courses_of(db: Connection, user_id: int) -> list[int]:
    """The ids of the courses that the person is in now, as the menu of courses has them."""
    shape, values = _split(user_id, OwnFilter(enrollment_state="current"))
    _, ids = _own_courses(shape)
    return list(db.execute(ids, values).scalars())


def enrollments_in(
    db: Connection, user_id: int, which: OwnFilter, course_ids: Sequence[int]
) -> dict[int, list[EnrollmentRecord]]:
    """By course, the person's enrollments that brought these courses into ``courses_of``."""
    if not course_ids:
        return {}
    shape, values = _split(user_id, which)
    return records_by_course(db, _own_enrollments(shape), {**values, "among": course_ids})


# What a client makes up, and how an enrollment fits it.
_CHOSEN = Conditions(
    role_names=one_of(Role.c.name, "role_names"),
    role_ids=one_of(_enrollments.role_id, "role_ids"),
    course_ids=one_of(_enrollments.course_id, "course_ids"),
    below=Course.c.account_id.in_(select(Account.c.id).where(Account.c.ancestry.like(bindparam("below")))),
)


class _Shape(NamedTuple):
    """What a statement is built from. ``given``: the names of what a client made up."""

    types: frozenset[str]
    states: frozenset[str]
    enrollment_state: EnrollmentStateWanted | None
    homeroom: bool
    given: frozenset[str]


def _split(user_id: int, which: OwnFilter) -> tuple[_Shape, dict[str, Any]]:
    """The shape of the filter, and the values that a statement of this shape takes."""
    values = _CHOSEN.values(which)
    # One state that nobody knows is like another.
    states = frozenset(which.states & STATES.keys()) or (which.states and _UNKNOWN)
    shape = _Shape(which.types, states, which.enrollment_state, which.homeroom, frozenset(values))
    values["user_id"] = user_id
    if which.below:
        # An ancestry is made of digits and slashes: nothing in it is a wildcard.
        values["below"] = f"{which.below}%"
    return shape, values


_UNKNOWN = frozenset(("unknown",))


@once_per_shape
def _own_courses(shape: _Shape) -> tuple[AnySelect, AnySelect]:
    return _records_and_ids(_is_own(shape))


def _records_and_ids(condition: ColumnElement[bool]) -> tuple[AnySelect, AnySelect]:
    records = courses_seen_by(bindparam("viewer")).add_columns(VIEWER_KEY)
    return records.where(condition), select(Course.c.id).where(condition)


def _is_own(shape: _Shape) -> ColumnElement[bool]:
    mine = with_dates(select(Enrollment.c.course_id).join(Course, Course.c.id == Enrollment.c.course_id))
    mine = mine.outerjoin(Role, Role.c.id == Enrollment.c.role_id).where(*_fits(shape))
    return Course.c.id.in_(mine.correlate(None))


@once_per_shape
def _own_enrollments(shape: _Shape) -> Prepared:
    in_these = one_of(_enrollments.course_id, "among")
    return Prepared(enrollment_records().where(in_these, *_fits(shape)).order_by(Enrollment.c.id))


def _fits(shape: _Shape) -> list[ColumnElement[bool]]:
    conditions = [Enrollment.c.user_id == bindparam("user_id"), _in_course_states(shape), _in_state(shape)]
    if shape.types:
        conditions.append(Enrollment.c.type.in_(shape.types))
    if shape.homeroom:
        # There is no Canvas for Elementary here, so no course is a homeroom.
        conditions.append(false())
    return [*conditions, *_CHOSEN.among(shape.given)]


def _in_state(shape: _Shape) -> ColumnElement[bool]:
    match shape.enrollment_state:
        case "active":
            return STATE_NOW == EnrollmentState.ACTIVE
        case "invited_or_pending":
            return STATE_NOW.in_((EnrollmentState.INVITED, EnrollmentState.CREATION_PENDING, FUTURE))
        case "completed":
            return STATE_NOW.in_((EnrollmentState.COMPLETED, ENDED))
        case "current":
            return STATE_NOW.in_(CURRENT)
    current = Enrollment.c.state.in_(CURRENT)
    if "deleted" in shape.states:
        # The enrollments of a deleted course are deleted too, and keep their old state.
        return or_(current, Enrollment.c.state_before_course_deletion.in_(CURRENT))
    return current


def _in_course_states(shape: _Shape) -> ColumnElement[bool]:
    """By default what is published; whoever teaches there sees everything that is not deleted.

    A state that nobody knows does not narrow the list.
    """
    learns = Enrollment.c.type.in_(LEARNERS)
    if not shape.states:
        published = (
            (CourseState.AVAILABLE, CourseState.COMPLETED)
            if shape.enrollment_state == "completed"
            else (CourseState.AVAILABLE,)
        )
        return or_(and_(~learns, Course.c.state != CourseState.DELETED), Course.c.state.in_(published))
    wanted = {state for name in shape.states for state in STATES.get(name, _LIVE)}
    for_all = wanted & {CourseState.AVAILABLE, CourseState.COMPLETED}
    return or_(Course.c.state.in_(for_all), and_(~learns, Course.c.state.in_(wanted - for_all)))


@once_per_shape
def _known_courses(shape: _Shape) -> tuple[AnySelect, AnySelect]:
    """The courses of somebody else that the viewer may know of: those the viewer administers or takes part in."""
    shared = select(Enrollment.c.course_id).where(
        Enrollment.c.user_id == bindparam("viewer"), Enrollment.c.state.in_((*CURRENT, EnrollmentState.COMPLETED))
    )
    administers = one_of(Course.c.account_id, "administered")
    return _records_and_ids(_is_own(shape) & or_(administers, Course.c.id.in_(shared)))


_KNOWING = (*ADMIN_RIGHTS, "manage_user_logins")


def courses_in_account(
    db: Connection,
    actor: Actor,
    account: FoundAccount,
    which: AccountFilter,
    sort: CourseSort | None,
    *,
    descending: bool = False,
) -> Listing[CourseRecord]:
    """The courses of the account and below it, as the actor names them; by number unless sorted otherwise."""
    rows = courses_seen_by(actor.id).where(_in_tree(account), _states_wanted(which))
    rows = rows.where(*narrowed(which))
    if which.term:
        rows = rows.where(_matches(db, actor, account, which))
    column: Any = Course.c.id
    nullable = False
    match sort:
        case "course_name":
            column = Course.c.sort_key
        case "sis_course_id" if actor.holds_any(("read_sis", "manage_sis"), account.ref):
            column, nullable = Course.c.sis_course_id, True
        case "course_status":
            column = _STATUS
            rows = rows.add_columns(column)
        case "account_name" | "subaccount":
            column = Account.c.name.label("account_name")
        case "term":
            column = EnrollmentTerm.c.name.label("term_name")
            rows = rows.join(EnrollmentTerm, EnrollmentTerm.c.id == Course.c.enrollment_term_id).add_columns(column)
        case "teacher":
            column, nullable = _first_teacher().label("teacher_name"), True
            rows = rows.add_columns(column)
    return Listing(rows, Order(column, Course.c.id, descending, nullable), _record)


def _in_tree(account: FoundAccount) -> ColumnElement[bool]:
    if account.is_root:
        return Course.c.root_account_id == account.id
    below = select(Account.c.id).where(Account.c.ancestry.startswith(account.row.ancestry, autoescape=True))
    return Course.c.account_id.in_(below)


def _states_wanted(which: AccountFilter) -> ColumnElement[bool]:
    wanted = {state for name in which.states for state in STATES.get(name, ())}
    states = Course.c.state.in_(wanted) if wanted else Course.c.state != CourseState.DELETED
    if which.published is None:
        return states
    published = Course.c.state.in_((CourseState.AVAILABLE, CourseState.COMPLETED))
    return and_(states, published if which.published else ~published)


def _matches(db: Connection, actor: Actor, account: FoundAccount, which: AccountFilter) -> ColumnElement[bool]:
    """Whether the course contains the term that is searched for, or is taught by somebody whose name does."""
    term = which.term or ""
    if which.search_by == "teacher":
        return somebody_in(Enrollment.c.type == TEACHER, Enrollment.c.user_id.in_(_people_called(db, term)))
    return _is_called(actor, account, term)


def _people_called(db: Connection, term: str) -> AnySelect:
    found = matches(db, search_for(term, ()))
    return select(User.c.id).join(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id).where(found)


def _is_called(actor: Actor, account: FoundAccount, term: str) -> ColumnElement[bool]:
    """Whether the name or the code contains the term, or the SIS id for those who may read it; or digits are the id."""
    if len(term) > _LONGEST_TERM:
        return false()  # No name is so long, and SQLite refuses to look.
    found = [Course.c.name.icontains(term, autoescape=True), Course.c.course_code.icontains(term, autoescape=True)]
    if may_read(actor, account.ref, "sis"):
        found.append(Course.c.sis_course_id.icontains(term, autoescape=True))
    # The sort key has neither case nor accents in any alphabet, and no punctuation, which must not be lost.
    if all(letter.isalnum() or letter.isspace() for letter in term):
        found.append(Course.c.sort_key.contains(sort_key(term), autoescape=True))
    if number := number_in(term):
        found.append(Course.c.id == number)
    return or_(*found)


# As people read it: not yet published, published, over, gone.
_STATUS = case({"created": 0, "claimed": 0, "available": 1, "completed": 2}, value=Course.c.state, else_=3).label(
    "course_status"
)


def _first_teacher() -> Any:
    return (
        select(DirectoryEntry.c.sort_key)
        .join(Enrollment, Enrollment.c.user_id == DirectoryEntry.c.user_id)
        .where(Enrollment.c.course_id == Course.c.id, Enrollment.c.type == TEACHER, Enrollment.c.state.in_(CURRENT))
        .order_by(DirectoryEntry.c.sort_key)
        .limit(1)
        .scalar_subquery()
    )
