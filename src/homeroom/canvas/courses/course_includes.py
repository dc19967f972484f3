"""What Course objects show when they are asked to (learning-resources.md §1, ``include[]``)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from homeroom.canvas.courses.terms import term_json
from homeroom.school.courses.courses.details import Details, SectionOfViewer
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.courses.rights import CourseRights
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.people import avatars
from homeroom.school.people.users.queries import Person
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import CourseState
from homeroom.wire.http.answers import seconds

if TYPE_CHECKING:
    from homeroom.canvas.courses.course_json import CourseJson

NO_PROGRESS = (
    "no progress available because this course is not module based (has modules and module completion requirements) "
    "or the user is not enrolled as a student in this course"
)


class CourseAccountJson(Struct):
    id: int
    name: str
    workflow_state: str
    parent_account_id: int | None
    root_account_id: int | None
    default_time_zone: str


class CourseSectionOfViewerJson(Struct):
    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    enrollment_role: str


class TeacherJson(Struct):
    id: int
    display_name: str
    avatar_image_url: str
    html_url: str
    pronouns: str | None


class CoursePermissionsJson(Struct):
    create_discussion_topic: bool
    create_announcement: bool


class TabJson(Struct):
    id: str
    html_url: str
    full_url: str
    position: int
    visibility: str
    label: str
    type: str


class CoursePage(Struct):
    """What the includes of one course are made from."""

    actor: Actor
    base_url: str
    details: Details
    rights: CourseRights


def _term(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    json.term = term_json(page.details.terms[course.enrollment_term_id], page.actor)


def _account(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    zone = effective_zone(page.actor.root.settings, course.account_time_zone)
    json.account = CourseAccountJson(
        id=course.account_id,
        name=course.account_name,
        workflow_state=course.account_state,
        parent_account_id=course.account_parent_id,
        root_account_id=None if course.account_parent_id is None else course.root_account_id,
        default_time_zone=iana_name(zone),
    )


def _needs_grading_count(json: CourseJson, _course: CourseRecord, page: CoursePage) -> None:
    if page.rights.grades:
        json.needs_grading_count = 0


def _course_progress(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    json.course_progress = {"error": {"message": NO_PROGRESS}}


def _sections(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    json.sections = [_section_json(section) for section in page.details.sections.get(course.id, ())]


def _section_json(section: SectionOfViewer) -> CourseSectionOfViewerJson:
    return CourseSectionOfViewerJson(
        section.id, section.name, seconds(section.start_at), seconds(section.end_at), section.role
    )


def _teachers(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    json.teachers = [_teacher_json(person, course, page) for person in page.details.teachers.get(course.id, ())]


def _teacher_json(person: Person, course: CourseRecord, page: CoursePage) -> TeacherJson:
    return TeacherJson(
        id=person.id,
        display_name=person.short_name,
        avatar_image_url=avatars.url_of(person, page.base_url),
        html_url=f"{page.base_url}/courses/{course.id}/users/{person.id}",
        pronouns=person.pronouns,
    )


def _tabs(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    json.tabs = tabs_of(course.id, page.base_url)


def tabs_of(course_id: int, base_url: str) -> list[TabJson]:
    """The pages that a course has."""
    path = f"/courses/{course_id}"
    return [TabJson("home", path, base_url + path, 1, "public", "Home", "internal")]


def _permissions(json: CourseJson, _course: CourseRecord, page: CoursePage) -> None:
    json.permissions = CoursePermissionsJson(page.rights.creates_topics, page.rights.creates_announcements)


def _self_enrollment_code(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
    if page.rights.changes:
        json.self_enrollment_code = course.self_enrollment_code


def _set(name: str, value: Any) -> Any:
    """An include whose value the record has; ``value`` takes it from there."""

    def add(json: CourseJson, course: CourseRecord, page: CoursePage) -> None:
        setattr(json, name, value(course, page))

    return add


INCLUDES: dict[str, Any] = {
    "needs_grading_count": _needs_grading_count,
    "syllabus_body": _set("syllabus_body", lambda course, _: course.syllabus_body),
    "public_description": _set("public_description", lambda course, _: course.public_description),
    "term": _term,
    "account": _account,
    "course_progress": _course_progress,
    "sections": _sections,
    "storage_quota_used_mb": _set("storage_quota_used_mb", lambda _course, _: 0.0),
    "total_students": _set("total_students", lambda course, page: page.details.total_students.get(course.id, 0)),
    "passback_status": _set("passback_status", lambda _course, _: None),
    "favorites": _set("is_favorite", lambda course, page: course.id in page.details.favorites),
    "teachers": _teachers,
    "course_image": _set("image_download_url", lambda _course, _: None),
    "tabs": _tabs,
    "permissions": _permissions,
    "concluded": _set("concluded", lambda course, _: course.state == CourseState.COMPLETED),
    "self_enrollment_code": _self_enrollment_code,
}
