"""What a person's first page shows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, select

from homeroom.db.types import AnyRow
from homeroom.school.actor import Actor
from homeroom.school.enrollment_states import STATE_NOW, with_dates
from homeroom.school.learning.courses.policy import readable_courses
from homeroom.school.schema import Course, CourseNickname, Enrollment

_MOST = 100


def current_courses(db: Connection, actor: Actor) -> Sequence[AnyRow]:
    """The courses that the actor takes part in now and may look into, by name and under the actor's nicknames."""
    mine = with_dates(select(Enrollment.course_id).join(Course, Course.id == Enrollment.course_id))
    enrolled = mine.where(Enrollment.user_id == actor.id, STATE_NOW == "active").correlate(None)
    nickname = and_(CourseNickname.course_id == Course.id, CourseNickname.user_id == actor.id)
    courses = db.execute(
        select(Course.id, func.coalesce(CourseNickname.nickname, Course.name).label("name"), Course.course_code)
        .outerjoin(CourseNickname, nickname)
        .where(Course.id.in_(enrolled), Course.state.not_in(("deleted", "completed")))
        .order_by(Course.sort_key, Course.id)
        .limit(_MOST)
    ).all()
    readable = readable_courses(db, actor, [course.id for course in courses])
    return [course for course in courses if course.id in readable]
