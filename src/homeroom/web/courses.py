"""The page of a course, at the address that answers hand out, with the rights of the API (homeroom.md §4)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.courses.queries import FoundCourse, find_course
from homeroom.school.courses.enrollments.actions import accept, reject
from homeroom.school.courses.enrollments.queries import invitations_to
from homeroom.school.ground.errors import NotAllowed, NotSignedIn
from homeroom.school.ground.ids import IdForm
from homeroom.school.rights.actor import Actor
from homeroom.web.pages import PAGES
from homeroom.web.roles import ROLES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import CourseId
from homeroom.wire.routing.routes import PUBLIC, SELF_ONLY, Params, Routes

route = Routes()


@route.get("/courses/:id", right=PUBLIC, scope=False)
def show_course(id: CourseId, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """A course, for people who may read it; a public one for everybody. Invited people are asked here."""
    course = find_course(db, actor, id)
    invitations = invitations_to(db, actor, course.id)
    is_readable = can_read_course(db, actor, course.ref)
    if not is_readable and not invitations:
        raise _refusal(actor)
    roles = sorted({ROLES.get(invitation.type, invitation.role) for invitation in invitations})
    return PAGES.show(browser, "course.html", course=course.record, is_readable=is_readable, invited_as=roles)


class AnswerInvitation(Struct):
    answer: Literal["accept", "decline"]


@route.post("/courses/:id/invitation", right=SELF_ONLY, scope=False)
def answer_invitation(id: CourseId, params: Params[AnswerInvitation], actor: Actor, db: Connection) -> Answer:
    """Accept or decline an invitation to the course. An invitation that was answered does not change."""
    course = find_course(db, actor, id)
    act = accept if params.answer == "accept" else reject
    for invitation in invitations_to(db, actor, course.id):
        act(db, invitation)
    return redirect(f"/courses/{course.id}" if params.answer == "accept" else "/")


def find_readable_course(db: Connection, actor: Actor, form: IdForm) -> FoundCourse:
    """The course, if the actor may read it. Raises NotFound, NotSignedIn and NotAllowed."""
    course = find_course(db, actor, form)
    if not can_read_course(db, actor, course.ref):
        raise _refusal(actor)
    return course


def _refusal(actor: Actor) -> Exception:
    return NotAllowed("read the course") if actor.is_signed_in else NotSignedIn()
