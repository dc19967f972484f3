"""A person's favorite courses (learning-resources.md §15). Without favorites all current courses count."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, select

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.school.enrollment_states import CURRENT
from homeroom.school.errors import NotFound
from homeroom.school.schema import Enrollment, Favorite

COURSE = "Course"


def favorite_courses(db: Connection, user_id: int) -> list[int]:
    """The ids of the favorite courses, whether or not the person is still enrolled."""
    return list(db.execute(select(Favorite.context_id).where(*_courses_of(user_id))).scalars())


def add_course(db: Connection, user_id: int, course_id: int) -> None:
    """Add a course of the person to the favorites; again changes nothing. Raises NotFound for other courses."""
    inside = select(Enrollment.id).where(
        Enrollment.user_id == user_id, Enrollment.course_id == course_id, Enrollment.state.in_(CURRENT)
    )
    if db.execute(inside.limit(1)).first() is None:
        raise NotFound("course")
    now = clock.now()
    row = {
        "user_id": user_id,
        "context_type": COURSE,
        "context_id": course_id,
        "created_at": now,
        "updated_at": now,
    }
    insert_or_update(db, Favorite, [row], key=["user_id", "context_type", "context_id"], update=[])


def remove_course(db: Connection, user_id: int, course_id: int) -> None:
    """Remove a course from the favorites. Raises NotFound if it is not one."""
    if db.execute(delete(Favorite).where(*_courses_of(user_id), Favorite.context_id == course_id)).rowcount == 0:
        raise NotFound("favorite")


def remove_all_courses(db: Connection, user_id: int) -> None:
    db.execute(delete(Favorite).where(*_courses_of(user_id)))


def _courses_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return Favorite.user_id == user_id, Favorite.context_type == COURSE
