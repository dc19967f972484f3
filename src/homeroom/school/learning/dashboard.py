"""What a person's first page shows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.actor import Actor
from homeroom.school.learning.courses.policy import readable_courses
from homeroom.school.schema import Course, Enrollment

_MOST = 100


def current_courses(db: Connection, actor: Actor) -> Sequence[AnyRow]:
    """The courses that the actor takes part in now and may look into, by name; two statements."""
    enrolled = select(Enrollment.course_id).where(Enrollment.user_id == actor.id, Enrollment.state == "active")
    courses = db.execute(
        select(Course.id, Course.name, Course.course_code)
        .where(Course.id.in_(enrolled), Course.state.not_in(("deleted", "completed")))
        .order_by(Course.sort_key, Course.id)
        .limit(_MOST)
    ).all()
    readable = readable_courses(db, actor, [course.id for course in courses])
    return [course for course in courses if course.id in readable]


def roles_in(db: Connection, course_id: int, user_id: int) -> Sequence[str]:
    """The types of the enrollments by which a person takes or took part in a course; empty for a stranger."""
    return (
        db.execute(
            select(Enrollment.type)
            .where(
                Enrollment.course_id == course_id,
                Enrollment.user_id == user_id,
                Enrollment.state.in_(("active", "invited", "completed")),
            )
            .distinct()
            .order_by(Enrollment.type)
        )
        .scalars()
        .all()
    )
