"""The parameters ``enrollment[...]``: who is enrolled, and in which role (learning-resources.md §3)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.school.courses.courses.queries import CourseRecord, FoundCourse
from homeroom.school.courses.enrollments import policy
from homeroom.school.courses.enrollments.actions import NewEnrollment
from homeroom.school.courses.enrollments.roles import role_in_course
from homeroom.school.courses.sections import default_section, find_section
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import OBSERVER, STUDENT
from homeroom.school.states import EnrollmentState
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import parse_id
from homeroom.wire.params.scalars import RecordNumber

NO_PARAMETERS = "No parameters given"
NO_USER = "Can't create an enrollment without a user. Include enrollment[user_id] to create an enrollment"
BAD_CODE = "enrollment[self_enrollment_code] is invalid"


class EnrollmentValues(Struct):
    user_id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    role_id: RecordNumber | UnsetType | None = UNSET
    enrollment_state: Literal["active", "invited", "inactive"] | UnsetType = UNSET
    course_section_id: str | UnsetType = UNSET
    limit_privileges_to_course_section: bool | UnsetType = UNSET
    associated_user_id: str | UnsetType = UNSET
    self_enrollment_code: str | UnsetType = UNSET
    notify: bool | UnsetType = UNSET
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET


def new_enrollment(
    db: Connection, actor: Actor, course: FoundCourse, section_id: int | None, values: EnrollmentValues | UnsetType
) -> NewEnrollment:
    """The person, role and section of the new enrollment, if the actor may make it. Raises Refused, NotFound and
    NotAllowed.

    ``section_id``: the section of the address, which wins over the body's.
    """
    if not values or not given(values):
        raise Refused(NO_PARAMETERS)
    if not values.user_id:
        raise Refused(NO_USER)
    user = parse_id("user", values.user_id)
    if values.self_enrollment_code:
        return _by_code(db, actor, course.record, section_id, user, values)
    return _by_right(db, actor, course, section_id, user, values)


def _by_right(
    db: Connection, actor: Actor, course: FoundCourse, section_id: int | None, user: IdForm, values: EnrollmentValues
) -> NewEnrollment:
    role = role_in_course(
        db, course.ref, type_=values.type or None, role_id=values.role_id or None, name=values.role or None
    )
    if section_id is None and values.course_section_id:
        form = parse_id("section", values.course_section_id)
        section_id = find_section(db, actor, form, course_id=course.id).id
    section_id = section_id or default_section(db, course.id)
    policy.require_add(db, actor, course.ref, role.type, section_id)
    limited, limited_when_new = policy.limit_of_new(db, actor, course.ref, values.limit_privileges_to_course_section)
    user_id, observed = find_user(db, actor, user).id, None
    if values.associated_user_id and role.type == OBSERVER:
        observed = find_user(db, actor, parse_id("user", values.associated_user_id)).id
        if observed != user_id:
            policy.require_known(db, actor, course.ref, observed)
    return NewEnrollment(
        user_id=user_id,
        course_id=course.id,
        section_id=section_id,
        root_account_id=course.record.root_account_id,
        type=role.type,
        role_id=role.id,
        state=values.enrollment_state or EnrollmentState.INVITED,
        associated_user_id=observed,
        limited_to_section=limited,
        limited_when_new=limited_when_new,
        start_at=values.start_at,
        end_at=values.end_at,
    )


def _by_code(
    db: Connection, actor: Actor, course: CourseRecord, section_id: int | None, user: IdForm, values: EnrollmentValues
) -> NewEnrollment:
    """Who knows the code of a course that is open for it comes in as a student."""
    code = values.self_enrollment_code or ""
    fits = course.self_enrollment and code.upper() == course.self_enrollment_code
    if not actor.is_(find_user(db, actor, user).id) or not fits or (values.type or STUDENT) != STUDENT:
        raise Refused(BAD_CODE)
    return NewEnrollment(
        user_id=actor.id,
        course_id=course.id,
        section_id=section_id or default_section(db, course.id),
        root_account_id=course.root_account_id,
        type=STUDENT,
        role_id=role_in_course(db, course.ref, type_=STUDENT).id,
        state=EnrollmentState.ACTIVE,
        self_enrolled=True,
    )
