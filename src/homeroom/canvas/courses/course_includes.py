"""What Course objects show when they are asked to (learning-resources.md §1, ``include[]``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from homeroom.canvas.courses.terms import TermJson, term_json
from homeroom.school.courses.courses.details import Details, SectionOfViewer
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.courses.rights import CourseRights
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.people import avatars
from homeroom.school.people.users.queries import Person
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import seconds

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
    """The data for the includes of one course."""

    actor: Actor
    base_url: str
    details: Details
    rights: CourseRights


class Include(NamedTuple):
    """What an include adds: the course's field, and its value; UNSET leaves the field out."""

    field: str
    value: Callable[[CourseRecord, CoursePage], Any]


def _term(course: CourseRecord, page: CoursePage) -> TermJson:
    return term_json(page.details.terms[course.enrollment_term_id], page.actor)


def _account(course: CourseRecord, page: CoursePage) -> CourseAccountJson:
    zone = effective_zone(page.actor.root.settings, course.account_time_zone)
    return CourseAccountJson(
        id=course.account_id,
        name=course.account_name,
        workflow_state=course.account_state,
        parent_account_id=course.account_parent_id,
        root_account_id=None if course.account_parent_id is None else course.root_account_id,
        default_time_zone=iana_name(zone),
    )


def _needs_grading_count(_course: CourseRecord, page: CoursePage) -> int | UnsetType:
    return 0 if page.rights.grades else UNSET


def _course_progress(_course: CourseRecord, _page: CoursePage) -> dict[str, Any]:
    return {"error": {"message": NO_PROGRESS}}


def _sections(course: CourseRecord, page: CoursePage) -> list[CourseSectionOfViewerJson]:
    return [_section_json(section) for section in page.details.sections.get(course.id, ())]


def _section_json(section: SectionOfViewer) -> CourseSectionOfViewerJson:
    return CourseSectionOfViewerJson(
        section.id, section.name, seconds(section.start_at), seconds(section.end_at), section.role
    )


def _teachers(course: CourseRecord, page: CoursePage) -> list[TeacherJson]:
    return [_teacher_json(person, course, page) for person in page.details.teachers.get(course.id, ())]


def _teacher_json(person: Person, course: CourseRecord, page: CoursePage) -> TeacherJson:
    return TeacherJson(
        id=person.id,
        display_name=person.short_name,
        avatar_image_url=avatars.url_of(person, page.base_url),
        html_url=f"{page.base_url}/courses/{course.id}/users/{person.id}",
        pronouns=person.pronouns,
    )


def tabs_of(course_id: int, base_url: str) -> list[TabJson]:
    """The pages that a course has."""
    path = f"/courses/{course_id}"
    return [TabJson("home", path, base_url + path, 1, "public", "Home", "internal")]


def _permissions(_course: CourseRecord, page: CoursePage) -> CoursePermissionsJson:
    return CoursePermissionsJson(page.rights.creates_topics, page.rights.creates_announcements)


def _self_enrollment_code(course: CourseRecord, page: CoursePage) -> str | UnsetType | None:
    return course.self_enrollment_code if page.rights.changes else UNSET


INCLUDES = {
    "needs_grading_count": Include("needs_grading_count", _needs_grading_count),
    "syllabus_body": Include("syllabus_body", lambda course, _: course.syllabus_body),
    "public_description": Include("public_description", lambda course, _: course.public_description),
    "term": Include("term", _term),
    "account": Include("account", _account),
    "course_progress": Include("course_progress", _course_progress),
    "sections": Include("sections", _sections),
    "storage_quota_used_mb": Include("storage_quota_used_mb", lambda _course, _: 0.0),
    "total_students": Include("total_students", lambda course, page: page.details.total_students.get(course.id, 0)),
    "passback_status": Include("passback_status", lambda _course, _: None),
    "favorites": Include("is_favorite", lambda course, page: course.id in page.details.favorites),
    "teachers": Include("teachers", _teachers),
    "course_image": Include("image_download_url", lambda course, _: course.image_url),
    "account_name": Include("account_name", lambda course, _: course.account_name),
    "lti_context_id": Include("lti_context_id", lambda course, _: course.lti_context_id),
    "tabs": Include("tabs", lambda course, page: tabs_of(course.id, page.base_url)),
    "permissions": Include("permissions", _permissions),
    "concluded": Include("concluded", lambda course, _: course.state == "completed"),
    "self_enrollment_code": Include("self_enrollment_code", _self_enrollment_code),
}
