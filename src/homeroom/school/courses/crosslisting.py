"""Cross-listing: a section, with everybody in it, is taught in another course (learning-resources.md §1)."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.courses.sections import Section
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.row_locks import hold
from homeroom.school.people import directory
from homeroom.school.schema import (
    Course,
    CourseSection,
    Enrollment,
)
from homeroom.school.states import EnrollmentState

NOT_CROSSLISTED = "The section is not cross-listed"


def crosslist(db: Connection, section: Section, course_id: int) -> None:
    """Move the section into the course; it remembers the course that it came from first."""
    home = section.nonxlist_course_id or section.course_id
    if course_id != section.course_id:
        _move(db, section, course_id, home=None if course_id == home else home)


def uncrosslist(db: Connection, section: Section) -> None:
    """Move the section back. Raises Refused for one that is at home, and NotFound when its course is deleted."""
    if section.nonxlist_course_id is None:
        raise Refused(NOT_CROSSLISTED)
    _move(db, section, section.nonxlist_course_id, home=None)


def _move(db: Connection, section: Section, course_id: int, *, home: int | None) -> None:
    lock(db, Course, [section.course_id, course_id])
    hold(db, Course, course_id)
    hold(db, CourseSection, section.id)
    now = clock.now()
    moved = update(CourseSection).where(CourseSection.c.id == section.id)
    db.execute(moved.values(course_id=course_id, nonxlist_course_id=home, is_default=False, updated_at=now))
    inside = Enrollment.c.course_section_id == section.id
    db.execute(update(Enrollment).where(inside).values(course_id=course_id, updated_at=now))
    people = db.execute(
        select(Enrollment.c.user_id).where(inside, Enrollment.c.state != EnrollmentState.DELETED).distinct()
    )
    directory.associate(db, people.scalars())
