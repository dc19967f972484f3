"""A person's favorite courses (learning-resources.md §15). Without favorites all current courses count."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, select

from homeroom import clock
from homeroom.db import insert_or_update, lock
from homeroom.school.courses.courses.listing import current_courses_of
from homeroom.school.schema import Favorite, User

COURSE = "Course"


def favorite_courses(db: Connection, user_id: int) -> list[int]:
    """The ids of the favorite courses, whether or not the person is still enrolled."""
    return list(db.execute(select(Favorite.c.context_id).where(*_courses_of(user_id))).scalars())


def add_course(db: Connection, user_id: int, course_id: int) -> None:
    """Choose a course; choosing it again changes nothing. Of courses that the person is not in nothing is shown."""
    _choose(db, user_id, [course_id])


def remove_course(db: Connection, user_id: int, course_id: int) -> bool:
    """Choose a course no longer; False when it was not chosen.

    Who has chosen none sees all current courses: these are chosen then, but for this one.
    """
    lock(db, User, [user_id])
    if not favorite_courses(db, user_id):
        current = current_courses_of(db, user_id)
        if course_id not in current:
            return False
        _choose(db, user_id, current)
    chosen = delete(Favorite).where(*_courses_of(user_id), Favorite.c.context_id == course_id)
    return db.execute(chosen).rowcount > 0


def _choose(db: Connection, user_id: int, course_ids: Sequence[int]) -> None:
    now = clock.now()
    rows = [
        {"user_id": user_id, "context_type": COURSE, "context_id": id, "created_at": now, "updated_at": now}
        for id in course_ids
    ]
    insert_or_update(db, Favorite, rows, key=["user_id", "context_type", "context_id"], update=[])


def remove_all_courses(db: Connection, user_id: int) -> None:
    db.execute(delete(Favorite).where(*_courses_of(user_id)))


def _courses_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return Favorite.c.user_id == user_id, Favorite.c.context_type == COURSE
