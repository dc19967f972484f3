"""The test student of a course: nobody, by whom its staff sees the course as students do.

It has an enrollment in every section, of a type of its own with the role of a student. It has no login, belongs to no
account, and is counted and listed nowhere unless it is asked for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from homeroom import clock
from homeroom.db import insert_or_update, lock, new_uuid
from homeroom.school.courses.enrollments.roles import role_in_course
from homeroom.school.courses.sections import default_section
from homeroom.school.people.names import Names
from homeroom.school.people.users.creation import create_without_login
from homeroom.school.rights.actor import CourseRef
from homeroom.school.rights.permissions import STUDENT, STUDENT_VIEW
from homeroom.school.schema import (
    Course,
    CourseSection,
    Enrollment,
)
from homeroom.school.states import EnrollmentState

NAME, SORTABLE_NAME = "Test Student", "Student, Test"
_KEY = ("user_id", "course_section_id", "type", "role_id", "associated_key")


def student_view_student(db: Connection, course: CourseRef, root_account_id: int) -> int:
    """The test student of the course, who is made the first time, in every section that there is now; the user's id."""
    lock(db, Course, [course.id])
    mine = select(Enrollment.c.user_id).where(
        Enrollment.c.course_id == course.id,
        Enrollment.c.type == STUDENT_VIEW,
        Enrollment.c.state != EnrollmentState.DELETED,
    )
    user_id = db.execute(mine.limit(1)).scalar()
    if user_id is None:
        user_id = create_without_login(db, Names(NAME, NAME, SORTABLE_NAME))
    default_section(db, course.id)
    live = select(CourseSection.c.id).where(CourseSection.c.course_id == course.id, CourseSection.c.state != "deleted")
    role_id = role_in_course(db, course, type_=STUDENT).id
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "user_id": user_id, "course_id": course.id, "course_section_id": section_id,
            "root_account_id": root_account_id, "type": STUDENT_VIEW, "role_id": role_id, "associated_key": 0,
            "state": EnrollmentState.ACTIVE, "uuid": new_uuid(), "created_at": now, "updated_at": now,
        }
        for section_id in db.execute(live).scalars()
    ]  # fmt: skip
    insert_or_update(db, Enrollment, rows, key=_KEY, live="state <> 'deleted'", update=["updated_at"])
    return int(user_id)
