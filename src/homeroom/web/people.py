"""Pages of people, at the addresses that answers hand out, with the rights of the API (homeroom.md §4)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.courses.enrollments.policy import enrollments_seen, observed_in, sees_all_grades
from homeroom.school.ground.errors import NotFound
from homeroom.school.people import avatars
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import STUDENT
from homeroom.web.courses import find_readable_course
from homeroom.web.pages import PAGES
from homeroom.web.roles import ROLES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import CourseId, UserId
from homeroom.wire.routing.routes import BY_POLICY, Routes

route = Routes()


@route.get("/users/:id", right=BY_POLICY, scope=False)
def show_user(id: UserId, actor: Actor, browser: Browser, request: Request, db: Connection) -> Answer:
    """A person, for callers who may see them or their profile."""
    person = find_user(db, actor, id)
    if not (policy.can_show(db, actor, person.id) or policy.can_read_profile(db, actor, person.id)):
        raise NotFound("user")
    avatar_url = avatars.url_of(person, request.base_url) if actor.root.settings.avatars else None
    return PAGES.show(
        browser, "user.html", person=person, avatar_url=avatar_url, course=None, roles=(),
        shows_profile=actor.root.settings.profiles,
    )  # fmt: skip


@route.get("/courses/:course_id/users/:id", right=BY_POLICY, scope=False)
def show_user_in_course(
    course_id: CourseId, id: UserId, actor: Actor, browser: Browser, request: Request, db: Connection
) -> Answer:
    """A person in a course, for callers who may see its people."""
    course = find_readable_course(db, actor, course_id)
    person = find_user(db, actor, id)
    enrollments = enrollments_seen(db, actor, course.ref, [person.id])[person.id]
    if not enrollments or not (actor.is_(person.id) or actor.holds_in_course(db, "read_roster", course.ref)):
        raise NotFound("user")
    avatar_url = avatars.url_of(person, request.base_url) if actor.root.settings.avatars else None
    return PAGES.show(
        browser, "user.html", person=person, avatar_url=avatar_url, course=course.record,
        roles=[ROLES.get(type_, type_) for type_ in sorted({record.type for record in enrollments})],
        shows_profile=actor.root.settings.profiles,
    )  # fmt: skip


@route.get("/courses/:course_id/grades/:id", right=BY_POLICY, scope=False)
def show_grades(course_id: CourseId, id: UserId, actor: Actor, browser: Browser, db: Connection) -> Answer:
    """A student's grades in a course: for the student, the student's observers, and people who may see all grades."""
    course = find_readable_course(db, actor, course_id)
    person = find_user(db, actor, id)
    enrollments = enrollments_seen(db, actor, course.ref, [person.id])[person.id]
    close = actor.is_(person.id) or person.id in observed_in(db, actor, course.ref)
    if not any(record.type == STUDENT for record in enrollments):
        raise NotFound("grades")
    if not close and not sees_all_grades(db, actor, course.ref):
        raise NotFound("grades")
    return PAGES.show(browser, "grades.html", person=person, course=course.record)
