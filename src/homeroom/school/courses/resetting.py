"""Starting a course afresh: another one takes its place, with its people and without its content.

Courses API documentation, "Reset a course".
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from homeroom import clock
from homeroom.db import insert_returning_id, lock, new_uuid
from homeroom.school.courses.events import CourseChangedState
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.events import announce
from homeroom.school.schema import (
    Course,
    CourseNickname,
    CourseSection,
    Enrollment,
    Favorite,
)
from homeroom.school.states import CourseState

# What only one course can have, and what is content.
_LEFT_BEHIND = frozenset(("id", "syllabus_body", "image_id", "created_at"))
_ONLY_ONE = ("sis_course_id", "integration_id", "self_enrollment_code")


def reset_course(db: Connection, course_id: int) -> int:
    """Delete the course and put a new one in its place, unpublished; the new one's id. Raises NotFound.

    Sections and enrollments move over, and so do people's nicknames of it and their choice as a favorite.
    """
    lock(db, Course, [course_id])
    old = db.execute(select(Course).where(Course.c.id == course_id)).one()._asdict()
    if old["state"] == CourseState.DELETED:
        raise NotFound("course")
    now = clock.now()
    gone = update(Course).where(Course.c.id == course_id)
    db.execute(gone.values(state=CourseState.DELETED, updated_at=now, **dict.fromkeys(_ONLY_ONE)))
    kept = {name: value for name, value in old.items() if name not in _LEFT_BEHIND}
    fresh = {
        "uuid": new_uuid(),
        "lti_context_id": new_uuid(),
        "state": CourseState.CLAIMED,
        "created_at": now,
        "updated_at": now,
    }
    new_id = insert_returning_id(db, insert(Course).values({**kept, **fresh}))
    for table in (CourseSection, Enrollment, CourseNickname):
        db.execute(update(table).where(table.c.course_id == course_id).values(course_id=new_id))
    chosen = update(Favorite).where(Favorite.c.context_type == "Course", Favorite.c.context_id == course_id)
    db.execute(chosen.values(context_id=new_id))
    announce(db, CourseChangedState(course_id, CourseState.DELETED))
    return new_id
