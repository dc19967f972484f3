"""Lists of enrollments: a course's, a section's, a person's (learning-resources.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from homeroom.db import one_of
from homeroom.db.types import AnySelect
from homeroom.school.courses.enrollments.policy import states_seen
from homeroom.school.courses.enrollments.queries import EnrollmentRecord, enrollment_records
from homeroom.school.courses.sections import visible_sections
from homeroom.school.ground.errors import NotAllowed, Refused
from homeroom.school.ground.listing import Conditions, Listing, Order, leading, once_per_shape
from homeroom.school.people.users.policy import can_read, can_show
from homeroom.school.people.users.queries import accounts_of
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef
from homeroom.school.rights.enrollment_states import CURRENT, ENDED, STATE_NOW
from homeroom.school.rights.permissions import STUDENT_VIEW
from homeroom.school.rights.reading import may_read, may_read_in_course
from homeroom.school.schema import (
    Account,
    Course,
    CourseSection,
    DirectoryEntry,
    Enrollment,
    Login,
    Role,
)
from homeroom.school.states import CourseState, EnrollmentState, LoginState

# The names in ``state[]`` that mean several states.
_GROUPS = {
    "current_and_invited": CURRENT,
    "current_and_future": (*CURRENT, EnrollmentState.CREATION_PENDING),
    "current_future_and_restricted": (*CURRENT, EnrollmentState.CREATION_PENDING),
    "current_and_concluded": (EnrollmentState.ACTIVE, EnrollmentState.COMPLETED),
}
_STORED = frozenset(
    (
        EnrollmentState.ACTIVE,
        EnrollmentState.INVITED,
        EnrollmentState.CREATION_PENDING,
        EnrollmentState.DELETED,
        EnrollmentState.REJECTED,
        EnrollmentState.COMPLETED,
        EnrollmentState.INACTIVE,
    )
)
_OVER = (EnrollmentState.COMPLETED, ENDED)
SIS_IDS_NOT_READ = "Only those who may read SIS ids can filter by them"

_enrollments, _directory = Enrollment, DirectoryEntry

# By type, then by name, in one column that pages can go on from.
_SORT = (_enrollments.c.type + " " + func.coalesce(_directory.c.sort_key, "")).label("sort")
_BY_NAME = Order(_SORT, _enrollments.c.id)
_record = leading(EnrollmentRecord, len(EnrollmentRecord._fields))


@dataclass(frozen=True, slots=True)
class EnrollmentFilter:
    """A filter of enrollments. An empty part means all; for the states it means active and invited."""

    types: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    role_ids: frozenset[int] = frozenset()
    states: frozenset[str] = frozenset()
    sis_account_ids: frozenset[str] = frozenset()
    sis_course_ids: frozenset[str] = frozenset()
    sis_section_ids: frozenset[str] = frozenset()
    sis_user_ids: frozenset[str] = frozenset()
    term_ids: frozenset[int] = frozenset()
    user_id: int | None = None

    @property
    def asks_for_sis_ids(self) -> bool:
        return bool(self.sis_account_ids or self.sis_course_ids or self.sis_section_ids or self.sis_user_ids)


def enrollments_in_course(
    db: Connection, actor: Actor, course: CourseRef, which: EnrollmentFilter, *, section_id: int | None = None
) -> Listing[EnrollmentRecord]:
    """A course's or section's enrollments that the actor may see.

    Raises NotAllowed for those who may not see the roster, unless they ask about themselves or whom they observe, and
    Refused for SIS ids from those who may not read them.
    """
    if not actor.holds_in_course(db, "read_roster", course):
        roles = actor.course_roles(db, course)
        known = {actor.id, *(role.associated_user_id for role in roles if role.state == EnrollmentState.ACTIVE)}
        if not roles or which.user_id not in known:
            raise NotAllowed("read_roster")
    if which.asks_for_sis_ids and not may_read_in_course(db, actor, course, "sis"):
        raise Refused(SIS_IDS_NOT_READ)
    # Those who manage people want to see whom they have shut out.
    names = which.states or (*CURRENT, EnrollmentState.INACTIVE)
    states = states_seen(db, actor, course, _states(names))
    narrowing = {"user_id": which.user_id, "section_id": section_id, "visible": visible_sections(db, actor, course)}
    given = {name: value for name, value in narrowing.items() if value is not None}
    chosen = _CHOSEN.values(which)
    rows = _in_course(_Shape(which.types, states, frozenset(chosen)), frozenset(given))
    return _listing(rows, {"course_id": course.id, **given, **chosen})


@once_per_shape
def _in_course(shape: _Shape, given: frozenset[str]) -> AnySelect:
    rows = _sorted(shape).where(_enrollments.c.course_id == bindparam("course_id"), _stored(shape.states))
    return rows.where(*_INSIDE.among(given))


def enrollments_of_user(
    db: Connection, actor: Actor, user_id: int, which: EnrollmentFilter
) -> Listing[EnrollmentRecord]:
    """A person's enrollments that the actor may see. Raises NotAllowed, and Refused as above."""
    chosen = _CHOSEN.values(which)
    shape = _Shape(which.types, _states(which.states), frozenset(chosen))
    # Filtering this person's list by another person finds none.
    values = {"user_id": user_id if which.user_id in (None, user_id) else 0, **chosen}
    if actor.is_(user_id):
        _require_sis(actor, which, ())
        return _listing(_of_user(shape), values)
    if not can_read(db, actor, user_id) and not can_show(db, actor, user_id):
        raise NotAllowed("read_roster")
    administered = [account for account in accounts_of(db, user_id) if actor.holds_any(_KNOWING, account)]
    _require_sis(actor, which, administered)
    values["viewer"] = actor.id
    values["administered"] = [account.id for account in administered]
    return _listing(_of_user_known(shape), values)


def _require_sis(actor: Actor, which: EnrollmentFilter, accounts: Sequence[AccountRef]) -> None:
    """Whoever filters by SIS ids must be allowed to read them wherever there may be a hit, or a miss would tell."""
    places = accounts or (actor.root.ref,)
    if which.asks_for_sis_ids and not all(may_read(actor, account, "sis") for account in places):
        raise Refused(SIS_IDS_NOT_READ)


@once_per_shape
def _of_user(shape: _Shape) -> AnySelect:
    rows = _sorted(shape).where(_enrollments.c.user_id == bindparam("user_id"), _worth_now(shape.states))
    return rows.where(Course.c.state != CourseState.DELETED)


@once_per_shape
def _of_user_known(shape: _Shape) -> AnySelect:
    """An admin sees those below the own accounts, an observer those in the courses that both are in."""
    observing = select(Enrollment.c.course_id).where(
        Enrollment.c.user_id == bindparam("viewer"),
        Enrollment.c.associated_user_id == bindparam("user_id"),
        Enrollment.c.state == EnrollmentState.ACTIVE,
    )
    administers = one_of(Course.c.account_id, "administered")
    return _of_user(shape).where(or_(administers, Enrollment.c.course_id.in_(observing.correlate(None))))


_KNOWING = ("read_roster", "manage_user_logins")


class _Shape(NamedTuple):
    """What a statement is built from. ``given``: the names of what a client made up."""

    types: frozenset[str]
    states: frozenset[str]
    given: frozenset[str]


# What a client makes up, and how a row fits it.
_CHOSEN = Conditions(
    roles=one_of(Role.c.name, "roles"),
    role_ids=one_of(_enrollments.c.role_id, "role_ids"),
    sis_account_ids=one_of(Account.c.sis_account_id, "sis_account_ids"),
    sis_course_ids=one_of(Course.c.sis_course_id, "sis_course_ids"),
    sis_section_ids=one_of(CourseSection.c.sis_section_id, "sis_section_ids"),
    sis_user_ids=_enrollments.c.user_id.in_(
        select(Login.c.user_id).where(one_of(Login.c.sis_user_id, "sis_user_ids"), Login.c.state != LoginState.DELETED)
    ),
    term_ids=one_of(Course.c.enrollment_term_id, "term_ids"),
)
# What narrows a course's list.
_INSIDE = Conditions(
    user_id=_enrollments.c.user_id == bindparam("user_id"),
    section_id=_enrollments.c.course_section_id == bindparam("section_id"),
    visible=one_of(_enrollments.c.course_section_id, "visible"),
)


def _listing(rows: AnySelect, values: dict[str, Any]) -> Listing[EnrollmentRecord]:
    return Listing(rows, _BY_NAME, _record, values)


def _sorted(shape: _Shape) -> AnySelect:
    rows = enrollment_records().add_columns(_SORT)
    rows = rows.outerjoin(_directory, _directory.c.user_id == _enrollments.c.user_id)
    rows = rows.where(Enrollment.c.type.in_(shape.types) if shape.types else Enrollment.c.type != STUDENT_VIEW)
    return rows.where(*_CHOSEN.among(shape.given))


def _states(names: Collection[str]) -> frozenset[str]:
    """The stored states that these names mean; unknown names mean none."""
    given = names or CURRENT
    return frozenset(state for name in given for state in _GROUPS.get(name, (name,) if name in _STORED else ()))


def _stored(states: Collection[str]) -> Any:
    """A course's list uses the stored states, so that last term's roster stays readable."""
    stored = Enrollment.c.state.in_(states)
    return or_(stored, STATE_NOW.in_(_OVER)) if EnrollmentState.COMPLETED in states else stored


def _worth_now(states: Collection[str]) -> Any:
    """A person's list also uses the dates: an enrollment whose dates are over is completed."""
    stored = Enrollment.c.state.in_(set(states) - {EnrollmentState.COMPLETED}) & STATE_NOW.not_in(_OVER)
    return or_(stored, STATE_NOW.in_(_OVER)) if EnrollmentState.COMPLETED in states else stored
