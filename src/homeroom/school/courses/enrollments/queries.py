"""Enrollments for answers, with the role's name, SIS ids and the effective state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from homeroom.db import one_of
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.rights.actor import Actor, CourseRef, chain_of
from homeroom.school.rights.enrollment_states import ENDED, FUTURE, STATE_NOW, UNPUBLISHED, with_dates
from homeroom.school.schema import (
    Account,
    Course,
    CourseSection,
    Enrollment,
    Role,
)
from homeroom.school.states import CourseState, EnrollmentState


class EnrollmentRecord(NamedTuple):
    """The values of an Enrollment object."""

    id: int
    user_id: int
    course_id: int
    course_section_id: int
    root_account_id: int
    type: str
    role_id: int
    associated_user_id: int | None
    state: str
    limit_privileges_to_course_section: bool
    self_enrolled: bool
    start_at: datetime | None
    end_at: datetime | None
    last_activity_at: datetime | None
    last_attended_at: datetime | None
    total_activity_time: int
    created_at: datetime
    updated_at: datetime
    sis_import_id: int | None
    role: str
    state_now: str
    section_name: str
    sis_section_id: str | None
    section_integration_id: str | None
    sis_course_id: str | None
    course_integration_id: str | None
    sis_account_id: str | None
    ancestry: str

    @property
    def course_ref(self) -> CourseRef:
        return CourseRef(self.course_id, chain_of(self.ancestry))

    @property
    def state_in_course(self) -> str:
        """The state that a Course object shows: dates do not change it."""
        return self.state if self.state_now in (ENDED, FUTURE, UNPUBLISHED) else self.state_now

    @property
    def state_shown(self) -> str:
        """The state in the API's words: an enrollment whose dates are over reads as completed."""
        if self.state_now == ENDED:
            return EnrollmentState.COMPLETED
        return self.state if self.state_now in (FUTURE, UNPUBLISHED) else self.state_now


# In the order of EnrollmentRecord's fields.
_COLUMNS: tuple[Any, ...] = (
    *(Enrollment.c[name] for name in EnrollmentRecord._fields[: EnrollmentRecord._fields.index("role")]),
    Role.c.name.label("role"),
    STATE_NOW.label("state_now"),
    CourseSection.c.name.label("section_name"),
    CourseSection.c.sis_section_id,
    CourseSection.c.integration_id.label("section_integration_id"),
    Course.c.sis_course_id,
    Course.c.integration_id.label("course_integration_id"),
    Account.c.sis_account_id,
    Account.c.ancestry,
)


def enrollment_records() -> AnySelect:
    """Every enrollment as an EnrollmentRecord, deleted ones too; narrow it by Enrollment, Course, Role or STATE_NOW."""
    return _RECORDS


_enrollments, _courses, _accounts, _roles = Enrollment, Course, Account, Role
_RECORDS: AnySelect = with_dates(
    select(*_COLUMNS)
    .join(_courses, _courses.c.id == _enrollments.c.course_id)
    .join(_accounts, _accounts.c.id == _courses.c.account_id)
).outerjoin(_roles, _roles.c.id == _enrollments.c.role_id)


def records_by_course(db: Connection, rows: Prepared, values: Mapping[str, Any]) -> dict[int, list[EnrollmentRecord]]:
    """Run the statement; its records by course, in its order."""
    found: dict[int, list[EnrollmentRecord]] = {}
    for row in rows.all(db, **values):
        found.setdefault(row.course_id, []).append(EnrollmentRecord(*row))
    return found


_OF_USERS = Prepared(
    _RECORDS.where(
        _enrollments.c.course_id == bindparam("course_id"),
        one_of(_enrollments.c.user_id, "user_ids"),
        _enrollments.c.state.not_in((EnrollmentState.DELETED, EnrollmentState.REJECTED)),
    ).order_by(_enrollments.c.id)
)


def records_by_user(db: Connection, course_id: int, user_ids: Sequence[int]) -> dict[int, list[EnrollmentRecord]]:
    """The enrollments of these people in one course that are neither deleted nor rejected, oldest first."""
    if not user_ids:
        return {}
    found: dict[int, list[EnrollmentRecord]] = {}
    for row in _OF_USERS.all(db, course_id=course_id, user_ids=user_ids):
        found.setdefault(row.user_id, []).append(EnrollmentRecord(*row))
    return found


def invitations_to(db: Connection, actor: Actor, course_id: int) -> list[EnrollmentRecord]:
    """The actor's enrollments in the course that wait for an answer, oldest first."""
    if not actor.is_signed_in:
        return []
    found = records_by_user(db, course_id, [actor.id]).get(actor.id, [])
    return [record for record in found if record.state == EnrollmentState.INVITED]


def find_enrollment(db: Connection, form: IdForm) -> EnrollmentRecord:
    """The enrollment with this number, which is not deleted. Raises NotFound."""
    rows = enrollment_records().where(
        Enrollment.c.id == number_of(form),
        Enrollment.c.state != EnrollmentState.DELETED,
        Course.c.state != CourseState.DELETED,
    )
    row = db.execute(rows).first()
    if row is None:
        raise NotFound("enrollment")
    return EnrollmentRecord(*row)
