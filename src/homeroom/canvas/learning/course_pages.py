"""The tabs of a course, and starting it afresh (learning-resources.md §1)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.canvas.learning.course_includes import TabJson, tabs_of
from homeroom.canvas.learning.courses import AnyCourseJson, ShowCourse, shown_course
from homeroom.school.actor import Actor
from homeroom.school.errors import NotAllowed
from homeroom.school.learning.courses.policy import can_read_course
from homeroom.school.learning.resetting import reset_course
from homeroom.wire.request import Request
from homeroom.wire.routes import BY_POLICY, Params, Routes

route = Routes()


@route.post("/courses/:course_id/reset_content", right="manage_courses_reset")
def reset_course_content(
    course_id: CourseContext, params: Params[ShowCourse], actor: Actor, request: Request, db: Connection
) -> AnyCourseJson:
    """Reset a course."""
    return shown_course(db, actor, request, reset_course(db, course_id.id), params.include)


@route.get("/courses/:course_id/tabs", right=BY_POLICY)
def list_tabs(course_id: CourseContext, actor: Actor, request: Request, db: Connection) -> list[TabJson]:
    """List available tabs for a course."""
    if not can_read_course(db, actor, course_id.ref):
        raise NotAllowed("read")
    return tabs_of(course_id.id, request.base_url)
