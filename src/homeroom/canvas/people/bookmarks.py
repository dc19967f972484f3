"""Bookmarks of the caller (homeroom.md §3)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.school.ground.ids import IdForm
from homeroom.school.people import bookmarks
from homeroom.school.people.bookmarks import FoundBookmark
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import RecordId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class BookmarkJson(Struct):
    id: int
    name: str
    url: str
    position: int
    data: Raw | None


class BookmarkValues(Struct):
    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    position: int | UnsetType | None = UNSET
    data: Raw | UnsetType | None = UNSET


@route.get("/users/self/bookmarks", right=SELF_ONLY)
def list_bookmarks(paging: Paging, actor: Actor, db: Connection) -> Page[BookmarkJson]:
    """List bookmarks."""
    return paging.of(db, bookmarks.bookmarks_of(actor.id), counted=True).map(bookmark_json)


@route.post("/users/self/bookmarks", right=SELF_ONLY)
def create_bookmark(params: Params[BookmarkValues], call: Call) -> BookmarkJson:
    """Create bookmark."""
    bookmark_id = bookmarks.create_bookmark(
        call.db, call.actor.id, _columns(params), most=call.request.settings.max_bookmarks
    )
    return _shown(call.db, call.actor, IdForm("id", str(bookmark_id)))


@route.get("/users/self/bookmarks/:id", right=SELF_ONLY)
def show_bookmark(id: RecordId, actor: Actor, db: Connection) -> BookmarkJson:
    """Get bookmark."""
    return _shown(db, actor, id)


@route.put("/users/self/bookmarks/:id", right=SELF_ONLY)
def update_bookmark(id: RecordId, params: Params[BookmarkValues], actor: Actor, db: Connection) -> BookmarkJson:
    """Update bookmark."""
    bookmark = bookmarks.find_bookmark(db, actor.id, id)
    bookmarks.update_bookmark(db, actor.id, bookmark.id, _columns(params))
    return _shown(db, actor, id)


@route.delete("/users/self/bookmarks/:id", right=SELF_ONLY)
def delete_bookmark(id: RecordId, actor: Actor, db: Connection) -> BookmarkJson:
    """Delete bookmark."""
    bookmark = bookmarks.find_bookmark(db, actor.id, id)
    bookmarks.delete_bookmark(db, actor.id, bookmark.id)
    return bookmark_json(bookmark)


def bookmark_json(bookmark: FoundBookmark) -> BookmarkJson:
    data = None if bookmark.data is None else Raw(bookmark.data.encode())
    return BookmarkJson(bookmark.id, bookmark.name, bookmark.url, bookmark.position, data)


def _columns(params: BookmarkValues) -> dict[str, Any]:
    values = given(params)
    if isinstance(params.data, Raw):
        values["data"] = bytes(params.data).decode()
    return values


def _shown(db: Connection, actor: Actor, form: IdForm) -> BookmarkJson:
    return bookmark_json(bookmarks.find_bookmark(db, actor.id, form))
