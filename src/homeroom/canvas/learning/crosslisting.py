"""Cross-listing of sections (learning-resources.md §1)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.canvas.contexts import SectionContext
from homeroom.canvas.learning.sections import SectionJson, require_visible, shown
from homeroom.school.actor import Actor
from homeroom.school.errors import NotAllowed
from homeroom.school.ids import IdForm
from homeroom.school.learning.courses.queries import find_course
from homeroom.school.learning.crosslisting import crosslist, uncrosslist
from homeroom.wire.ids import CourseId
from homeroom.wire.request import Request
from homeroom.wire.routes import Routes

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
