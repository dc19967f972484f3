"""Sections of courses (learning-resources.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_returning_id, lock
from homeroom.db.types import AnySelect
from homeroom.school.courses.validation import LONGEST_TEXT, require_short, sis_id_taken
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, by
from homeroom.school.ground.row_locks import hold
from homeroom.school.ground.sis_stickiness import with_stuck, without_stuck
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef, chain_of
from homeroom.school.rights.enrollment_states import LEARNERS
from homeroom.school.rights.permissions import STUDENT_VIEW
from homeroom.school.schema import (
    Account,
    Course,
    CourseSection,
    Enrollment,
)
from homeroom.school.states import CourseState, EnrollmentState

# What a SIS import sets as well.
_STICKY = frozenset(("name", "start_at", "end_at"))
HAS_ENROLLMENTS = "You can't delete a section that has enrollments"


class Section(NamedTuple):
    """The values of a Section object."""

    id: int
    course_id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime
    restrict_enrollments_to_section_dates: bool
    nonxlist_course_id: int | None
    sis_section_id: str | None
    integration_id: str | None
    sis_import_id: int | None
    sis_course_id: str | None
    ancestry: str

    @property
    def ref(self) -> CourseRef:
        """The course, as rights need it: a section's rights are its course's."""
        return CourseRef(self.course_id, chain_of(self.ancestry))


_COLUMNS: tuple[Any, ...] = (
    *(CourseSection.c[name] for name in Section._fields[: Section._fields.index("sis_course_id")]),
    Course.c.sis_course_id,
    Account.c.ancestry,
)


def sections_of(db: Connection, actor: Actor, course: CourseRef, *, name: str = "") -> Listing[Section]:
    """The sections of a course that the actor may see, those whose name contains this."""
    rows = _sections().where(CourseSection.c.course_id == course.id)
    if name:
        rows = rows.where(CourseSection.c.name.icontains(name, autoescape=True))
    if (visible := visible_sections(db, actor, course)) is not None:
        rows = rows.where(CourseSection.c.id.in_(visible))
    return Listing(rows, by(CourseSection.c.id), Section._make)


def find_section(db: Connection, actor: Actor, form: IdForm, *, course_id: int | None = None) -> Section:
    """The section with this id, in the given course if there is one. Raises NotFound."""
    rows = _sections()
    match form.kind:
        case "id":
            rows = rows.where(CourseSection.c.id == number_of(form))
        case "sis_section_id":
            rows = rows.where(CourseSection.c.sis_section_id == form.value)
        case "sis_integration_id":
            rows = rows.where(CourseSection.c.integration_id == form.value)
        case _:
            raise NotFound("section")
    rows = rows.where(CourseSection.c.root_account_id == actor.root.id)
    if course_id is not None:
        rows = rows.where(CourseSection.c.course_id == course_id)
    row = db.execute(rows).first()
    if row is None:
        raise NotFound("section")
    return Section(*row)


def visible_sections(db: Connection, actor: Actor, course: CourseRef) -> frozenset[int] | None:
    """The sections that the actor's view of the course is limited to; None when it is not.

    Of staff only their enrollments as staff decide: somebody limited who also comes in as a student is limited still.
    """
    if actor.holds_any(("read_roster", "manage_students"), AccountRef(course.chain[0], course.chain)):
        return None
    roles = actor.course_roles(db, course)
    counting = [role for role in roles if role.state == EnrollmentState.ACTIVE or role.may_look]
    deciding = [role for role in counting if role.type not in LEARNERS] or counting
    if not deciding or any(not role.limited_to_section for role in deciding):
        return None
    return frozenset(role.section_id for role in deciding)


def default_section(db: Connection, course_id: int) -> int:
    """The default section of the course; created if the course has none."""
    rows = select(CourseSection.c.id).where(CourseSection.c.course_id == course_id, CourseSection.c.state != "deleted")
    rows = rows.order_by(CourseSection.c.is_default.desc(), CourseSection.c.id).limit(1)
    if found := db.execute(rows).scalar():
        return int(found)
    lock(db, Course, [course_id])
    if found := db.execute(rows).scalar():
        return int(found)
    course = db.execute(select(Course.c.name, Course.c.root_account_id).where(Course.c.id == course_id)).one()
    return create_section(db, course_id, course.root_account_id, {"name": course.name, "is_default": True})


def name_for_new(course_name: str, time_zone: str) -> str:
    """The name of a section that was given none: the course's, and the day it is there."""
    today = clock.now().astimezone(ZoneInfo(time_zone)).date()
    return f"{course_name[: LONGEST_TEXT - 11]} {today.isoformat()}"


def create_section(db: Connection, course_id: int, root_id: int, values: Mapping[str, Any]) -> int:
    """Add a section; its id. Raises Invalid."""
    _check(values)
    now = clock.now()
    row = {**values, "course_id": course_id, "root_account_id": root_id, "state": "active"}
    try:
        return insert_returning_id(db, insert(CourseSection).values(**row, created_at=now, updated_at=now))
    except IntegrityError as error:
        raise _taken(error, values) from None


def revive_section(db: Connection, course_id: int, sis_section_id: str) -> int | None:
    """Bring the last deleted section of this course with this SIS id back; its id, or None without one."""
    rows = select(CourseSection.c.id).where(
        CourseSection.c.course_id == course_id,
        CourseSection.c.sis_section_id == sis_section_id,
        CourseSection.c.state == "deleted",
    )
    section_id = db.execute(rows.order_by(CourseSection.c.id.desc()).limit(1)).scalar()
    if section_id is None:
        return None
    back = update(CourseSection).where(CourseSection.c.id == section_id)
    try:
        db.execute(back.values(state="active", updated_at=clock.now()))
    except IntegrityError as error:
        # Another section has taken the id meanwhile.
        raise _taken(error, {"sis_section_id": sis_section_id}) from None
    return int(section_id)


def update_section(
    db: Connection, section: Section, values: Mapping[str, Any], *, respect_stickiness: bool = False
) -> None:
    """Change these columns. Raises Invalid. With ``respect_stickiness`` what was edited before stays."""
    marks = db.execute(select(CourseSection.c.stuck_sis_fields).where(CourseSection.c.id == section.id)).scalar_one()
    if respect_stickiness:
        values = without_stuck(marks, values)
    marks = with_stuck(marks, _STICKY & values.keys())
    _check({**section._asdict(), **values})
    statement = update(CourseSection).where(CourseSection.c.id == section.id)
    try:
        db.execute(statement.values(**values, stuck_sis_fields=marks, updated_at=clock.now()))
    except IntegrityError as error:
        raise _taken(error, values) from None


def delete_section(db: Connection, section: Section) -> None:
    """Delete a section without enrollments. Raises Refused."""
    # Enrolling locks this row too.
    hold(db, CourseSection, section.id)
    inside = select(Enrollment.c.id).where(
        Enrollment.c.course_section_id == section.id,
        Enrollment.c.state.not_in((EnrollmentState.DELETED, EnrollmentState.REJECTED)),
        Enrollment.c.type != STUDENT_VIEW,
    )
    if db.execute(inside.limit(1)).first():
        raise Refused(HAS_ENROLLMENTS)
    gone = {"state": "deleted", "updated_at": clock.now()}
    db.execute(update(CourseSection).where(CourseSection.c.id == section.id).values(gone))
    test_students = Enrollment.c.course_section_id == section.id, Enrollment.c.type == STUDENT_VIEW
    db.execute(update(Enrollment).where(*test_students).values(gone))


def _sections() -> AnySelect:
    rows = select(*_COLUMNS).join(Course, Course.c.id == CourseSection.c.course_id)
    rows = rows.join(Account, Account.c.id == Course.c.account_id)
    return rows.where(CourseSection.c.state != "deleted", Course.c.state != CourseState.DELETED)


def _check(values: Mapping[str, Any]) -> None:
    name = values.get("name")
    if not name or not name.strip():
        raise Invalid(Fault("name", "blank"))
    require_short(name=name, sis_source_id=values.get("sis_section_id"), integration_id=values.get("integration_id"))
    start_at, end_at = values.get("start_at"), values.get("end_at")
    if start_at and end_at and end_at < start_at:
        raise Invalid(Fault("end_at", "invalid", "End date cannot be before start date"))


def _taken(error: IntegrityError, values: Mapping[str, Any]) -> Exception:
    return sis_id_taken(
        error,
        CourseSection,
        {
            "uq_course_sections_sis_section_id": values.get("sis_section_id"),
            "uq_course_sections_integration_id": values.get("integration_id"),
        },
    )
