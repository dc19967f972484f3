"""Create and change courses (learning-resources.md §1)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_returning_id, lock, new_uuid
from homeroom.school.accounts.accounts.validation import quota_faults
from homeroom.school.courses import sections
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.enrollments.actions import leave_with_course, people_in, return_with_course
from homeroom.school.courses.events import CourseChangedState
from homeroom.school.courses.terms import default_term_id
from homeroom.school.courses.validation import require_short, sis_id_taken
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.events import announce
from homeroom.school.ground.row_locks import hold, keep, keep_account_of
from homeroom.school.ground.sis_stickiness import with_stuck, without_stuck
from homeroom.school.ground.urls import is_web_url
from homeroom.school.people import directory
from homeroom.school.people.names import sort_key
from homeroom.school.rights.actor import chain_of
from homeroom.school.schema import (
    Account,
    Course,
    EnrollmentTerm,
)
from homeroom.school.states import CourseState

NAMELESS = "Unnamed Course"
LICENSES = frozenset(
    ("private", "cc_by_nc_nd", "cc_by_nc_sa", "cc_by_nc", "cc_by_nd", "cc_by_sa", "cc_by", "public_domain")
)
PASSBACK_SETTINGS = frozenset(("nightly_sync", "disabled"))
VIEWS = frozenset(("feed", "wiki", "modules", "syllabus", "assignments"))
# What a SIS import sets as well.
STICKY = frozenset(("name", "course_code", "account_id", "enrollment_term_id", "start_at", "end_at"))
Event = Literal["offer", "claim", "conclude", "delete", "undelete"]
_STATE_AFTER: Mapping[str, str] = {
    "offer": CourseState.AVAILABLE,
    "claim": CourseState.CLAIMED,
    "conclude": CourseState.COMPLETED,
    "delete": CourseState.DELETED,
    "undelete": CourseState.CLAIMED,
}
# Without letters and digits that look or sound alike.
_CODE_LETTERS = "ABCDEFGHJKLMNPRTWXY346789"


def create_course(
    db: Connection, *, account_id: int, root_account_id: int, term_id: int, values: Mapping[str, Any], offer: bool
) -> int:
    """Add a course with its default section. Returns its id. Raises Invalid."""
    values = _named(values)
    if not values.get("restrict_enrollments_to_course_dates"):
        # As in Canvas today: dates of a new course that restrict nobody are not kept.
        values = {key: value for key, value in values.items() if key not in ("start_at", "end_at")}
    name = values.get("name", NAMELESS)
    _check(values)
    keep(db, Account, account_id)
    keep(db, EnrollmentTerm, term_id)
    now = clock.now()
    row = {
        **values,
        **_self_enrollment(values),
        "name": name,
        "sort_key": sort_key(name),
        "course_code": values.get("course_code", _code_for(name)),
        "account_id": account_id,
        "root_account_id": root_account_id,
        "enrollment_term_id": term_id,
        "uuid": new_uuid(),
        "lti_context_id": new_uuid(),
        "state": CourseState.AVAILABLE if offer else CourseState.CREATED,
        "created_at": now,
        "updated_at": now,
    }
    try:
        course_id = insert_returning_id(db, insert(Course).values(row))
    except IntegrityError as error:
        raise _taken(error, values) from None
    sections.create_section(db, course_id, root_account_id, {"name": name, "is_default": True})
    return course_id


def revive_course(db: Connection, root_account_id: int, sis_course_id: str) -> int | None:
    """Restore the last deleted course with this SIS id and its enrollments. Returns its id, None if there is none. Also
    None if somebody else restores it at the same time: the SIS id is taken then.
    """
    rows = select(Course.c.id).where(
        Course.c.root_account_id == root_account_id,
        Course.c.sis_course_id == sis_course_id,
        Course.c.state == CourseState.DELETED,
    )
    course_id = db.execute(rows.order_by(Course.c.id.desc()).limit(1)).scalar()
    if course_id is None:
        return None
    lock(db, Course, [course_id])
    if db.execute(select(Course.c.state).where(Course.c.id == course_id)).scalar() != CourseState.DELETED:
        return None
    change_state(db, course_id, "undelete")
    return int(course_id)


def update_course(
    db: Connection, course: CourseRecord, values: Mapping[str, Any], *, respect_stickiness: bool = False
) -> None:
    """Change these columns. Raises Invalid. With ``respect_stickiness`` what was edited before stays."""
    values = _named(values)
    marks = db.execute(select(Course.c.stuck_sis_fields).where(Course.c.id == course.id)).scalar_one()
    if respect_stickiness:
        values = without_stuck(marks, values)
    _check(values, course)
    if "account_id" in values:
        keep(db, Account, values["account_id"])
    if "enrollment_term_id" in values:
        keep(db, EnrollmentTerm, values["enrollment_term_id"])
    hold(db, Course, course.id)
    changes = {**values, **_self_enrollment(values, course), "updated_at": clock.now()}
    changes["stuck_sis_fields"] = with_stuck(marks, STICKY & values.keys())
    if "name" in values:
        changes["sort_key"] = sort_key(values["name"])
    try:
        db.execute(update(Course).where(Course.c.id == course.id).values(changes))
    except IntegrityError as error:
        raise _taken(error, values) from None
    if values.get("account_id", course.account_id) != course.account_id:
        directory.associate(db, people_in(db, course.id))


def change_state(db: Connection, course_id: int, event: Event) -> None:
    """Publish, unpublish, conclude, delete or bring back a course, and all that follows from it."""
    keep_account_of(db, course_id)
    lock(db, Course, [course_id])
    columns = select(Course.c.state, Course.c.sis_course_id, Course.c.integration_id)
    before = db.execute(columns.where(Course.c.id == course_id)).one()
    if (before.state == CourseState.DELETED) != (event == "undelete"):
        raise NotFound("course")
    after = _STATE_AFTER[event]
    if before.state == after:
        return
    values: dict[str, Any] = {"state": after, "updated_at": clock.now()}
    if event == "undelete":
        values |= _living_place(db, course_id)
    try:
        db.execute(update(Course).where(Course.c.id == course_id).values(values))
    except IntegrityError as error:
        # Another course now has the deleted one's SIS id.
        raise _taken(error, before._asdict()) from None
    if event == "delete":
        leave_with_course(db, course_id)
    elif event == "undelete":
        return_with_course(db, course_id)
    announce(db, CourseChangedState(course_id, after))


def _living_place(db: Connection, course_id: int) -> dict[str, int]:
    """Where a course comes back to: the nearest account above that is not deleted, and a term that is not."""
    course = db.execute(
        select(Course.c.account_id, Course.c.root_account_id, Course.c.enrollment_term_id, Account.c.ancestry)
        .join(Account, Account.c.id == Course.c.account_id)
        .where(Course.c.id == course_id)
    ).one()
    chain = chain_of(course.ancestry)
    # Whoever deletes one of them holds its row too.
    lock(db, Account, chain)
    lock(db, EnrollmentTerm, [course.enrollment_term_id])
    living = select(Account.c.id).where(Account.c.id.in_(chain), Account.c.state != "deleted")
    accounts = set(db.execute(living).scalars())
    state = select(EnrollmentTerm.c.state).where(EnrollmentTerm.c.id == course.enrollment_term_id)
    has_term = db.execute(state).scalar() not in (None, "deleted")
    return {
        "account_id": next(account for account in chain if account in accounts),
        "enrollment_term_id": (course.enrollment_term_id if has_term else default_term_id(db, course.root_account_id)),
    }


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """A blank name or code counts as not given: the course keeps its own, or gets the default."""
    return {
        name: value
        for name, value in values.items()
        if name not in ("name", "course_code") or (value and value.strip())
    }


def _code_for(name: str) -> str:
    """The first word of the name, and the first later one that has a digit."""
    first, *later = name.split()
    number = next((word for word in later if any(letter.isdigit() for letter in word)), None)
    return f"{first} {number}" if number else first


def _self_enrollment(values: Mapping[str, Any], course: CourseRecord | None = None) -> dict[str, str]:
    """A code for a course with self enrollment that has no code yet."""
    if not values.get("self_enrollment") or (course is not None and course.self_enrollment_code):
        return {}
    return {"self_enrollment_code": "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))}


def _check(values: Mapping[str, Any], course: CourseRecord | None = None) -> None:
    require_short(
        name=values.get("name"),
        course_code=values.get("course_code"),
        sis_source_id=values.get("sis_course_id"),
        integration_id=values.get("integration_id"),
        course_format=values.get("course_format"),
    )
    faults = quota_faults({"storage_quota_mb": values.get("storage_quota_mb", 0)})
    if values.get("license") and values["license"] not in LICENSES:
        faults.append(Fault("license", "inclusion"))
    if values.get("image_url") and not is_web_url(values["image_url"]):
        faults.append(Fault("image_url", "invalid", "is not a valid URL"))
    if values.get("grade_passback_setting") and values["grade_passback_setting"] not in PASSBACK_SETTINGS:
        faults.append(Fault("grade_passback_setting", "inclusion"))
    if values.get("default_view") and values["default_view"] not in VIEWS:
        faults.append(Fault("default_view", "inclusion"))
    start_at = values.get("start_at", course.start_at if course else None)
    end_at = values.get("end_at", course.end_at if course else None)
    if start_at and end_at and end_at < start_at:
        faults.append(Fault("end_at", "invalid", "End date cannot be before start date"))
    if faults:
        raise Invalid(*faults)


def _taken(error: IntegrityError, values: Mapping[str, Any]) -> Exception:
    return sis_id_taken(
        error,
        Course,
        {
            "uq_courses_sis_course_id": values.get("sis_course_id"),
            "uq_courses_integration_id": values.get("integration_id"),
        },
    )
