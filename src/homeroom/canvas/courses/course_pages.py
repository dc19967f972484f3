"""The tabs of a course, and starting it afresh (learning-resources.md §1)."""

from __future__ import annotations

from homeroom.canvas.contexts import CourseContext
from homeroom.canvas.courses.course_includes import TabJson, tabs_of
from homeroom.canvas.courses.courses import AnyCourseJson, ShowCourse, shown_course
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.resetting import reset_course
from homeroom.school.ground.errors import NotAllowed
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


@route.post("/courses/:course_id/reset_content", right="manage_courses_reset")
def reset_course_content(course: CourseContext, params: Params[ShowCourse], call: Call) -> AnyCourseJson:
    """Reset a course."""
    return shown_course(call, reset_course(call.db, course.id), params.include)


@route.get("/courses/:course_id/tabs", right=BY_POLICY)
def list_tabs(course: CourseContext, call: Call) -> list[TabJson]:
    """List available tabs for a course."""
    if not can_read_course(call.db, call.actor, course.ref):
        raise NotAllowed("read")
    return tabs_of(course.id, call.request.base_url)
