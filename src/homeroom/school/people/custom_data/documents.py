"""Custom data: one JSON document per user and namespace, read and changed at a scope (custom-data-files-sis.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.db.prepared import Prepared
from homeroom.school.ground.errors import Refused
from homeroom.school.people.custom_data.leaves import (
    LONGEST_PATH,
    Leaf,
    PathTooLong,
    leaves_of,
    outer_paths,
    path_of,
    range_of,
    value_of,
)
from homeroom.school.schema import (
    CustomDataDocument,
    CustomDataLeaf,
    User,
)
from homeroom.school.states import UserState

_RUBY_CLASSES: dict[type, str] = {
    str: "String",
    list: "Array",
    int: "Integer",
    float: "Float",
    bool: "TrueClass",
}


_FIND = Prepared(
    select(CustomDataDocument.c.user_id.label("owner"))
    .select_from(User)
    .outerjoin(
        CustomDataDocument,
        (CustomDataDocument.c.user_id == User.c.id) & (CustomDataDocument.c.namespace == bindparam("namespace")),
    )
    .where(User.c.id == bindparam("user_id"), User.c.state != UserState.DELETED)
)
_LEAVES = select(CustomDataLeaf.c.path, CustomDataLeaf.c.value).where(
    CustomDataLeaf.c.user_id == bindparam("user_id"), CustomDataLeaf.c.namespace == bindparam("namespace")
)
_EVERYTHING = Prepared(_LEAVES.order_by(CustomDataLeaf.c.id))
_BELOW = Prepared(
    _LEAVES.where(CustomDataLeaf.c.path >= bindparam("low"), CustomDataLeaf.c.path < bindparam("beyond")).order_by(
        CustomDataLeaf.c.id
    )
)


# What a document costs besides its characters: its row, and the entries in indexes.
_EACH = 256


@dataclass(frozen=True, slots=True)
class Document:
    """A person's document in one namespace. ``exists``: it has content."""

    user_id: int
    namespace: str
    exists: bool

    @property
    def rows(self) -> tuple[Any, Any]:
        return CustomDataLeaf.c.user_id == self.user_id, CustomDataLeaf.c.namespace == self.namespace


def find_document(db: Connection, user_id: int, namespace: str) -> Document | None:
    """The document, which may not exist yet; None if there is no such user. One statement."""
    row = _FIND.first(db, user_id=user_id, namespace=namespace)
    return None if row is None else Document(user_id, namespace, row.owner is not None)


def read(db: Connection, document: Document, scope: Sequence[str]) -> msgspec.Raw:
    """The value at the scope. Raises Refused if there is none."""
    path = path_of(scope)
    leaves = _leaves(db, document, path)
    if not leaves:
        raise Refused("invalid scope for hash")
    return value_of(leaves, path)


@dataclass(frozen=True, slots=True)
class Room:
    """Characters that a document, and all documents of a person together, may have."""

    document: int
    person: int


def write(db: Connection, document: Document, scope: Sequence[str], value: msgspec.Raw, room: Room) -> bool:
    """Replace what is at the scope; whether there was nothing before (or null).

    Raises Refused: 409 when an outer level holds something that is not an object, 400 when a path in it would be too
    long, or there is no ``room`` for it. Writers of one document go one after the other, so that
    none loses anything.
    """
    path = path_of(scope)
    try:
        leaves = list(leaves_of(value, path))
    except PathTooLong:
        raise Refused(f"a scope of this data would be longer than {LONGEST_PATH} bytes") from None
    _hold(db, document)
    _make_way(db, document, scope)
    before = _leaves(db, document, path)
    _resize(db, document, _size(leaves) - _size(before), room)
    _remove(db, document, path)
    db.execute(
        insert(CustomDataLeaf),
        [
            {"user_id": document.user_id, "namespace": document.namespace, "path": leaf, "value": text}
            for leaf, text in leaves
        ],
    )
    return before in ([], [(path, "null")])


def remove(db: Connection, document: Document, scope: Sequence[str]) -> msgspec.Raw:
    """Remove and return the value at the scope. Objects and documents that are empty then are removed too."""
    _hold(db, document)
    path = path_of(scope)
    leaves = _leaves(db, document, path)
    if not leaves:
        raise Refused("invalid scope for hash")
    _remove(db, document, path)
    if db.execute(select(CustomDataLeaf.c.id).where(*document.rows).limit(1)).first() is None:
        db.execute(delete(CustomDataDocument).where(*_header(document)))
    else:
        _resize(db, document, -_size(leaves), None)
    return value_of(leaves, path)


def _leaves(db: Connection, document: Document, path: str) -> list[Leaf]:
    whose = {"user_id": document.user_id, "namespace": document.namespace}
    bounds = range_of(path)
    if bounds is None:
        return [tuple(row) for row in _EVERYTHING.all(db, **whose)]
    return [tuple(row) for row in _BELOW.all(db, **whose, low=bounds[0], beyond=bounds[1])]


def _below(path: str) -> tuple[Any, ...]:
    bounds = range_of(path)
    return () if bounds is None else (CustomDataLeaf.c.path >= bounds[0], CustomDataLeaf.c.path < bounds[1])


def _header(document: Document) -> tuple[Any, Any]:
    return CustomDataDocument.c.user_id == document.user_id, CustomDataDocument.c.namespace == document.namespace


def _hold(db: Connection, document: Document) -> None:
    """Hold the document's row until the transaction ends; it is made if need be.

    One statement, for between two somebody else may delete the document: what is there is written again as it is,
    which waits for who deletes it and then makes it anew.
    """
    row = {"user_id": document.user_id, "namespace": document.namespace, "size": 0, "created_at": clock.now()}
    insert_or_update(db, CustomDataDocument, [row], key=["user_id", "namespace"], update=["namespace"])


def _make_way(db: Connection, document: Document, scope: Sequence[str]) -> None:
    """Raise Refused if an outer level is not an object; an empty or null one becomes an object."""
    outer = outer_paths(scope)
    if not outer:
        return
    rows = db.execute(
        select(CustomDataLeaf.c.id, CustomDataLeaf.c.path, CustomDataLeaf.c.value).where(
            *document.rows, CustomDataLeaf.c.path.in_(outer)
        )
    ).all()
    for row in rows:
        value = msgspec.json.decode(row.value)
        if value is not None and value != {}:
            depth = outer.index(row.path)
            raise Refused(
                "write conflict for custom_data hash",
                status=409,
                conflict_scope="/".join(scope[:depth]),
                type_at_conflict="FalseClass" if value is False else _RUBY_CLASSES[type(value)],
                value_at_conflict=msgspec.Raw(row.value.encode()),
            )
    if rows:
        db.execute(delete(CustomDataLeaf).where(CustomDataLeaf.c.id.in_([row.id for row in rows])))


def _remove(db: Connection, document: Document, path: str) -> None:
    db.execute(delete(CustomDataLeaf).where(*document.rows, *_below(path)))


def _resize(db: Connection, document: Document, change: int, room: Room | None) -> None:
    size = CustomDataDocument.c.size
    row = db.execute(
        update(CustomDataDocument).where(*_header(document)).values(size=size + change).returning(size)
    ).one()
    if room is None:
        return
    if row.size > room.document:
        raise Refused(f"the document of this namespace would be larger than {room.document} characters")
    # Each document counts for something, or empty ones in other namespaces would be free.
    whole = select(func.sum(size + _EACH)).where(CustomDataDocument.c.user_id == document.user_id)
    if change > 0 and db.execute(whole).scalar_one() > room.person:
        raise Refused(f"the custom data of this person would be larger than {room.person} characters")


def _size(leaves: Sequence[Leaf]) -> int:
    return sum(len(path) + len(text) for path, text in leaves)
