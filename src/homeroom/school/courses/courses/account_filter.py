"""Which of an account's courses (learning-resources.md §1)."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from homeroom import clock
from homeroom.school.rights.enrollment_states import CURRENT
from homeroom.school.rights.permissions import TEACHER
from homeroom.school.schema import Account, Course, Enrollment, EnrollmentTerm
from homeroom.school.states import CourseState

_COUNTED = (*CURRENT, "completed")


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What an account's courses are narrowed by. None and nothing do not narrow."""

    term: str | None = None
    search_by: Literal["course", "teacher"] = "course"
    published: bool | None = None
    states: Collection[str] = ()
    enrollment_types: Collection[str] = ()
    enrollment_states: Collection[str] = ()
    with_enrollments: bool | None = None
    completed: bool | None = None
    public: bool | None = None
    starts_before: datetime | None = None
    ends_after: datetime | None = None
    term_ids: Collection[int] = ()
    teacher_ids: Collection[int] = ()
    account_ids: Collection[int] = ()
    # Homeroom has no blueprints and no Canvas for Elementary: no course is one of these.
    blueprint: bool | None = None
    blueprint_associated: bool | None = None
    homeroom: bool = False


def narrowed(which: AccountFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of everything but the course's state and the search."""
    if which.enrollment_types or which.enrollment_states:
        states = Enrollment.c.state.in_(which.enrollment_states or _COUNTED)
        types = Enrollment.c.type.in_(which.enrollment_types) if which.enrollment_types else true()
        yield _enrolled(states, types)
    if which.teacher_ids:
        yield somebody_in(Enrollment.c.type == TEACHER, Enrollment.c.user_id.in_(which.teacher_ids))
    if which.with_enrollments is not None:
        yield somebody_in() if which.with_enrollments else ~somebody_in()
    if which.completed is not None:
        ended = select(EnrollmentTerm.c.id).where(EnrollmentTerm.c.end_at <= clock.now())
        completed = or_(Course.c.state == CourseState.COMPLETED, Course.c.enrollment_term_id.in_(ended))
        yield completed if which.completed else ~completed
    if which.public is not None:
        yield Course.c.is_public.is_(True) if which.public else Course.c.is_public.is_not(True)
    if which.starts_before is not None:
        yield _dated(Course.c.start_at, EnrollmentTerm.c.start_at, operator.le, which.starts_before)
    if which.ends_after is not None:
        yield _dated(Course.c.end_at, EnrollmentTerm.c.end_at, operator.ge, which.ends_after)
    if which.term_ids:
        yield Course.c.enrollment_term_id.in_(which.term_ids)
    if which.account_ids:
        # One condition however many they are: SQLite refuses a thousand in a row.
        top = Account.alias()
        begins_alike = func.substr(Account.c.ancestry, 1, func.length(top.c.ancestry)) == top.c.ancestry
        yield select(top.c.id).where(top.c.id.in_(which.account_ids), begins_alike).exists()
    if which.blueprint or which.blueprint_associated or which.homeroom:
        yield false()


def somebody_in(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether somebody is, was or is invited to be in the course, of whom this is true."""
    return _enrolled(Enrollment.c.state.in_(_COUNTED), *conditions)


def _enrolled(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Enrollment.c.id).where(Enrollment.c.course_id == Course.c.id, *conditions).exists()


def _dated(of_course: Any, of_term: Any, compare: Any, day: datetime) -> ColumnElement[bool]:
    """Whether the course's date or its term's fits, or neither of them has one: so the documents say."""
    term = select(EnrollmentTerm.c.id).where(EnrollmentTerm.c.id == Course.c.enrollment_term_id)
    undated = and_(of_course.is_(None), term.where(of_term.is_(None)).exists())
    return or_(compare(of_course, day), term.where(compare(of_term, day)).exists(), undated)
