"""Adds and ends enrollments. Set-based; each change is announced once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, case, or_, select, update

from homeroom import clock
from homeroom.db import insert_or_change, lock, new_uuid
from homeroom.school.courses.enrollments.policy import CONCLUDED
from homeroom.school.courses.enrollments.queries import EnrollmentRecord, enrollment_records
from homeroom.school.courses.enrollments.roles import role_in_course
from homeroom.school.courses.events import EnrollmentChanged
from homeroom.school.courses.sections import default_section
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.events import announce
from homeroom.school.ground.row_locks import hold, keep_account_of
from homeroom.school.people import directory
from homeroom.school.people.users.queries import hold_with_observers, lock_with_observers
from homeroom.school.rights.actor import CourseRef
from homeroom.school.rights.enrollment_states import ENDED
from homeroom.school.rights.permissions import OBSERVER, TEACHER
from homeroom.school.schema import (
    Course,
    CourseSection,
    Enrollment,
    User,
)
from homeroom.school.states import CourseState, EnrollmentState, UserState

NOT_INVITED = "no current invitation"
NOT_ACTIVATED = "membership not activated"
NOT_INACTIVE = "enrollment not inactive"
_KEY = ("user_id", "course_section_id", "type", "role_id", "associated_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrollment:
    """A person to enroll in a section. UNSET: unchanged, or the default."""

    user_id: int
    course_id: int
    section_id: int
    root_account_id: int
    type: str
    role_id: int
    state: str = EnrollmentState.INVITED
    associated_user_id: int | None = None
    limited_to_section: bool | UnsetType = UNSET
    # Counts when nothing else is said, and only for who was not in yet.
    limited_when_new: bool = False
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET
    self_enrolled: bool = False


def enroll(db: Connection, new: NewEnrollment) -> int:
    """Enroll a person. Returns the enrollment's id. An existing enrollment is kept and made live again. An active
    enrollment never becomes an invitation. Raises Refused if the course is over for such an enrollment, and Invalid for
    observing oneself and for an end before the start.
    """
    if new.associated_user_id == new.user_id:
        raise Invalid(Fault("associated_user_id", "invalid", "Cannot observe yourself"))
    keep_account_of(db, new.course_id)
    hold(db, Course, new.course_id)
    hold(db, CourseSection, new.section_id)
    hold_with_observers(db, new.user_id, *filter(None, [new.associated_user_id]))
    given = _given(new)
    enrollment_id = insert_or_change(
        db,
        Enrollment,
        {**_row(new), **given},
        key=_KEY,
        live="state <> 'deleted'",
        change=lambda excluded: (
            {name: getattr(excluded, name) for name in (*given, "updated_at")}
            | {"state": _merged_state(new, excluded), "completed_at": None}
        ),
    )
    _check(find_record(db, enrollment_id))
    if new.type == TEACHER:
        claim = update(Course).where(Course.c.id == new.course_id, Course.c.state == CourseState.CREATED)
        db.execute(claim.values(state=CourseState.CLAIMED, updated_at=clock.now()))
    _changed(db, enrollment_id, new.user_id, new.course_id)
    return enrollment_id


def enroll_as_teacher(db: Connection, user_id: int, course: CourseRef, root_account_id: int) -> int:
    """Make somebody an active teacher of the course's default section; the enrollment's id."""
    return enroll(
        db,
        NewEnrollment(
            user_id=user_id,
            course_id=course.id,
            section_id=default_section(db, course.id),
            root_account_id=root_account_id,
            type=TEACHER,
            role_id=role_in_course(db, course, type_=TEACHER).id,
            state=EnrollmentState.ACTIVE,
        ),
    )


def _row(new: NewEnrollment) -> dict[str, Any]:
    now = clock.now()
    observed = new.associated_user_id if new.type == OBSERVER else None
    return {
        "user_id": new.user_id,
        "course_id": new.course_id,
        "course_section_id": new.section_id,
        "root_account_id": new.root_account_id,
        "type": new.type,
        "role_id": new.role_id,
        "associated_user_id": observed,
        "associated_key": observed or 0,
        "state": new.state,
        "self_enrolled": new.self_enrolled,
        "limit_privileges_to_course_section": new.limited_when_new,
        "uuid": new_uuid(),
        "created_at": now,
        "updated_at": now,
    }


def _given(new: NewEnrollment) -> dict[str, Any]:
    values = {
        "limit_privileges_to_course_section": new.limited_to_section,
        "start_at": new.start_at,
        "end_at": new.end_at,
    }
    return {name: value for name, value in values.items() if value is not UNSET}


def _merged_state(new: NewEnrollment, excluded: Any) -> Any:
    if new.self_enrolled:
        # The code enrolls a person. It does not reactivate a deactivated or concluded enrollment.
        stays: Any = Enrollment.c.state.not_in((EnrollmentState.INVITED, EnrollmentState.REJECTED))
    else:
        stays = (Enrollment.c.state == EnrollmentState.ACTIVE) & (excluded.state == EnrollmentState.INVITED)
    return case((stays, Enrollment.c.state), else_=excluded.state)


def _check(record: EnrollmentRecord) -> None:
    """The enrollment after the change, compared with the one before; an error here rolls back the whole call."""
    if record.start_at and record.end_at and record.end_at < record.start_at:
        raise Invalid(Fault("end_at", "invalid", "End date cannot be before start date"))
    # The dates that hold for the new row say whether its course is over.
    by_dates_of_others = record.state_now == ENDED and record.start_at is None and record.end_at is None
    if record.state_now == EnrollmentState.COMPLETED or by_dates_of_others:
        raise Refused(CONCLUDED)


def find_record(db: Connection, enrollment_id: int) -> EnrollmentRecord:
    """The enrollment with this id, which exists."""
    return EnrollmentRecord(*db.execute(enrollment_records().where(Enrollment.c.id == enrollment_id)).one())


def accept(db: Connection, enrollment: EnrollmentRecord) -> None:
    """The invited person comes in, also after having stayed out. Raises Refused when there is no invitation."""
    _answer_invitation(db, enrollment, (EnrollmentState.INVITED, EnrollmentState.REJECTED), EnrollmentState.ACTIVE)


def reject(db: Connection, enrollment: EnrollmentRecord) -> None:
    """The invited person stays out. Raises Refused when there is no invitation."""
    _answer_invitation(db, enrollment, (EnrollmentState.INVITED,), EnrollmentState.REJECTED)


def _answer_invitation(db: Connection, enrollment: EnrollmentRecord, before: tuple[str, ...], after: str) -> None:
    if _move(db, enrollment, before, after):
        return
    state = find_record(db, enrollment.id).state
    if state == EnrollmentState.INACTIVE:
        raise Refused(NOT_ACTIVATED)
    # The same answer again changes nothing, and is no fault.
    if state != after:
        raise Refused(NOT_INVITED)


def conclude(db: Connection, enrollment: EnrollmentRecord) -> None:
    """Conclude the enrollment. The person's work in the course stays."""
    _move(
        db,
        enrollment,
        (EnrollmentState.ACTIVE, EnrollmentState.INVITED, EnrollmentState.INACTIVE, EnrollmentState.CREATION_PENDING),
        EnrollmentState.COMPLETED,
    )


def deactivate(db: Connection, enrollment: EnrollmentRecord) -> None:
    """Deactivate the enrollment: the person is still listed but has no access."""
    _move(
        db,
        enrollment,
        (EnrollmentState.ACTIVE, EnrollmentState.INVITED, EnrollmentState.CREATION_PENDING, EnrollmentState.COMPLETED),
        EnrollmentState.INACTIVE,
    )


def remove(db: Connection, enrollment: EnrollmentRecord) -> None:
    """Delete the enrollment. Raises NotFound if somebody has just deleted it."""
    states = (
        EnrollmentState.ACTIVE,
        EnrollmentState.INVITED,
        EnrollmentState.INACTIVE,
        EnrollmentState.CREATION_PENDING,
        EnrollmentState.COMPLETED,
        EnrollmentState.REJECTED,
    )
    if not _move(db, enrollment, states, EnrollmentState.DELETED):
        raise NotFound("enrollment")


def reactivate(db: Connection, enrollment: EnrollmentRecord) -> None:
    """Make an inactive enrollment active. Raises Refused for any other one."""
    if not _move(db, enrollment, (EnrollmentState.INACTIVE,), EnrollmentState.ACTIVE):
        raise Refused(NOT_INACTIVE)


def _move(db: Connection, enrollment: EnrollmentRecord, states: tuple[str, ...], state: str) -> bool:
    """Whether it was in one of these states, and is in the new one now."""
    lock_with_observers(db, [enrollment.user_id])
    now = clock.now()
    over = now if state == EnrollmentState.COMPLETED else None
    statement = update(Enrollment).where(Enrollment.c.id == enrollment.id, Enrollment.c.state.in_(states))
    if db.execute(statement.values(state=state, completed_at=over, updated_at=now)).rowcount == 0:
        return False
    _changed(db, enrollment.id, enrollment.user_id, enrollment.course_id)
    return True


def _changed(db: Connection, enrollment_id: int, user_id: int, course_id: int) -> None:
    directory.associate(db, [user_id])
    announce(db, EnrollmentChanged(enrollment_id, user_id, course_id))


def leave_with_course(db: Connection, course_id: int) -> None:
    """The course is deleted, and everybody in it leaves; ``return_with_course`` undoes exactly this."""
    # People go before their enrollments, always. Their observers are in the course as well.
    lock_with_observers(db, people_in(db, course_id))
    staying = Enrollment.c.course_id == course_id, Enrollment.c.state != EnrollmentState.DELETED
    db.execute(
        update(Enrollment)
        .where(*staying)
        .values(state_before_course_deletion=Enrollment.c.state, state=EnrollmentState.DELETED, updated_at=clock.now())
    )
    directory.associate(db, _people_who_left(db, course_id))


def return_with_course(db: Connection, course_id: int) -> None:
    """The course is back, and with it everybody who left when it was deleted and is still there."""
    people = _people_who_left(db, course_id)
    # Whoever is being deleted now is waited for.
    lock(db, User, people)
    left = Enrollment.c.course_id == course_id, Enrollment.c.state_before_course_deletion.is_not(None)
    deleted = select(User.c.id).where(User.c.state == UserState.DELETED)
    gone = or_(Enrollment.c.user_id.in_(deleted), Enrollment.c.associated_user_id.in_(deleted))
    db.execute(update(Enrollment).where(*left, gone).values(state_before_course_deletion=None))
    db.execute(
        update(Enrollment)
        .where(*left)
        .values(
            state=Enrollment.c.state_before_course_deletion,
            state_before_course_deletion=None,
            updated_at=clock.now(),
        )
    )
    directory.associate(db, people)


def people_in(db: Connection, course_id: int) -> list[int]:
    """Everybody with an enrollment in the course that is not deleted."""
    rows = select(Enrollment.c.user_id).where(
        Enrollment.c.course_id == course_id, Enrollment.c.state != EnrollmentState.DELETED
    )
    return list(db.execute(rows.distinct()).scalars())


def _people_who_left(db: Connection, course_id: int) -> list[int]:
    rows = select(Enrollment.c.user_id).where(
        Enrollment.c.course_id == course_id, Enrollment.c.state_before_course_deletion.is_not(None)
    )
    return list(db.execute(rows.distinct()).scalars())
