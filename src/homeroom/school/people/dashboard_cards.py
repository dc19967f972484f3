"""A person's dashboard: colors and positions of its cards (users-core.md §8, §9)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select

from homeroom.db import insert_or_update
from homeroom.school.ground.errors import Refused
from homeroom.school.schema import CustomColor, DashboardPosition

# As it was sent: text in a form, a number in JSON.
Position = int | str

HIGHEST_POSITION = 1000
_INTEGER = re.compile(r"\s*[+-]?([0-9]+)\s*", re.ASCII)
_read_position = msgspec.json.Decoder(Position)


def colors_of(db: Connection, user_id: int) -> dict[str, str]:
    """The person's colors by asset string."""
    rows = select(CustomColor.c.asset_string, CustomColor.c.hexcode).where(CustomColor.c.user_id == user_id)
    return {row.asset_string: row.hexcode for row in db.execute(rows.order_by(CustomColor.c.asset_string))}


def color_of(db: Connection, user_id: int, asset_string: str) -> str | None:
    """The person's color for this asset, if any."""
    color = select(CustomColor.c.hexcode).where(
        CustomColor.c.user_id == user_id, CustomColor.c.asset_string == asset_string
    )
    return db.execute(color).scalar()


def set_color(db: Connection, user_id: int, asset_string: str, hexcode: str) -> None:
    """Store the color for the asset; the person's other colors stay."""
    row = {"user_id": user_id, "asset_string": asset_string, "hexcode": hexcode}
    insert_or_update(db, CustomColor, [row], key=("user_id", "asset_string"), update=("hexcode",))


def positions_of(db: Connection, user_id: int) -> dict[str, Position]:
    """The person's positions by asset string."""
    rows = select(DashboardPosition.c.asset_string, DashboardPosition.c.position).where(
        DashboardPosition.c.user_id == user_id
    )
    stored = db.execute(rows.order_by(DashboardPosition.c.asset_string))
    return {row.asset_string: _read_position.decode(row.position) for row in stored}


def set_positions(db: Connection, user_id: int, positions: Mapping[str, Position]) -> None:
    """Store these positions; the person's other positions stay."""
    rows = [
        {"user_id": user_id, "asset_string": asset_string, "position": msgspec.json.encode(position).decode()}
        # In one order, so that two writers of the same positions do not wait for each other.
        for asset_string, position in sorted(positions.items())
    ]
    insert_or_update(db, DashboardPosition, rows, key=("user_id", "asset_string"), update=("position",))


def checked_position(value: object) -> Position:
    """The position as it was given. Raises Refused unless it is a whole number from -1000 to 1000."""
    match = _INTEGER.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        raise Refused("Invalid position provided")
    digits = match[1].lstrip("0") or "0"
    # By length first: Python does not read numbers of thousands of digits.
    if len(digits) > 4 or int(digits) > HIGHEST_POSITION:
        raise Refused(
            f"Position {value} is too high. Your dashboard cards can probably be sorted with numbers 1-5, "
            "you could even use a 0."
        )
    assert isinstance(value, int | str)
    return value
