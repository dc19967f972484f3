"""The settings of a course (learning-resources.md §1)."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.courses.queries import find_course
from homeroom.school.courses.courses.rights import require_changes
from homeroom.school.courses.courses.settings import change_settings, settings_of
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import CourseId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


class ChangeCourseSettings(Struct):
    """The settings that can be changed here. Settings that are not given stay as they are."""

    allow_student_discussion_topics: bool | UnsetType = UNSET
    allow_student_discussion_editing: bool | UnsetType = UNSET
    allow_student_discussion_reporting: bool | UnsetType = UNSET
    allow_student_anonymous_discussion_topics: bool | UnsetType = UNSET
    allow_student_forum_attachments: bool | UnsetType = UNSET
    allow_student_organized_groups: bool | UnsetType = UNSET
    filter_speed_grader_by_student_group: bool | UnsetType = UNSET
    hide_final_grades: bool | UnsetType = UNSET
    hide_distribution_graphs: bool | UnsetType = UNSET
    hide_sections_on_course_users_page: bool | UnsetType = UNSET
    lock_all_announcements: bool | UnsetType = UNSET
    usage_rights_required: bool | UnsetType = UNSET
    restrict_student_past_view: bool | UnsetType = UNSET
    restrict_student_future_view: bool | UnsetType = UNSET
    show_announcements_on_home_page: bool | UnsetType = UNSET
    home_page_announcement_limit: int | UnsetType | None = UNSET
    syllabus_course_summary: bool | UnsetType = UNSET
    default_due_time: str | UnsetType = UNSET
    conditional_release: bool | UnsetType = UNSET


class CourseSettingsJson(Struct):
    """Every setting of the course."""

    allow_student_discussion_topics: bool
    allow_student_discussion_editing: bool
    allow_student_discussion_reporting: bool
    allow_student_anonymous_discussion_topics: bool
    allow_student_forum_attachments: bool
    allow_student_organized_groups: bool
    filter_speed_grader_by_student_group: bool
    grading_standard_enabled: bool
    grading_standard_id: int | None
    hide_final_grades: bool
    hide_distribution_graphs: bool
    hide_sections_on_course_users_page: bool
    lock_all_announcements: bool
    usage_rights_required: bool
    restrict_student_past_view: bool
    restrict_student_future_view: bool
    show_announcements_on_home_page: bool
    home_page_announcement_limit: int | None
    syllabus_course_summary: bool
    default_due_time: str
    conditional_release: bool
    homeroom_course: bool


@route.get("/courses/:course_id/settings", right=BY_POLICY)
def show_course_settings(course: CourseContext, actor: Actor, db: Connection) -> CourseSettingsJson:
    """Get course settings."""
    if not can_read_course(db, actor, course.ref):
        raise NotAllowed("read")
    return CourseSettingsJson(**settings_of(db, course.record))


@route.put("/courses/:course_id/settings", right=BY_POLICY)
def update_course_settings(
    course_id: CourseId, params: Params[ChangeCourseSettings], actor: Actor, db: Connection
) -> CourseSettingsJson:
    """Update course settings."""
    course = find_course(db, actor, course_id)
    changes = given(params)
    require_changes(db, actor, course.record, changes)
    change_settings(db, course.record, changes)
    return CourseSettingsJson(**settings_of(db, find_course(db, actor, course_id).record))
