"""People who have not come into a course yet: their enrollments there are invited, pending or rejected.

A course shows them without login id and e-mail address (learning-resources.md §1): an invitation would otherwise tell
whoever sends it the address of anybody.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, tuple_

from homeroom.school.schema import (
    Enrollment,
)
from homeroom.school.states import EnrollmentState

PENDING = (EnrollmentState.INVITED, EnrollmentState.CREATION_PENDING, EnrollmentState.REJECTED)
_in = Enrollment.alias("came_in")
_CAME_IN = _in.c.state.not_in((*PENDING, EnrollmentState.DELETED))


def has_come_in(course_id: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether the person, given as a column of the statement, is or was in the course."""
    return select(_in.c.id).where(_in.c.course_id == course_id, _in.c.user_id == user_id, _CAME_IN).exists()


def newcomers_among(db: Connection, pairs: Collection[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Those of these (course, person) where the person has not come in; no statement for none."""
    if not pairs:
        return frozenset()
    came_in = select(_in.c.course_id, _in.c.user_id).where(
        tuple_(_in.c.course_id, _in.c.user_id).in_(list(pairs)), _CAME_IN
    )
    return frozenset(pairs) - {(row.course_id, row.user_id) for row in db.execute(came_in)}
