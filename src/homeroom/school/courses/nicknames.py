"""Course nicknames: a person's own names for courses (users-core.md §13). Lists of courses join them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.listing import Listing, by, leading
from homeroom.school.people.names import sort_key
from homeroom.school.schema import (
    Course,
    CourseNickname,
)
from homeroom.school.states import CourseState

LONGEST = 59
MISSING = "missing nickname"
TOO_LONG = "nickname too long"
NONE = "no nickname exists for course"


class Nickname(NamedTuple):
    """``name`` is the course's real name."""

    course_id: int
    name: str
    nickname: str


def nicknames_of(user_id: int) -> Listing[Nickname]:
    """A person's nicknames in the order in which they were made."""
    rows = (
        select(CourseNickname.c.course_id, Course.c.name, CourseNickname.c.nickname, CourseNickname.c.id)
        .join(Course, Course.c.id == CourseNickname.c.course_id)
        .where(CourseNickname.c.user_id == user_id, Course.c.state != CourseState.DELETED)
    )
    return Listing(rows, by(CourseNickname.c.id), leading(Nickname, 3), countable=rows)


def set_nickname(db: Connection, user_id: int, course_id: int, nickname: str | None) -> None:
    """Set the nickname. Raises Refused for a blank one and for one that is too long."""
    if not nickname or not nickname.strip():
        raise Refused(MISSING)
    if len(nickname) > LONGEST:
        raise Refused(TOO_LONG)
    now = clock.now()
    row = {
        "user_id": user_id,
        "course_id": course_id,
        "nickname": nickname,
        "sort_key": sort_key(nickname),
        "created_at": now,
        "updated_at": now,
    }
    insert_or_update(
        db, CourseNickname, [row], key=["user_id", "course_id"], update=["nickname", "sort_key", "updated_at"]
    )


def remove_nickname(db: Connection, user_id: int, course_id: int) -> None:
    """Remove the nickname. Raises Refused if there was none."""
    mine = CourseNickname.c.user_id == user_id, CourseNickname.c.course_id == course_id
    if db.execute(delete(CourseNickname).where(*mine)).rowcount == 0:
        raise Refused(NONE, status=404)


def remove_all_nicknames(db: Connection, user_id: int) -> None:
    db.execute(delete(CourseNickname).where(CourseNickname.c.user_id == user_id))
