"""Favorite courses of the caller (learning-resources.md §15)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.canvas.courses.courses import AnyCourseJson, render_courses_of
from homeroom.school.courses import favorites
from homeroom.school.courses.courses.listing import OwnFilter
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class FavoriteJson(Struct):
    context_id: int
    context_type: str


class NothingJson(Struct):
    """The answer for a course that is not a favorite: an empty object."""


class MessageJson(Struct):
    message: str


class ListFavorites(Struct):
    include: frozenset[str] = frozenset()


@route.get("/users/self/favorites/courses", right=SELF_ONLY)
def list_favorite_courses(params: Params[ListFavorites], paging: Paging, call: Call) -> Page[AnyCourseJson]:
    """List favorite courses."""
    which = OwnFilter(
        enrollment_state="current", course_ids=frozenset(favorites.favorite_courses(call.db, call.actor.id))
    )
    return render_courses_of(call, call.actor.id, which, params.include, paging)


@route.post("/users/self/favorites/courses/:id", right=SELF_ONLY)
def add_favorite_course(course: CourseContext, actor: Actor, db: Connection) -> FavoriteJson:
    """Add course to favorites."""
    favorites.add_course(db, actor.id, course.id)
    return FavoriteJson(course.id, favorites.COURSE)


@route.delete("/users/self/favorites/courses/:id", right=SELF_ONLY)
def remove_favorite_course(course: CourseContext, actor: Actor, db: Connection) -> FavoriteJson | NothingJson:
    """Remove course from favorites."""
    removed = favorites.remove_course(db, actor.id, course.id)
    return FavoriteJson(course.id, favorites.COURSE) if removed else NothingJson()


@route.delete("/users/self/favorites/courses", right=SELF_ONLY)
def clear_favorite_courses(actor: Actor, db: Connection) -> MessageJson:
    """Reset course favorites."""
    favorites.remove_all_courses(db, actor.id)
    return MessageJson("OK")
