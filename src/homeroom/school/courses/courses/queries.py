"""Courses: find one by any form of its id, and read the columns for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, select

from homeroom.db.prepared import Prepared
from homeroom.db.types import AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef, chain_of
from homeroom.school.schema import (
    Account,
    Course,
    CourseNickname,
)
from homeroom.school.states import CourseState


class CourseRecord(NamedTuple):
    """The values of a Course object, with its account and the viewer's nickname."""

    id: int
    account_id: int
    root_account_id: int
    enrollment_term_id: int
    uuid: str
    name: str
    sort_key: str
    course_code: str
    state: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime
    default_view: str
    license: str | None
    is_public: bool | None
    is_public_to_auth_users: bool
    public_syllabus: bool
    public_syllabus_to_auth: bool
    public_description: str | None
    syllabus_body: str | None
    hide_final_grades: bool
    apply_assignment_group_weights: bool
    restrict_enrollments_to_course_dates: bool
    self_enrollment: bool
    self_enrollment_code: str | None
    grading_standard_id: int | None
    grade_passback_setting: str | None
    image_id: int | None
    image_url: str | None
    lti_context_id: str | None
    storage_quota_mb: int | None
    time_zone: str | None
    sis_course_id: str | None
    integration_id: str | None
    sis_import_id: int | None
    ancestry: str
    account_name: str
    account_parent_id: int | None
    account_state: str
    account_time_zone: str | None
    account_quota_mb: int
    nickname: str | None

    @property
    def ref(self) -> CourseRef:
        return CourseRef(self.id, chain_of(self.ancestry))

    @property
    def account_ref(self) -> AccountRef:
        return AccountRef(self.account_id, chain_of(self.ancestry))


# In the order of CourseRecord's fields: a row is a CourseRecord.
_nicknames, _courses, _accounts = CourseNickname, Course, Account
_COLUMNS: tuple[Any, ...] = (
    *(Course.c[name] for name in CourseRecord._fields[: CourseRecord._fields.index("ancestry")]),
    Account.c.ancestry,
    _accounts.c.name.label("account_name"),
    _accounts.c.parent_account_id.label("account_parent_id"),
    _accounts.c.state.label("account_state"),
    _accounts.c.default_time_zone.label("account_time_zone"),
    _accounts.c.default_storage_quota_mb.label("account_quota_mb"),
    CourseNickname.c.nickname,
)


# What the viewer calls the course, as it is sorted by.
VIEWER_KEY = func.coalesce(_nicknames.c.sort_key, _courses.c.sort_key).label("viewer_key")
_RECORDS: AnySelect = select(*_COLUMNS).join(_accounts, _accounts.c.id == _courses.c.account_id)
_SAME_COURSE = _nicknames.c.course_id == _courses.c.id


def courses_seen_by(viewer_id: Any) -> AnySelect:
    """CourseRecords, with the nicknames of this viewer. Deleted courses too."""
    return _RECORDS.outerjoin(_nicknames, and_(_SAME_COURSE, _nicknames.c.user_id == viewer_id))


@dataclass(frozen=True, slots=True)
class FoundCourse:
    """A found course."""

    id: int
    ref: CourseRef
    record: CourseRecord


def find_course(db: Connection, actor: Actor, form: IdForm) -> FoundCourse:
    """The course with this id, if it is not deleted. Raises NotFound. The policy checks the rights."""
    found = find_any_course(db, actor, form)
    if found.record.state == CourseState.DELETED:
        raise NotFound("course")
    return found


def find_any_course(db: Connection, actor: Actor, form: IdForm) -> FoundCourse:
    """Like ``find_course``, but finds a deleted course by its number: it can be restored."""
    if form.kind == "id":
        row = _BY_ID.first(db, viewer=actor.id, id=number_of(form))
    elif form.kind in _BY:
        in_root = Course.c.root_account_id == actor.root.id, Course.c.state != CourseState.DELETED
        row = db.execute(courses_seen_by(actor.id).where(_BY[form.kind] == form.value, *in_root)).first()
    else:
        raise NotFound("course")
    if row is None:
        raise NotFound("course")
    record = CourseRecord(*row)
    return FoundCourse(record.id, record.ref, record)


_BY_ID = Prepared(courses_seen_by(bindparam("viewer")).where(_courses.c.id == bindparam("id")))
_BY: dict[str, Any] = {
    "sis_course_id": Course.c.sis_course_id,
    "sis_integration_id": Course.c.integration_id,
    "lti_context_id": Course.c.lti_context_id,
    "uuid": Course.c.uuid,
}


def find_calendar_name(db: Connection, code: str) -> str:
    """The name of the course whose calendar feed has this code, which is the course's uuid. Raises NotFound."""
    name = db.execute(
        select(Course.c.name).where(Course.c.uuid == code, Course.c.state != CourseState.DELETED)
    ).scalar()
    if name is None:
        raise NotFound("calendar")
    return str(name)
