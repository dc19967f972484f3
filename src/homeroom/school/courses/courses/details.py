"""The includes of Course objects, for all courses of a page at once: one statement for each include."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, distinct, func, select

from homeroom.school.courses import terms
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.courses.rights import CourseRights, rights_in
from homeroom.school.courses.enrollments.queries import EnrollmentRecord
from homeroom.school.courses.terms import Term
from homeroom.school.people.users.queries import PERSON_COLUMNS, Person, people_with_ids
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.enrollment_states import CURRENT
from homeroom.school.rights.permissions import STUDENT, TEACHER
from homeroom.school.schema import (
    CourseSection,
    DirectoryEntry,
    Enrollment,
    Favorite,
    User,
)
from homeroom.school.states import EnrollmentState


class SectionOfViewer(NamedTuple):
    id: int
    name: str
    start_at: Any
    end_at: Any
    role: str


@dataclass(slots=True)
class Details:
    """By course id. An include that was not asked for is an empty mapping."""

    rights: Mapping[int, CourseRights] = field(default_factory=dict)
    enrollments: Mapping[int, Sequence[EnrollmentRecord]] | None = None
    terms: Mapping[int, Term] = field(default_factory=dict)
    sections: Mapping[int, Sequence[SectionOfViewer]] = field(default_factory=dict)
    teachers: Mapping[int, Sequence[Person]] = field(default_factory=dict)
    total_students: Mapping[int, int] = field(default_factory=dict)
    favorites: frozenset[int] = frozenset()
    # By user id: the students that the viewer observes in these courses.
    observed: Mapping[int, Person] = field(default_factory=dict)


def details_of(
    db: Connection,
    actor: Actor,
    courses: Sequence[CourseRecord],
    include: frozenset[str],
    *,
    enrollments: Mapping[int, Sequence[EnrollmentRecord]] | None = None,
) -> Details:
    """The includes of these Course objects. ``enrollments``: the enrollments to show with the courses, if any."""
    ids = [course.id for course in courses]
    actor.load_courses(db, [course.ref for course in courses])
    details = Details(
        rights={course.id: rights_in(db, actor, course, include) for course in courses},
        enrollments=enrollments,
    )
    for name, load in _LOADERS.items():
        if name in include and ids:
            load(db, actor, courses, details)
    return details


def _load_terms(db: Connection, _actor: Actor, courses: Sequence[CourseRecord], details: Details) -> None:
    details.terms = terms.terms_with_ids(db, {course.enrollment_term_id for course in courses})


def _load_sections(db: Connection, actor: Actor, courses: Sequence[CourseRecord], details: Details) -> None:
    """The sections that the viewer is enrolled in, with the role there."""
    section = CourseSection
    rows = (
        select(
            section.c.course_id, section.c.id, section.c.name, section.c.start_at, section.c.end_at, Enrollment.c.type
        )
        .join(Enrollment, Enrollment.c.course_section_id == section.c.id)
        .where(
            Enrollment.c.user_id == actor.id,
            Enrollment.c.course_id.in_([course.id for course in courses]),
            Enrollment.c.state.in_(CURRENT),
        )
        .order_by(section.c.id, Enrollment.c.id)
    )
    found: dict[int, list[SectionOfViewer]] = {}
    for row in db.execute(rows):
        found.setdefault(row.course_id, []).append(SectionOfViewer(*row[1:]))
    details.sections = found


def _load_teachers(db: Connection, _actor: Actor, courses: Sequence[CourseRecord], details: Details) -> None:
    rows = (
        select(Enrollment.c.course_id, *PERSON_COLUMNS)
        .join(User, User.c.id == Enrollment.c.user_id)
        .join(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id)
        .where(
            Enrollment.c.course_id.in_([course.id for course in courses]),
            Enrollment.c.type == TEACHER,
            Enrollment.c.state == EnrollmentState.ACTIVE,
        )
        .order_by(DirectoryEntry.c.sort_key, User.c.id)
    )
    found: dict[int, dict[int, Person]] = {}
    for course_id, *person in db.execute(rows):
        found.setdefault(course_id, {}).setdefault(person[0], Person(*person))
    details.teachers = {course_id: list(people.values()) for course_id, people in found.items()}


def _load_total_students(db: Connection, _actor: Actor, courses: Sequence[CourseRecord], details: Details) -> None:
    rows = (
        select(Enrollment.c.course_id, func.count(distinct(Enrollment.c.user_id)))
        .where(
            Enrollment.c.course_id.in_([course.id for course in courses]),
            Enrollment.c.type == STUDENT,
            Enrollment.c.state.in_(CURRENT),
        )
        .group_by(Enrollment.c.course_id)
    )
    details.total_students = {row[0]: row[1] for row in db.execute(rows)}


def _load_favorites(db: Connection, actor: Actor, courses: Sequence[CourseRecord], details: Details) -> None:
    rows = select(Favorite.c.context_id).where(
        Favorite.c.user_id == actor.id,
        Favorite.c.context_type == "Course",
        Favorite.c.context_id.in_([course.id for course in courses]),
    )
    details.favorites = frozenset(db.execute(rows).scalars())


def _load_observed(db: Connection, _actor: Actor, _courses: Sequence[CourseRecord], details: Details) -> None:
    shown = (record for records in (details.enrollments or {}).values() for record in records)
    students = {record.associated_user_id for record in shown if record.associated_user_id is not None}
    details.observed = people_with_ids(db, sorted(students))


_LOADERS: dict[str, Callable[[Connection, Actor, Sequence[CourseRecord], Details], None]] = {
    "term": _load_terms,
    "sections": _load_sections,
    "teachers": _load_teachers,
    "total_students": _load_total_students,
    "favorites": _load_favorites,
    "observed_users": _load_observed,
}
