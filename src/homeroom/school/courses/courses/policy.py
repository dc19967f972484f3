"""Who may read a course (learning-resources.md §1: participants, admins, anyone if public)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, bindparam, select

from homeroom.db import one_of
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef, chain_of
from homeroom.school.rights.enrollment_states import (
    CURRENT,
    ENDED,
    FUTURE,
    LEARNERS,
    RESTRICTED,
    STATE_NOW,
    UNPUBLISHED,
    with_dates,
)
from homeroom.school.rights.views_outside_dates import with_closed_views
from homeroom.school.schema import (
    Account,
    Course,
    Enrollment,
)
from homeroom.school.states import CourseState, EnrollmentState

# "restricted": a student outside the dates of a course that is then closed, who is told that there is one and no more.
Access = Literal["full", "restricted", "none"]

# Account rights that open every course of the account.
ADMIN_RIGHTS = ("read_course_list", "read_course_content")
_TAKING_PART = (EnrollmentState.ACTIVE, EnrollmentState.INVITED, EnrollmentState.COMPLETED)
# Students and observers wait until a course is published; its staff does not.
_PUBLISHED = frozenset((CourseState.AVAILABLE, CourseState.COMPLETED))
_OPEN = frozenset((*CURRENT, EnrollmentState.COMPLETED))


class _Role(NamedTuple):
    type: str
    state: str


def can_read_course(db: Connection, actor: Actor, course: CourseRef) -> bool:
    """Whether the actor may see the course at all; one statement."""
    return course.id in readable_courses(db, actor, [course.id])


def readable_courses(db: Connection, actor: Actor, course_ids: Collection[int]) -> frozenset[int]:
    """The courses that the actor may read; one statement, however many there are."""
    access = access_to_courses(db, actor, course_ids)
    return frozenset(id for id, how in access.items() if how == "full")


def access_to_courses(db: Connection, actor: Actor, course_ids: Collection[int]) -> dict[int, Access]:
    """How far the actor may look into each of these courses that is not deleted.

    One statement, and two more when some are outside their dates.
    """
    if not course_ids:
        return {}
    courses: dict[int, AnyRow] = {}
    roles: dict[int, list[_Role]] = defaultdict(list)
    for row in _WITH_ROLES.all(db, user_id=actor.id, course_ids=course_ids):
        courses[row.id] = row
        if row.type is not None:
            roles[row.id].append(_Role(row.type, row.state_now))
    seen = with_closed_views(db, roles, {id: chain_of(row.ancestry) for id, row in courses.items()})
    return {id: _access(actor, row, seen.get(id, ())) for id, row in courses.items()}


_courses, _enrollments, _accounts = Course, Enrollment, Account
_WITH_ROLES = Prepared(
    with_dates(
        select(
            *(_courses.c[name] for name in ("id", "state", "is_public", "is_public_to_auth_users")),
            _accounts.c.ancestry,
            _enrollments.c.type,
            STATE_NOW.label("state_now"),
        )
        .join(_accounts, _accounts.c.id == _courses.c.account_id)
        .outerjoin(
            _enrollments,
            and_(
                _enrollments.c.course_id == _courses.c.id,
                _enrollments.c.user_id == bindparam("user_id"),
                _enrollments.c.state.in_(_TAKING_PART),
            ),
        )
    ).where(_courses.c.state != CourseState.DELETED, one_of(_courses.c.id, "course_ids"))
)


def _access(actor: Actor, course: AnyRow, roles: Sequence[_Role]) -> Access:
    chain = chain_of(course.ancestry)
    if actor.holds_any(ADMIN_RIGHTS, AccountRef(chain[0], chain)):
        return "full"
    open_to_actor = course.is_public or (course.is_public_to_auth_users and actor.is_signed_in)
    if course.state in _PUBLISHED and open_to_actor:
        return "full"
    return access_by_enrollments(roles, course.state)


def access_by_enrollments(roles: Sequence[Any], course_state: str) -> Access:
    """How much an enrollment with this ``type`` and effective ``state`` shows of a course."""
    # Staff see the course before, during and after its dates.
    if any(role.type not in LEARNERS and role.state in (*_OPEN, ENDED) for role in roles):
        return "full"
    learning = [role.state for role in roles if role.type in LEARNERS]
    if course_state not in _PUBLISHED:
        return "none"
    if not {*_OPEN, ENDED, FUTURE}.isdisjoint(learning):
        return "full"
    return "restricted" if RESTRICTED in learning and UNPUBLISHED not in learning else "none"
