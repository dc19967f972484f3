"""The effective state of an enrollment: from its own state, its course's, and the dates that apply.

The dates are the enrollment's own, or its section's or its course's where these restrict, or the term's
(learning-resources.md §1, §14: "Term end concludes enrolments by date"). They are worked out in the statement that
reads the enrollment, so that a changed date counts at once.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, bindparam, case, or_

from homeroom import clock
from homeroom.db.types import AnySelect, Time
from homeroom.school.rights.permissions import OBSERVER, STUDENT
from homeroom.school.schema import (
    Course,
    CourseSection,
    Enrollment,
    EnrollmentTerm,
    EnrollmentTermDates,
)
from homeroom.school.states import CourseState, EnrollmentState

# Besides the stored states (EnrollmentState):
ENDED = "ended"  # its dates are over
FUTURE = "future"  # its dates have not begun
UNPUBLISHED = "unpublished"  # its course is not open to students and observers
# Over or not begun, in a course that students may then not look into. Never STATE_NOW's: see views_outside_dates.
RESTRICTED = "restricted"

CURRENT = (EnrollmentState.ACTIVE, EnrollmentState.INVITED)
LEARNERS = (STUDENT, OBSERVER)

_enrollments, _courses = Enrollment, Course
_sections, _terms, _by_type = CourseSection, EnrollmentTerm, EnrollmentTermDates
_e, _c, _s, _t, _d = _enrollments.c, _courses.c, _sections.c, _terms.c, _by_type.c
_now = bindparam("now", callable_=clock.now, type_=Time())
_own_dates = or_(_e.start_at.is_not(None), _e.end_at.is_not(None))
_is_learner = _e.type.in_(LEARNERS)
_has_own_dates = _d.term_id.is_not(None)
_term_end = case((_has_own_dates, _d.end_at), else_=_t.end_at)
_start = case(
    (_own_dates, _e.start_at),
    (_s.restrict_enrollments_to_section_dates, _s.start_at),
    (_c.restrict_enrollments_to_course_dates, _c.start_at),
    (_has_own_dates, _d.start_at),
    else_=_t.start_at,
)
_end = case(
    (_own_dates, _e.end_at),
    (_s.restrict_enrollments_to_section_dates, _s.end_at),
    (_c.restrict_enrollments_to_course_dates, _c.end_at),
    else_=_term_end,
)
# Staff keep their course until the term is over too, because grading goes on after the last day.
_is_over = and_(_end <= _now, or_(_is_learner, _own_dates, _term_end <= _now))

STATE_NOW: ColumnElement[str] = case(
    (_e.state.not_in(CURRENT), _e.state),
    (_c.state == CourseState.COMPLETED, EnrollmentState.COMPLETED),
    (_is_over, ENDED),
    (and_(_is_learner, _c.state.in_((CourseState.CREATED, CourseState.CLAIMED))), UNPUBLISHED),
    (and_(_is_learner, _start > _now), FUTURE),
    else_=_e.state,
)


def with_dates(rows: AnySelect) -> AnySelect:
    """Join the tables that STATE_NOW reads to a statement with Enrollment and Course."""
    return (
        rows.outerjoin(_sections, _s.id == _e.course_section_id)
        .outerjoin(_terms, _IN_TERM)
        .outerjoin(_by_type, _OF_TYPE)
    )


_IN_TERM = _t.id == _c.enrollment_term_id
_OF_TYPE = and_(_d.term_id == _c.enrollment_term_id, _d.type == _e.type)
