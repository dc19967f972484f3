"""The kinds of assets of this wing: courses, and sections (``course_section_7``)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from homeroom.db.types import AnySelect
from homeroom.school.courses.courses.policy import readable_courses
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.assets import register_kind
from homeroom.school.schema import (
    Course,
    CourseSection,
)
from homeroom.school.states import CourseState


def _live_courses(ids: Collection[int]) -> AnySelect:
    return select(Course.c.id).where(Course.c.id.in_(ids), Course.c.state != CourseState.DELETED)


def _live_sections(ids: Collection[int]) -> AnySelect:
    sections = select(CourseSection.c.id).join(Course, Course.c.id == CourseSection.c.course_id)
    return sections.where(
        CourseSection.c.id.in_(ids), CourseSection.c.state != "deleted", Course.c.state != CourseState.DELETED
    )


def _readable_sections(db: Connection, actor: Actor, ids: Collection[int]) -> frozenset[int]:
    """A section can be read by everybody who may read its course."""
    rows = db.execute(select(CourseSection.c.id, CourseSection.c.course_id).where(CourseSection.c.id.in_(ids)))
    courses = {row.id: row.course_id for row in rows}
    readable = readable_courses(db, actor, set(courses.values()))
    return frozenset(id for id, course in courses.items() if course in readable)


register_kind("course", live=_live_courses, readable=readable_courses)
register_kind("course_section", live=_live_sections, readable=_readable_sections)
