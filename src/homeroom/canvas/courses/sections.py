"""Sections (learning-resources.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext, SectionContext
from homeroom.canvas.courses.course_json import time_zone_of
from homeroom.canvas.courses.enrollment_json import enrollments_of_users
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.courses import sections
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.rosters import student_counts, students_by_section
from homeroom.school.courses.sections import Section, find_section, visible_sections
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.ground.ids import IdForm
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.rights.reading import with_sis_ids_allowed
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import SectionId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class SectionJson(Struct):
    """A section. SIS ids are there with the right, students and counts when they are asked for."""

    id: int
    course_id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime | None
    restrict_enrollments_to_section_dates: bool | None
    nonxlist_course_id: int | None
    sis_section_id: str | UnsetType | None = UNSET
    sis_course_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET
    total_students: int | UnsetType = UNSET
    students: list[UserJson] | UnsetType = UNSET
    passback_status: str | UnsetType | None = UNSET


class ListSections(Struct):
    include: frozenset[str] = frozenset()
    search_term: str = ""


class ShowSection(Struct):
    include: frozenset[str] = frozenset()


class SectionValues(Struct):
    name: str | UnsetType = UNSET
    sis_section_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET
    restrict_enrollments_to_section_dates: bool | UnsetType = UNSET


class CreateSection(Struct):
    course_section: SectionValues | UnsetType = UNSET
    enable_sis_reactivation: bool = False


class ChangeSection(Struct):
    course_section: SectionValues | UnsetType = UNSET
    override_sis_stickiness: bool = True


@route.get("/courses/:course_id/sections", right=BY_POLICY)
def list_sections(course: CourseContext, params: Params[ListSections], paging: Paging, call: Call) -> Page[SectionJson]:
    """List course sections."""
    _require_reader(call.db, call.actor, course.ref)
    found = sections.sections_of(call.db, call.actor, course.ref, name=params.search_term)
    page = paging.of(call.db, found)
    return page.with_items(_rendered(call, page.items, params.include))


@route.post("/courses/:course_id/sections", right="manage_sections_add")
def create_section(course: CourseContext, params: Params[CreateSection], call: Call) -> SectionJson:
    """Create course section."""
    values, record = _columns(params, call.actor), course.record
    sis_id = values.get("sis_section_id") if params.enable_sis_reactivation else None
    if sis_id and (section_id := sections.revive_section(call.db, course.id, sis_id)):
        section = find_section(call.db, call.actor, IdForm("id", str(section_id)))
        sections.update_section(call.db, section, values)
        return shown(call, section_id)
    if not values.get("name", "").strip():
        values["name"] = sections.name_for_new(record.name, time_zone_of(record, call.actor))
    section_id = sections.create_section(call.db, course.id, record.root_account_id, values)
    return shown(call, section_id)


@route.get("/courses/:course_id/sections/:id", right=BY_POLICY)
def show_section_of_course(
    course: CourseContext, id: SectionId, params: Params[ShowSection], call: Call
) -> SectionJson:
    """Get section information."""
    # Before the section is looked for: who may not see the course does not learn which sections it has.
    _require_reader(call.db, call.actor, course.ref)
    return _show(call, find_section(call.db, call.actor, id, course_id=course.id), params.include)


@route.get("/sections/:id", right=BY_POLICY)
def show_section(section: SectionContext, params: Params[ShowSection], call: Call) -> SectionJson:
    """Get section information."""
    return _show(call, section, params.include)


@route.put("/sections/:id", right="manage_sections_edit")
def update_section(section: SectionContext, params: Params[ChangeSection], call: Call) -> SectionJson:
    """Edit a section."""
    require_visible(call.db, call.actor, section, NotAllowed("manage_sections_edit"))
    values = _columns(params, call.actor)
    if values:
        sections.update_section(call.db, section, values, respect_stickiness=not params.override_sis_stickiness)
    return shown(call, section.id)


@route.delete("/sections/:id", right="manage_sections_delete")
def delete_section(section: SectionContext, call: Call) -> SectionJson:
    """Delete a section."""
    require_visible(call.db, call.actor, section, NotAllowed("manage_sections_delete"))
    sections.delete_section(call.db, section)
    return _rendered(call, [section], frozenset())[0]


def section_json(section: Section, *, sis: bool, sis_import: bool) -> SectionJson:
    json = SectionJson(
        id=section.id,
        course_id=section.course_id,
        name=section.name,
        start_at=seconds(section.start_at),
        end_at=seconds(section.end_at),
        created_at=seconds(section.created_at),
        restrict_enrollments_to_section_dates=section.restrict_enrollments_to_section_dates,
        nonxlist_course_id=section.nonxlist_course_id,
    )
    if sis:
        json.sis_section_id, json.sis_course_id = section.sis_section_id, section.sis_course_id
        json.integration_id = section.integration_id
    if sis_import:
        json.sis_import_id = section.sis_import_id
    return json


def _columns(params: CreateSection | ChangeSection, actor: Actor) -> dict[str, Any]:
    """What was given for columns. SIS ids are heard only from those who may manage SIS data."""
    columns = given(params.course_section) if params.course_section else {}
    return with_sis_ids_allowed(actor, columns, ("sis_section_id", "integration_id"))


def _require_reader(db: Connection, actor: Actor, course: CourseRef) -> None:
    rights = ("read_roster", "view_all_grades", "manage_students")
    if not any(actor.holds_in_course(db, name, course) for name in rights) and not can_read_course(db, actor, course):
        raise NotAllowed("read")


def require_visible(db: Connection, actor: Actor, section: Section, refusal: Exception) -> None:
    visible = visible_sections(db, actor, section.ref)
    if visible is not None and section.id not in visible:
        raise refusal


def _show(call: Call, section: Section, include: frozenset[str]) -> SectionJson:
    _require_reader(call.db, call.actor, section.ref)
    require_visible(call.db, call.actor, section, NotFound("section"))
    return _rendered(call, [section], include)[0]


def shown(call: Call, section_id: int) -> SectionJson:
    """The section as it is after a change."""
    section = find_section(call.db, call.actor, IdForm("id", str(section_id)))
    return _rendered(call, [section], frozenset())[0]


def _rendered(call: Call, found: Sequence[Section], include: frozenset[str]) -> list[SectionJson]:
    """These sections of one course, as JSON."""
    if not found:
        return []
    course = found[0].ref
    view = UserView.in_course(call, course)
    sees_people = call.actor.holds_in_course(call.db, "read_roster", course)
    rendered = [section_json(section, sis=view.sis, sis_import=view.sis_import) for section in found]
    ids = [section.id for section in found]
    if "total_students" in include:
        counts = student_counts(call.db, ids)
        for json in rendered:
            json.total_students = counts.get(json.id, 0)
    if "students" in include and sees_people:
        _add_students(call, course, rendered, include)
    if "passback_status" in include:
        for json in rendered:
            json.passback_status = None
    return rendered


def _add_students(
    call: Call,
    course: CourseRef,
    rendered: list[SectionJson],
    include: frozenset[str],
) -> None:
    students = students_by_section(call.db, [json.id for json in rendered])
    view, shown = UserView.in_course(call, course), include & {"avatar_url", "uuid"}
    of_newcomer = view.of_newcomer()
    for json in rendered:
        json.students = [
            user_json(person, of_newcomer if is_newcomer else view, shown)
            for person, is_newcomer in students.get(json.id, ())
        ]
    if "enrollments" in include:
        everybody = {member.person.id: member.person for members in students.values() for member in members}
        enrollments = enrollments_of_users(call, course, list(everybody.values()))
        for json in rendered:
            for user in json.students or ():
                user.enrollments = [one for one in enrollments[user.id] if one.course_section_id == json.id]
