"""Bookmarks: pages that a person wants to find again, in an order of their own (homeroom.md §3).

Positions count from 1 without a gap: adding or moving a bookmark moves the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, insert, select, update

from homeroom import clock
from homeroom.db import insert_returning_id, lock
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, Order
from homeroom.school.schema import Bookmark, User

LONGEST_NAME = 255
LONGEST_URL = 4096
LONGEST_DATA = 16_384


class FoundBookmark(NamedTuple):
    id: int
    name: str
    url: str
    position: int
    data: str | None


_COLUMNS = tuple(Bookmark.c[name] for name in FoundBookmark._fields)


def bookmarks_of(user_id: int) -> Listing[FoundBookmark]:
    """The person's bookmarks in their own order."""
    rows = select(*_COLUMNS).where(Bookmark.c.user_id == user_id)
    return Listing(rows, Order(Bookmark.c.position, Bookmark.c.id), FoundBookmark._make, countable=rows)


def find_bookmark(db: Connection, user_id: int, form: IdForm) -> FoundBookmark:
    """The person's own bookmark with this id. Raises NotFound, also for somebody else's."""
    row = db.execute(select(*_COLUMNS).where(Bookmark.c.user_id == user_id, Bookmark.c.id == number_of(form))).first()
    if row is None:
        raise NotFound("bookmark")
    return FoundBookmark(*row)


def create_bookmark(db: Connection, user_id: int, values: Mapping[str, Any], *, most: int) -> int:
    """Add a bookmark at the bottom, or at its ``position``; its id. Raises Invalid, also if the person has ``most``
    bookmarks already.
    """
    values, position = _checked({"name": "", "url": "", **values})
    lock(db, User, [user_id])
    now = clock.now()
    bottom = _count(db, user_id) + 1
    if bottom > most:
        raise Invalid(Fault("base", "too_many", f"There are too many bookmarks (maximum is {most})"))
    row = {**values, "user_id": user_id, "position": bottom, "created_at": now, "updated_at": now}
    bookmark_id = insert_returning_id(db, insert(Bookmark).values(row))
    if position is not None:
        _move(db, user_id, bookmark_id, position)
    return bookmark_id


def update_bookmark(db: Connection, user_id: int, bookmark_id: int, values: Mapping[str, Any]) -> None:
    """Change the given fields. Raises Invalid."""
    values, position = _checked(values)
    lock(db, User, [user_id])
    db.execute(update(Bookmark).where(Bookmark.c.id == bookmark_id).values(**values, updated_at=clock.now()))
    if position is not None:
        _move(db, user_id, bookmark_id, position)


def delete_bookmark(db: Connection, user_id: int, bookmark_id: int) -> None:
    """Remove the bookmark; those below it move up."""
    lock(db, User, [user_id])
    _move(db, user_id, bookmark_id, _count(db, user_id))
    db.execute(delete(Bookmark).where(Bookmark.c.id == bookmark_id))


def _checked(values: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """The columns to write, and the position apart from them. Raises Invalid."""
    columns = {name: value.strip() if name in ("name", "url") else value for name, value in values.items()}
    position = columns.pop("position", None)
    faults = [Fault(name, "blank") for name in ("name", "url") if columns.get(name) == ""]
    for name, longest in (("name", LONGEST_NAME), ("url", LONGEST_URL), ("data", LONGEST_DATA)):
        if len(columns.get(name) or "") > longest:
            faults.append(Fault(name, "too_long"))
    if columns.get("url") and not _leads_somewhere(columns["url"]):
        faults.append(Fault("url", "invalid"))
    if faults:
        raise Invalid(*faults)
    return columns, position


def _leads_somewhere(url: str) -> bool:
    """A web address, or a path on this server. Nothing else: a bookmark is clicked, and ``javascript:`` would run."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme in ("http", "https") and parts.netloc) or (not parts.scheme and url.startswith("/"))


def _count(db: Connection, user_id: int) -> int:
    return int(db.execute(select(func.count()).where(Bookmark.c.user_id == user_id)).scalar_one())


def _move(db: Connection, user_id: int, bookmark_id: int, position: int) -> None:
    """Move the bookmark to this position, or the nearest one; those in between move."""
    wanted = max(1, min(position, _count(db, user_id)))
    now_at = db.execute(select(Bookmark.c.position).where(Bookmark.c.id == bookmark_id)).scalar_one_or_none()
    if now_at is None:
        raise NotFound("bookmark")
    step = 1 if wanted < now_at else -1
    between = Bookmark.c.position.between(min(wanted, now_at), max(wanted, now_at))
    db.execute(
        update(Bookmark).where(Bookmark.c.user_id == user_id, between).values(position=Bookmark.c.position + step)
    )
    db.execute(update(Bookmark).where(Bookmark.c.id == bookmark_id).values(position=wanted))
