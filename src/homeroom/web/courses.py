"""The page of a course, at the address that answers hand out, with the rights of the API (homeroom.md §4)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.actor import Actor
from homeroom.school.errors import NotAllowed, NotSignedIn
from homeroom.school.ids import IdForm
from homeroom.school.learning.courses.policy import can_read_course
from homeroom.school.learning.courses.queries import FoundCourse, find_course
from homeroom.web.pages import PAGES
from homeroom.wire.answers import Answer
from homeroom.wire.browser import Browser
from homeroom.wire.ids import CourseId
from homeroom.wire.routes import PUBLIC, Routes

route = Routes()


@route.get("/courses/:id", right=PUBLIC, scope=False)
def show_course(id: CourseId, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """A course, for who may read it: everybody, if it is public."""
    course = find_readable_course(db, actor, id)
    return PAGES.show(browser, "course.html", course=course.record)


def find_readable_course(db: Connection, actor: Actor, form: IdForm) -> FoundCourse:
    """The course, if the actor may read it. Raises NotFound, NotSignedIn and NotAllowed."""
    course = find_course(db, actor, form)
    if not can_read_course(db, actor, course.ref):
        raise NotAllowed("read the course") if actor.is_signed_in else NotSignedIn
    return course
