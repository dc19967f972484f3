"""The contents of a person's dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from homeroom.db.types import AnyRow
from homeroom.school.courses.courses.listing import OwnFilter, courses_of, enrollments_in
from homeroom.school.courses.courses.policy import readable_courses
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.favorites import favorite_courses
from homeroom.school.courses.terms import terms_with_ids
from homeroom.school.people.dashboard_cards import positions_of
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.enrollment_states import STATE_NOW, with_dates
from homeroom.school.rights.permissions import DESIGNER, OBSERVER, STUDENT, STUDENT_VIEW, TA, TEACHER
from homeroom.school.schema import (
    Course,
    CourseNickname,
    Enrollment,
)
from homeroom.school.states import CourseState, EnrollmentState

_MOST = 100


def current_courses(db: Connection, actor: Actor) -> Sequence[AnyRow]:
    """The courses that the actor takes part in now and may look into, by name and under the actor's nicknames."""
    mine = with_dates(select(Enrollment.c.course_id).join(Course, Course.c.id == Enrollment.c.course_id))
    enrolled = mine.where(Enrollment.c.user_id == actor.id, STATE_NOW == EnrollmentState.ACTIVE).correlate(None)
    nickname = and_(CourseNickname.c.course_id == Course.c.id, CourseNickname.c.user_id == actor.id)
    courses = db.execute(
        select(Course.c.id, func.coalesce(CourseNickname.c.nickname, Course.c.name).label("name"), Course.c.course_code)
        .outerjoin(CourseNickname, nickname)
        .where(Course.c.id.in_(enrolled), Course.c.state.not_in((CourseState.DELETED, CourseState.COMPLETED)))
        .order_by(Course.c.sort_key, Course.c.id)
        .limit(_MOST)
    ).all()
    readable = readable_courses(db, actor, [course.id for course in courses])
    return [course for course in courses if course.id in readable]


class Card(NamedTuple):
    """A course on the dashboard. ``term``: its name, None for the default one."""

    course: CourseRecord
    term: str | None
    enrollment_type: str
    position: int | None


def cards_of(db: Connection, actor: Actor) -> list[Card]:
    """The favorite courses, or all current ones, where the person has put them and then by name."""
    which = OwnFilter(enrollment_state="current", course_ids=frozenset(favorite_courses(db, actor.id)))
    courses = courses_of(db, actor, actor.id, which).all(db, most=_MOST)
    readable = readable_courses(db, actor, [course.id for course in courses])
    enrollments = enrollments_in(db, actor.id, which, sorted(readable))
    terms = terms_with_ids(db, {course.enrollment_term_id for course in courses})
    positions = positions_of(db, actor.id)
    cards = []
    for course in courses:
        if course.id in readable:
            term = terms[course.enrollment_term_id]
            types = {record.type for record in enrollments.get(course.id, ())}
            cards.append(
                Card(
                    course,
                    None if term.is_default else term.name,
                    max(types, key=_RANK.index, default=""),
                    _as_number(positions.get(f"course_{course.id}")),
                )
            )
    return sorted(cards, key=lambda card: (card.position is None, card.position or 0))


# Of several roles in a course, the dashboard shows the one that may do most.
_RANK = (OBSERVER, STUDENT_VIEW, STUDENT, DESIGNER, TA, TEACHER)


def _as_number(position: int | str | None) -> int | None:
    """A position came as a number, or as text that is one."""
    return None if position is None else int(position)
