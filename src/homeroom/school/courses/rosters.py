"""The people of a course: list, search and find (learning-resources.md §1, GET /courses/:id/users)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, distinct, func, or_, select

from homeroom.db.types import AnySelect
from homeroom.school.courses.enrollments.policy import states_seen
from homeroom.school.courses.newcomers import has_come_in
from homeroom.school.courses.sections import visible_sections
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.listing import Listing, Order
from homeroom.school.people.users.queries import PERSON_COLUMNS, Person
from homeroom.school.people.users.search import columns_of, matches, search_for
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.rights.enrollment_states import CURRENT
from homeroom.school.rights.permissions import STUDENT, STUDENT_VIEW
from homeroom.school.rights.reading import HIDDEN_OF_NEWCOMERS, READERS, may_read_in_course
from homeroom.school.schema import DirectoryEntry, Enrollment, Role, User

RosterSort = Literal["username", "email", "sis_id", "last_login"]


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """A filter of a course's people; one enrollment must match every given part."""

    term: str | None = None
    types: Collection[str] = ()
    roles: Collection[str] = ()
    role_ids: Collection[int] = ()
    # None: the active and invited ones.
    states: Collection[str] | None = None
    user_ids: Collection[int] | None = None
    # Besides the others, the course's test student (see ``student_view``).
    with_test_student: bool = False
    uuids: Collection[str] | None = None
    section_ids: Collection[int] = ()


class Member(NamedTuple):
    """Somebody in a course, or invited to it. Of newcomers nobody sees login and e-mail (see ``newcomers``)."""

    person: Person
    is_newcomer: bool


def people_of_course(
    db: Connection,
    actor: Actor,
    course: CourseRef,
    which: RosterFilter,
    sort: RosterSort | None = None,
    *,
    descending: bool = False,
) -> Listing[Member]:
    """The course's people that the actor may see, by name unless sorted otherwise."""
    came_in = has_come_in(course.id, User.c.id)
    column, nullable = _sort_column(db, actor, course, sort, came_in)
    rows = select(*PERSON_COLUMNS, (~came_in).label("is_newcomer"), column)
    rows = rows.join(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id)
    rows = rows.where(User.c.id.in_(_members(db, actor, course, which)))
    if which.term:
        rows = rows.where(_found(db, actor, course, which.term, came_in))
    if which.user_ids is not None:
        rows = rows.where(User.c.id.in_(which.user_ids))
    if which.uuids is not None:
        rows = rows.where(User.c.uuid.in_(which.uuids))
    ids = rows.with_only_columns(User.c.id)
    return Listing(rows, Order(column, User.c.id, descending, nullable), _member, countable=ids)


def everybody_in(db: Connection, actor: Actor, course: CourseRef, which: RosterFilter) -> list[Member]:
    """As ``people_of_course``, all of them in the order of names."""
    return people_of_course(db, actor, course, which).all(db)


def _member(row: Sequence[Any]) -> Member:
    shown = len(PERSON_COLUMNS)
    return Member(Person(*row[:shown]), bool(row[shown]))


def find_person_in_course(db: Connection, actor: Actor, course: CourseRef, user_id: int) -> Member:
    """One of the course's people, in whatever state the actor may see them. Raises NotFound."""
    which = RosterFilter(states=("active", "invited", "completed", "inactive", "creation_pending"), user_ids=[user_id])
    found = people_of_course(db, actor, course, which).all(db, most=1)
    if not found:
        raise NotFound("user")
    return found[0]


def _members(db: Connection, actor: Actor, course: CourseRef, which: RosterFilter) -> AnySelect:
    states = states_seen(db, actor, course, CURRENT if which.states is None else which.states)
    members = select(Enrollment.c.user_id).where(Enrollment.c.course_id == course.id, Enrollment.c.state.in_(states))
    if which.types:
        types = {*which.types, STUDENT_VIEW} if which.with_test_student else which.types
        members = members.where(Enrollment.c.type.in_(types))
    elif not which.with_test_student:
        members = members.where(Enrollment.c.type != STUDENT_VIEW)
    if which.roles:
        members = members.where(Enrollment.c.role_id.in_(select(Role.c.id).where(Role.c.name.in_(which.roles))))
    if which.role_ids:
        members = members.where(Enrollment.c.role_id.in_(which.role_ids))
    if which.section_ids:
        members = members.where(Enrollment.c.course_section_id.in_(which.section_ids))
    visible = visible_sections(db, actor, course)
    return members if visible is None else members.where(Enrollment.c.course_section_id.in_(visible))


def _sort_column(
    db: Connection, actor: Actor, course: CourseRef, sort: RosterSort | None, came_in: ColumnElement[bool]
) -> tuple[Any, bool]:
    """Sorting by what one may not see would tell it."""
    if sort == "email" and may_read_in_course(db, actor, course, "email"):
        return case((came_in, DirectoryEntry.c.email_key)).label("sorted_email"), True
    if sort == "sis_id" and may_read_in_course(db, actor, course, "sis"):
        return DirectoryEntry.c.sis_user_id.label("sis_id"), True
    if sort == "last_login" and actor.holds_in_course(db, "manage_students", course):
        return DirectoryEntry.c.last_login_at.label("sorted_login"), True
    return DirectoryEntry.c.sort_key, False


def _found(
    db: Connection, actor: Actor, course: CourseRef, term: str, came_in: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Searching in what one may not see would tell it, too."""
    readable = [what for what in READERS if may_read_in_course(db, actor, course, what)]
    of_newcomers = [what for what in readable if what not in HIDDEN_OF_NEWCOMERS]
    found = matches(db, search_for(term, columns_of(readable)))
    if readable == of_newcomers:
        return found
    return or_(and_(found, came_in), matches(db, search_for(term, columns_of(of_newcomers))))


def student_counts(db: Connection, section_ids: Sequence[int]) -> dict[int, int]:
    """How many active and invited students each section has."""
    rows = (
        select(Enrollment.c.course_section_id, func.count(distinct(Enrollment.c.user_id)))
        .where(*_students_in(section_ids))
        .group_by(Enrollment.c.course_section_id)
    )
    return {row[0]: row[1] for row in db.execute(rows)}


def students_by_section(db: Connection, section_ids: Sequence[int]) -> dict[int, list[Member]]:
    """The active and invited students of each section, by name."""
    is_newcomer = ~has_come_in(Enrollment.c.course_id, User.c.id)
    rows = (
        select(Enrollment.c.course_section_id, *PERSON_COLUMNS, is_newcomer.label("is_newcomer"))
        .join(User, User.c.id == Enrollment.c.user_id)
        .join(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id)
        .where(*_students_in(section_ids))
        .order_by(DirectoryEntry.c.sort_key, User.c.id)
    )
    found: dict[int, dict[int, Member]] = {}
    for section_id, *row in db.execute(rows):
        found.setdefault(section_id, {}).setdefault(row[0], _member(row))
    return {section_id: list(people.values()) for section_id, people in found.items()}


def _students_in(section_ids: Sequence[int]) -> tuple[Any, ...]:
    return (
        Enrollment.c.course_section_id.in_(section_ids),
        Enrollment.c.type == STUDENT,
        Enrollment.c.state.in_(CURRENT),
    )
