"""Asset strings: one name for a record of any kind, such as ``course_42`` (basics.md §4).

There are courses, sections (``course_section_7``), users and accounts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom.db.types import AnySelect
from homeroom.school.courses.courses.policy import readable_courses
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import local_id
from homeroom.school.people.users.policy import readable_users
from homeroom.school.rights.actor import AccountRef, Actor, chain_of
from homeroom.school.schema import Account, Course, CourseSection, CourseState, User, UserState

_FORM = re.compile(r"([a-z]+(?:_[a-z]+)*)_([0-9]{1,19})")


class Asset(NamedTuple):
    """A record that exists."""

    kind: str
    id: int

    @property
    def string(self) -> str:
        return f"{self.kind}_{self.id}"


def find_asset(db: Connection, text: str) -> Asset:
    """The record of this asset string. Raises NotFound for unknown kinds and for missing or deleted records."""
    asset = find_assets(db, [text])[text]
    if asset is None:
        raise NotFound("asset")
    return asset


def find_assets(db: Connection, texts: Collection[str]) -> dict[str, Asset | None]:
    """Each asset string with its record; one statement for each kind, however many there are."""
    named = {text: named_asset(text) for text in texts}
    wanted = _ids_by_kind(asset for asset in named.values() if asset is not None)
    there = {Asset(kind, id) for kind, ids in wanted.items() for id in db.execute(_LIVE[kind](ids)).scalars()}
    return {text: asset if asset in there else None for text, asset in named.items()}


def named_asset(text: str) -> Asset | None:
    """The kind and id in an asset string, whether or not the record exists; None for any other text."""
    match = _FORM.fullmatch(text)
    if match is None or match[1] not in _LIVE:
        return None
    id = local_id(match[2])
    return None if id is None else Asset(match[1], id)


def readable_assets(db: Connection, actor: Actor, assets: Iterable[Asset]) -> frozenset[Asset]:
    """The records that the actor may read; a constant number of statements for each kind."""
    wanted = _ids_by_kind(assets)
    return frozenset(Asset(kind, id) for kind, ids in wanted.items() for id in _READABLE[kind](db, actor, ids))


def _ids_by_kind(assets: Iterable[Asset]) -> Mapping[str, set[int]]:
    ids: dict[str, set[int]] = defaultdict(set)
    for asset in assets:
        ids[asset.kind].add(asset.id)
    return ids


def _live_courses(ids: Collection[int]) -> AnySelect:
    return select(Course.c.id).where(Course.c.id.in_(ids), Course.c.state != CourseState.DELETED)


def _live_sections(ids: Collection[int]) -> AnySelect:
    sections = select(CourseSection.c.id).join(Course, Course.c.id == CourseSection.c.course_id)
    return sections.where(
        CourseSection.c.id.in_(ids), CourseSection.c.state != "deleted", Course.c.state != CourseState.DELETED
    )


def _live_users(ids: Collection[int]) -> AnySelect:
    return select(User.c.id).where(User.c.id.in_(ids), User.c.state != UserState.DELETED)


def _live_accounts(ids: Collection[int]) -> AnySelect:
    return select(Account.c.id).where(Account.c.id.in_(ids), Account.c.state != "deleted")


def _readable_sections(db: Connection, actor: Actor, ids: Collection[int]) -> frozenset[int]:
    """A section can be read by everybody who may read its course."""
    rows = db.execute(select(CourseSection.c.id, CourseSection.c.course_id).where(CourseSection.c.id.in_(ids)))
    courses = {row.id: row.course_id for row in rows}
    readable = readable_courses(db, actor, set(courses.values()))
    return frozenset(id for id, course in courses.items() if course in readable)


def _readable_accounts(db: Connection, actor: Actor, ids: Collection[int]) -> frozenset[int]:
    """An account can be read by its admins and by those of an account above it."""
    rows = db.execute(select(Account.c.id, Account.c.ancestry).where(Account.c.id.in_(ids)))
    return frozenset(row.id for row in rows if actor.has_role_in(AccountRef(row.id, chain_of(row.ancestry))))


_LIVE: dict[str, Callable[[Collection[int]], AnySelect]] = {
    "course": _live_courses,
    "course_section": _live_sections,
    "user": _live_users,
    "account": _live_accounts,
}
_READABLE: dict[str, Callable[[Connection, Actor, Collection[int]], frozenset[int]]] = {
    "course": readable_courses,
    "course_section": _readable_sections,
    "user": readable_users,
    "account": _readable_accounts,
}
