"""A person's preferences: switches, the text editor, the files pages (users-core.md §7, §10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import Connection, delete, select

from homeroom.db import insert_or_update
from homeroom.school.schema import Preference

Value = bool | str
_read = msgspec.json.Decoder(Value)


def preferences_of(db: Connection, user_id: int, names: Collection[str]) -> dict[str, Value]:
    """The given preferences that the person has set."""
    rows = select(Preference.c.name, Preference.c.value).where(
        Preference.c.user_id == user_id, Preference.c.name.in_(sorted(names))
    )
    return {row.name: _read.decode(row.value) for row in db.execute(rows)}


def set_preferences(db: Connection, user_id: int, values: Mapping[str, Value]) -> None:
    """Store these preferences; the person's others stay."""
    rows = [
        {"user_id": user_id, "name": name, "value": msgspec.json.encode(value).decode()}
        # In one order, so that two writers of the same preferences do not wait for each other.
        for name, value in sorted(values.items())
    ]
    insert_or_update(db, Preference, rows, key=("user_id", "name"), update=("value",))


def clear_preference(db: Connection, user_id: int, name: str) -> None:
    """Delete the preference."""
    db.execute(delete(Preference).where(Preference.c.user_id == user_id, Preference.c.name == name))
