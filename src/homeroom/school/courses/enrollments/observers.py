"""Observers are enrolled wherever their students are (identity.md §9).

A link gives the observer an ObserverEnrollment beside each enrollment of the student. It follows the student's
enrollment: events are handled in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select, update

from homeroom import clock
from homeroom.db import insert_or_update, lock, new_uuid
from homeroom.school.courses.events import CourseChangedState, EnrollmentChanged
from homeroom.school.ground.events import announce, listen
from homeroom.school.people import directory
from homeroom.school.people.events import ObservationBegan, ObservationEnded
from homeroom.school.rights.permissions import OBSERVER, STUDENT
from homeroom.school.schema import (
    Course,
    Enrollment,
    ObserverLink,
    Role,
    User,
)
from homeroom.school.states import CourseState, EnrollmentState

# The state of the observer's enrollment for each state of the student's. A student who has left has no observers there.
_STATES = {
    EnrollmentState.ACTIVE: EnrollmentState.ACTIVE,
    EnrollmentState.INVITED: EnrollmentState.ACTIVE,
    EnrollmentState.CREATION_PENDING: EnrollmentState.ACTIVE,
    EnrollmentState.INACTIVE: EnrollmentState.INACTIVE,
    EnrollmentState.COMPLETED: EnrollmentState.COMPLETED,
}
_GONE = EnrollmentState.DELETED
# If a student has two enrollments in one section, the better one counts.
_BEST_FIRST = (EnrollmentState.ACTIVE, EnrollmentState.INACTIVE, EnrollmentState.COMPLETED, _GONE)
_KEY = ("user_id", "course_section_id", "type", "role_id", "associated_key")


class _Place(NamedTuple):
    """An observer's enrollment is one for each of these."""

    observer_id: int
    section_id: int
    student_id: int


class _Stay(NamedTuple):
    """The current state of the enrollment, or the required one."""

    state: str
    start_at: datetime | None
    end_at: datetime | None
    course_id: int
    root_account_id: int


_NO_STAY = _Stay(_GONE, None, None, 0, 0)


@listen(ObservationBegan)
def enroll_observer(db: Connection, event: ObservationBegan) -> None:
    """Add the observer to every course of the student."""
    _follow(db, ObserverLink.c.observer_id == event.observer_id, ObserverLink.c.student_id == event.student_id)


@listen(EnrollmentChanged)
def follow_student(db: Connection, event: EnrollmentChanged) -> None:
    """Follow the student's enrollment in this course."""
    _follow(db, Enrollment.c.user_id == event.user_id, Enrollment.c.course_id == event.course_id)


@listen(CourseChangedState)
def follow_into_course(db: Connection, event: CourseChangedState) -> None:
    """The observers may have changed while the course was deleted."""
    if event.state != "deleted":
        lock(db, User, _observed_in(db, event.course_id))
        _follow(db, Enrollment.c.course_id == event.course_id)


def _observed_in(db: Connection, course_id: int) -> set[int]:
    """The students of the course who are observed, and their observers."""
    links = select(ObserverLink.c.observer_id, ObserverLink.c.student_id).where(ObserverLink.c.state == "active")
    links = links.join(Enrollment, Enrollment.c.user_id == ObserverLink.c.student_id)
    return {user_id for row in db.execute(links.where(Enrollment.c.course_id == course_id)) for user_id in row}


@listen(ObservationEnded)
def withdraw_observer(db: Connection, event: ObservationEnded) -> None:
    """Remove the observer from every course of the student, also from deleted ones."""
    observing = (
        Enrollment.c.user_id == event.observer_id,
        Enrollment.c.associated_user_id == event.student_id,
        Enrollment.c.type == OBSERVER,
    )
    db.execute(update(Enrollment).where(*observing).values(state_before_course_deletion=None))
    live = (*observing, Enrollment.c.state != EnrollmentState.DELETED)
    rows = db.execute(select(Enrollment.c.id, Enrollment.c.course_id).where(*live)).all()
    db.execute(update(Enrollment).where(*live).values(state=EnrollmentState.DELETED, updated_at=clock.now()))
    directory.associate(db, [event.observer_id])
    for row in rows:
        announce(db, EnrollmentChanged(row.id, event.observer_id, row.course_id))


def _follow(db: Connection, *which: ColumnElement[bool]) -> None:
    """Bring the observers' enrollments in line with these links and students' enrollments."""
    wanted = _wanted(db, which)
    if not wanted:
        return
    role_id = db.execute(select(Role.c.id).where(Role.c.name == OBSERVER, Role.c.state == "built_in")).scalar_one()
    present = _present(db, role_id, wanted)
    stays = {place: stay for place, (_, stay) in present.items()}
    changed = {place: stay for place, stay in wanted.items() if stay[:3] != stays.get(place, _NO_STAY)[:3]}
    _leave(db, [present[place][0] for place, stay in changed.items() if stay.state == _GONE and place in present])
    _stay(db, role_id, {place: stay for place, stay in changed.items() if stay.state != _GONE})
    directory.associate(db, {place.observer_id for place in changed})
    after = _present(db, role_id, changed)
    for place, stay in changed.items():
        if known := after.get(place) or present.get(place):
            announce(db, EnrollmentChanged(known[0], place.observer_id, stay.course_id))


def _wanted(db: Connection, which: Collection[ColumnElement[bool]]) -> dict[_Place, _Stay]:
    """The required enrollments, from the students' enrollments; one statement."""
    rows = db.execute(
        select(
            ObserverLink.c.observer_id,
            ObserverLink.c.student_id,
            Enrollment.c.course_section_id,
            Enrollment.c.state,
            Enrollment.c.start_at,
            Enrollment.c.end_at,
            Enrollment.c.course_id,
            Enrollment.c.root_account_id,
        )
        .join(Enrollment, Enrollment.c.user_id == ObserverLink.c.student_id)
        .join(Course, Course.c.id == Enrollment.c.course_id)
        .where(
            ObserverLink.c.state == "active",
            Enrollment.c.type == STUDENT,
            Course.c.state != CourseState.DELETED,
            *which,
        )
    )
    wanted: dict[_Place, _Stay] = {}
    for row in rows:
        place = _Place(row.observer_id, row.course_section_id, row.student_id)
        state = _STATES.get(row.state, _GONE)
        stay = _Stay(state, row.start_at, row.end_at, row.course_id, row.root_account_id)
        best = wanted.setdefault(place, stay)
        if _BEST_FIRST.index(state) < _BEST_FIRST.index(best.state):
            wanted[place] = stay
    return wanted


def _present(db: Connection, role_id: int, wanted: Mapping[_Place, _Stay]) -> dict[_Place, tuple[int, _Stay]]:
    """The existing enrollments in these courses, with their ids; one statement."""
    rows = db.execute(
        select(
            Enrollment.c.id,
            Enrollment.c.user_id,
            Enrollment.c.course_section_id,
            Enrollment.c.associated_key,
            Enrollment.c.state,
            Enrollment.c.start_at,
            Enrollment.c.end_at,
            Enrollment.c.course_id,
            Enrollment.c.root_account_id,
        ).where(
            Enrollment.c.course_id.in_({stay.course_id for stay in wanted.values()}),
            Enrollment.c.user_id.in_({place.observer_id for place in wanted}),
            Enrollment.c.type == OBSERVER,
            Enrollment.c.role_id == role_id,
            Enrollment.c.state != _GONE,
        )
    )
    return {_Place(*row[1:4]): (row.id, _Stay(*row[4:])) for row in rows}


def _leave(db: Connection, enrollment_ids: Collection[int]) -> None:
    if enrollment_ids:
        gone = update(Enrollment).where(Enrollment.c.id.in_(enrollment_ids))
        db.execute(gone.values(state=_GONE, updated_at=clock.now()))


def _stay(db: Connection, role_id: int, stays: Mapping[_Place, _Stay]) -> None:
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "user_id": place.observer_id,
            "course_id": stay.course_id,
            "course_section_id": place.section_id,
            "root_account_id": stay.root_account_id,
            "type": OBSERVER,
            "role_id": role_id,
            "associated_user_id": place.student_id,
            "associated_key": place.student_id,
            "follows_link": True,
            "state": stay.state,
            "start_at": stay.start_at,
            "end_at": stay.end_at,
            "completed_at": now if stay.state == EnrollmentState.COMPLETED else None,
            "uuid": new_uuid(),
            "created_at": now,
            "updated_at": now,
        }
        for place, stay in stays.items()
    ]
    changing = ("follows_link", "state", "start_at", "end_at", "completed_at", "updated_at")
    insert_or_update(db, Enrollment, rows, key=_KEY, live="state <> 'deleted'", update=changing)
