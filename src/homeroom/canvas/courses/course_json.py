"""The Canvas Course object (learning-resources.md §1). Asks nothing of the database, so that it is cheap in a loop."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from homeroom.canvas.courses.course_includes import (
    INCLUDES,
    CourseAccountJson,
    CoursePage,
    CoursePermissionsJson,
    CourseSectionOfViewerJson,
    TabJson,
    TeacherJson,
)
from homeroom.canvas.courses.terms import TermJson
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.courses.courses.details import Details
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.courses.enrollments.queries import EnrollmentRecord
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import STUDENT
from homeroom.school.states import CourseState
from homeroom.wire.http.answers import seconds


class CalendarJson(Struct):
    ics: str


class OwnEnrollmentJson(Struct):
    """An enrollment as a course shows it."""

    type: str
    role: str
    role_id: int
    user_id: int
    enrollment_state: str
    limit_privileges_to_course_section: bool
    associated_user_id: int | UnsetType = UNSET
    observed_user: UserJson | UnsetType = UNSET
    computed_current_score: float | UnsetType | None = UNSET
    computed_current_grade: str | UnsetType | None = UNSET
    computed_final_score: float | UnsetType | None = UNSET
    computed_final_grade: str | UnsetType | None = UNSET
    has_grading_periods: bool | UnsetType = UNSET
    multiple_grading_periods_enabled: bool | UnsetType = UNSET
    totals_for_all_grading_periods_option: bool | UnsetType = UNSET
    current_grading_period_title: str | UnsetType | None = UNSET
    current_grading_period_id: int | UnsetType | None = UNSET
    current_period_computed_current_score: float | UnsetType | None = UNSET
    current_period_computed_current_grade: str | UnsetType | None = UNSET
    current_period_computed_final_score: float | UnsetType | None = UNSET
    current_period_computed_final_grade: str | UnsetType | None = UNSET


class CourseJson(Struct):
    """A course. Keys that were not asked for, or whose condition fails, are absent."""

    id: int
    name: str
    account_id: int
    uuid: str
    start_at: datetime | None
    grading_standard_id: int | None
    is_public: bool | None
    created_at: datetime | None
    course_code: str
    default_view: str
    root_account_id: int
    enrollment_term_id: int
    license: str | None
    end_at: datetime | None
    public_syllabus: bool
    public_syllabus_to_auth: bool
    storage_quota_mb: int
    is_public_to_auth_users: bool
    apply_assignment_group_weights: bool
    calendar: CalendarJson
    time_zone: str
    hide_final_grades: bool
    restrict_enrollments_to_course_dates: bool
    workflow_state: str
    grade_passback_setting: str | None = None
    homeroom_course: bool = False
    course_color: str | None = None
    friendly_name: str | None = None
    blueprint: bool = False
    template: bool = False
    original_name: str | UnsetType = UNSET
    sis_course_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET
    enrollments: list[OwnEnrollmentJson] | UnsetType = UNSET
    needs_grading_count: int | UnsetType = UNSET
    syllabus_body: str | UnsetType | None = UNSET
    public_description: str | UnsetType | None = UNSET
    term: TermJson | UnsetType = UNSET
    account: CourseAccountJson | UnsetType = UNSET
    course_progress: dict[str, Any] | UnsetType = UNSET
    sections: list[CourseSectionOfViewerJson] | UnsetType = UNSET
    storage_quota_used_mb: float | UnsetType = UNSET
    total_students: int | UnsetType = UNSET
    passback_status: str | UnsetType | None = UNSET
    is_favorite: bool | UnsetType = UNSET
    teachers: list[TeacherJson] | UnsetType = UNSET
    teacher_count: int | UnsetType = UNSET
    image_download_url: str | UnsetType | None = UNSET
    lti_context_id: str | UnsetType | None = UNSET
    account_name: str | UnsetType = UNSET
    tabs: list[TabJson] | UnsetType = UNSET
    permissions: CoursePermissionsJson | UnsetType = UNSET
    concluded: bool | UnsetType = UNSET
    self_enrollment_code: str | UnsetType | None = UNSET


class RestrictedCourseJson(Struct):
    """What a student sees of a course outside the dates of the enrollment, where the course is closed then."""

    id: int
    access_restricted_by_date: bool = True


def course_json(
    course: CourseRecord, actor: Actor, base_url: str, details: Details, include: frozenset[str] = frozenset()
) -> CourseJson | RestrictedCourseJson:
    """The object as the actor sees it, under the actor's nickname."""
    rights = details.rights[course.id]
    if rights.access == "restricted":
        return RestrictedCourseJson(course.id)
    json = CourseJson(
        id=course.id,
        name=course.nickname or course.name,
        account_id=course.account_id,
        uuid=course.uuid,
        start_at=seconds(course.start_at),
        grading_standard_id=course.grading_standard_id,
        is_public=course.is_public,
        created_at=seconds(course.created_at),
        course_code=course.course_code,
        default_view=course.default_view,
        root_account_id=course.root_account_id,
        enrollment_term_id=course.enrollment_term_id,
        license=course.license,
        end_at=seconds(course.end_at),
        public_syllabus=course.public_syllabus,
        public_syllabus_to_auth=course.public_syllabus_to_auth,
        storage_quota_mb=course.account_quota_mb if course.storage_quota_mb is None else course.storage_quota_mb,
        is_public_to_auth_users=course.is_public_to_auth_users,
        apply_assignment_group_weights=course.apply_assignment_group_weights,
        calendar=CalendarJson(f"{base_url}/feeds/calendars/course_{course.uuid}.ics"),
        time_zone=time_zone_of(course, actor),
        hide_final_grades=course.hide_final_grades,
        restrict_enrollments_to_course_dates=course.restrict_enrollments_to_course_dates,
        workflow_state=state_shown(course.state),
        grade_passback_setting=course.grade_passback_setting,
    )
    if course.nickname is not None:
        json.original_name = course.name
    if rights.reads_sis:
        json.sis_course_id, json.integration_id = course.sis_course_id, course.integration_id
    if rights.manages_sis:
        json.sis_import_id = course.sis_import_id
    page = CoursePage(actor, base_url, details, rights)
    if details.enrollments is not None:
        json.enrollments = [
            _enrollment_json(record, course, page, include) for record in details.enrollments.get(course.id, ())
        ]
    for name in include:
        if added := INCLUDES.get(name):
            setattr(json, added.field, added.value(course, page))
    return json


def state_shown(state: str) -> str:
    """A course's state in the API's words."""
    return "unpublished" if state in (CourseState.CREATED, CourseState.CLAIMED) else state


def time_zone_of(course: CourseRecord, actor: Actor) -> str:
    return iana_name(effective_zone(actor.root.settings, course.time_zone, course.account_time_zone))


def _enrollment_json(
    record: EnrollmentRecord, course: CourseRecord, page: CoursePage, include: frozenset[str]
) -> OwnEnrollmentJson:
    json = OwnEnrollmentJson(
        type=record.type.removesuffix("Enrollment").lower(),
        role=record.role,
        role_id=record.role_id,
        user_id=record.user_id,
        enrollment_state=record.state_in_course,
        limit_privileges_to_course_section=record.limit_privileges_to_course_section,
    )
    if record.associated_user_id is not None:
        json.associated_user_id = record.associated_user_id
        if student := page.details.observed.get(record.associated_user_id):
            json.observed_user = user_json(student, UserView.in_passing(page.actor, page.base_url))
    if record.type == STUDENT:
        if "total_scores" in include:
            _add_scores(json, course)
        if "current_grading_period_scores" in include:
            _add_period_scores(json, course)
    return json


def _add_scores(json: OwnEnrollmentJson, course: CourseRecord) -> None:
    json.computed_current_score = json.computed_current_grade = None
    if not course.hide_final_grades:
        json.computed_final_score = json.computed_final_grade = None


def _add_period_scores(json: OwnEnrollmentJson, course: CourseRecord) -> None:
    json.has_grading_periods = json.multiple_grading_periods_enabled = False
    json.totals_for_all_grading_periods_option = False
    json.current_grading_period_title = json.current_grading_period_id = None
    json.current_period_computed_current_score = json.current_period_computed_current_grade = None
    if not course.hide_final_grades:
        json.current_period_computed_final_score = json.current_period_computed_final_grade = None
