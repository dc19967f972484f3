"""Cross-listing of sections (learning-resources.md §1)."""

from __future__ import annotations

from homeroom.canvas.contexts import SectionContext
from homeroom.canvas.courses.sections import SectionJson, require_visible, shown
from homeroom.school.courses.courses.queries import find_course
from homeroom.school.courses.crosslisting import crosslist, uncrosslist
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.ground.ids import IdForm
from homeroom.wire.params.ids import CourseId
from homeroom.wire.routing.routes import Routes
from homeroom.wire.serving.call import Call

route = Routes()
_RIGHT = "manage_sections_edit"


@route.post("/sections/:id/crosslist/:new_course_id", right=_RIGHT)
def crosslist_section(section: SectionContext, new_course_id: CourseId, call: Call) -> SectionJson:
    """Cross-list a section."""
    require_visible(call.db, call.actor, section, NotAllowed(_RIGHT))
    course = find_course(call.db, call.actor, new_course_id)
    call.actor.require_in_course(call.db, _RIGHT, course.ref)
    crosslist(call.db, section, course.id)
    return shown(call, section.id)


@route.delete("/sections/:id/crosslist", right=_RIGHT)
def uncrosslist_section(section: SectionContext, call: Call) -> SectionJson:
    """De-cross-list a section."""
    require_visible(call.db, call.actor, section, NotAllowed(_RIGHT))
    if section.nonxlist_course_id is not None:
        home = find_course(call.db, call.actor, IdForm("id", str(section.nonxlist_course_id)))
        call.actor.require_in_course(call.db, _RIGHT, home.ref)
    uncrosslist(call.db, section)
    return shown(call, section.id)
