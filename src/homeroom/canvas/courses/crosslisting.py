"""Cross-listing of sections (learning-resources.md §1)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.canvas.contexts import SectionContext
from homeroom.canvas.courses.sections import SectionJson, require_visible, shown
from homeroom.school.courses.courses.queries import find_course
from homeroom.school.courses.crosslisting import crosslist, uncrosslist
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.ground.ids import IdForm
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import CourseId
from homeroom.wire.routing.routes import Routes

route = Routes()
_RIGHT = "manage_sections_edit"


@route.post("/sections/:id/crosslist/:new_course_id", right=_RIGHT)
def crosslist_section(
    id: SectionContext, new_course_id: CourseId, actor: Actor, request: Request, db: Connection
) -> SectionJson:
    """Cross-list a section."""
    require_visible(db, actor, id, NotAllowed(_RIGHT))
    course = find_course(db, actor, new_course_id)
    actor.require_in_course(db, _RIGHT, course.ref)
    crosslist(db, id, course.id)
    return shown(db, actor, request, id.id)


@route.delete("/sections/:id/crosslist", right=_RIGHT)
def uncrosslist_section(id: SectionContext, actor: Actor, request: Request, db: Connection) -> SectionJson:
    """De-cross-list a section."""
    require_visible(db, actor, id, NotAllowed(_RIGHT))
    if id.nonxlist_course_id is not None:
        home = find_course(db, actor, IdForm("id", str(id.nonxlist_course_id)))
        actor.require_in_course(db, _RIGHT, home.ref)
    uncrosslist(db, id)
    return shown(db, actor, request, id.id)
