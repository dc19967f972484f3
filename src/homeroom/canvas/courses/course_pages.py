"""The tabs of a course, and starting it afresh (learning-resources.md §1)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.canvas.courses.course_includes import TabJson, tabs_of
from homeroom.canvas.courses.courses import AnyCourseJson, ShowCourse, shown_course
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.resetting import reset_course
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

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
