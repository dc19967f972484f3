"""Counts attempts at things that can be guessed, in a table, so that all processes and nodes share the count.

Uses real time, not the product's clock (homeroom.md §5).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address

from sqlalchemy import Connection, case, delete, update

from homeroom import clock
from homeroom.db import insert_or_change
from homeroom.networks import read_address
from homeroom.school.schema import AttemptCount

WINDOW = timedelta(minutes=15)


def count(db: Connection, name: str, limit: int) -> bool:
    """Count one more attempt under this name; False if it exceeds the limit of the current window."""
    now = clock.real_now()
    over = AttemptCount.c.ends_at <= now
    tries = insert_or_change(
        db,
        AttemptCount,
        {"name": name, "count": 1, "last_at": now, "ends_at": now + WINDOW},
        key=["name"],
        change=lambda new: {
            "count": case((over, 1), else_=AttemptCount.c.count + 1),
            "last_at": new.last_at,
            "ends_at": case((over, new.ends_at), else_=AttemptCount.c.ends_at),
        },
        returning=AttemptCount.c.count,
    )
    return tries <= limit


def forget(db: Connection, name: str) -> None:
    """Reset the count, because the right answer was given."""
    db.execute(delete(AttemptCount).where(AttemptCount.c.name == name))


def give_back(db: Connection, name: str) -> None:
    """Do not count the last attempt, because it was not a guess."""
    db.execute(
        update(AttemptCount)
        .where(AttemptCount.c.name == name, AttemptCount.c.count > 0)
        .values(count=AttemptCount.c.count - 1)
    )


def sweep(db: Connection) -> None:
    """Delete counts whose window is over."""
    db.execute(delete(AttemptCount).where(AttemptCount.c.ends_at <= clock.real_now()))


def about(what: str, text: str) -> str:
    """The name for attempts with a typed text. It is hashed, because people type passwords into the wrong field."""
    return f"{what} {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def from_address(what: str, address: str) -> str:
    """The name for tries from a network address."""
    return f"{what} from {network_of(address)}"


def network_of(address: str) -> str:
    """The part of the address that counts: of IPv6 the /64, because every home and phone has a whole one."""
    parsed = read_address(address)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed or address[:64])
