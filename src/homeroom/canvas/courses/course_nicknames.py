"""Course nicknames of the caller (users-core.md §13)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.school.courses import nicknames
from homeroom.school.courses.courses.policy import can_read_course
from homeroom.school.courses.courses.queries import FoundCourse
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes

route = Routes()


class CourseNicknameJson(Struct):
    course_id: int
    name: str
    nickname: str | None


class MessageJson(Struct):
    message: str


class SetNickname(Struct):
    nickname: str | None = None


@route.get("/users/self/course_nicknames", right=SELF_ONLY)
def list_nicknames(paging: Paging, actor: Actor, db: Connection) -> Page[CourseNicknameJson]:
    """List course nicknames."""
    page = paging.of(db, nicknames.nicknames_of(actor.id), counted=True)
    return page.map(lambda nickname: CourseNicknameJson(*nickname))


@route.get("/users/self/course_nicknames/:course_id", right=SELF_ONLY)
def show_nickname(course: CourseContext, actor: Actor, db: Connection) -> CourseNicknameJson:
    """Get course nickname."""
    _require_reader(db, actor, course)
    return CourseNicknameJson(course.id, course.record.name, course.record.nickname)


@route.put("/users/self/course_nicknames/:course_id", right=SELF_ONLY)
def set_nickname(
    course: CourseContext, params: Params[SetNickname], actor: Actor, db: Connection
) -> CourseNicknameJson:
    """Set course nickname."""
    _require_reader(db, actor, course)
    nicknames.set_nickname(db, actor.id, course.id, params.nickname)
    return CourseNicknameJson(course.id, course.record.name, params.nickname)


@route.delete("/users/self/course_nicknames/:course_id", right=SELF_ONLY)
def remove_nickname(course: CourseContext, actor: Actor, db: Connection) -> CourseNicknameJson:
    """Remove course nickname."""
    nicknames.remove_nickname(db, actor.id, course.id)
    return CourseNicknameJson(course.id, course.record.name, None)


@route.delete("/users/self/course_nicknames", right=SELF_ONLY)
def clear_nicknames(actor: Actor, db: Connection) -> MessageJson:
    """Clear course nicknames."""
    nicknames.remove_all_nicknames(db, actor.id)
    return MessageJson("OK")


def _require_reader(db: Connection, actor: Actor, course: FoundCourse) -> None:
    if not can_read_course(db, actor, course.ref):
        raise NotAllowed("read")
