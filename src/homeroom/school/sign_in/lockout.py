"""When a password may be tried: failures count, for a login and the place they come from (decision 0011)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom import clock
from homeroom.db import digest_of
from homeroom.db.types import AnyRow
from homeroom.school.people.names import search_key
from homeroom.school.schema import AttemptCount
from homeroom.school.sign_in import attempts
from homeroom.school.sign_in.places import Known, Place

# Failures in attempts.WINDOW: of one login in one place,
TRIES_PER_PLACE = 10
# of one login in all places where nobody signed in with it before,
TRIES_PER_LOGIN = 50
# and from one network address; a whole school may sit behind it.
TRIES_PER_ADDRESS = 100
# From here on each failure in one place doubles the time until the next try.
TRIES_WITHOUT_WAIT = 3


class Limit(NamedTuple):
    """A count that a try must pass, and that grows when it fails."""

    name: str
    tries: int
    slows_down: bool = False


def limits_of(typed: str, place: Place, known: Known) -> list[Limit]:
    """The limits that count for a try of this login.

    A browser that signed in with it before has a limit of its own, so that nobody else can use up its tries.
    """
    login = attempts.about("sign-in as", search_key(typed.strip()))
    if known.browser:
        return [Limit(f"{login} in {_short(place.browser or '')}", TRIES_PER_PLACE, slows_down=True)]
    limits = [
        Limit(attempts.from_address(login, place.address), TRIES_PER_PLACE, slows_down=True),
        Limit(attempts.from_address("sign-in", place.address), TRIES_PER_ADDRESS),
    ]
    return limits if known.address else [*limits, Limit(login, TRIES_PER_LOGIN)]


def seconds_to_wait(db: Connection, limits: Sequence[Limit]) -> int:
    """How long before the next try; 0: it may be made now. One statement."""
    now, counts = clock.real_now(), _counts_of(db, limits)
    ends = [now]
    for limit in limits:
        if (row := counts.get(limit.name)) is None:
            continue
        if row.failures >= limit.tries:
            ends.append(row.ends_at)
        elif limit.slows_down and row.failures >= TRIES_WITHOUT_WAIT:
            ends.append(row.last_at + timedelta(seconds=2 ** (row.failures - TRIES_WITHOUT_WAIT)))
    return math.ceil((max(ends) - now).total_seconds())


def is_over(db: Connection, limits: Sequence[Limit]) -> bool:
    """Whether a limit is used up."""
    counts = _counts_of(db, limits)
    return any(limit.name in counts and counts[limit.name].failures >= limit.tries for limit in limits)


def count_failure(db: Connection, limits: Sequence[Limit]) -> None:
    # In one order everywhere: two failures that count the same two names must not wait for each other.
    for limit in sorted(limits):
        attempts.count(db, limit.name, limit.tries)


def forget_failures(db: Connection, limits: Sequence[Limit]) -> None:
    """The right password was given: this place starts over. What others tried elsewhere stays counted."""
    for limit in limits:
        if limit.slows_down:
            attempts.forget(db, limit.name)


def _counts_of(db: Connection, limits: Sequence[Limit]) -> dict[str, AnyRow]:
    rows = db.execute(
        select(
            AttemptCount.c.name, AttemptCount.c.count.label("failures"), AttemptCount.c.last_at, AttemptCount.c.ends_at
        ).where(AttemptCount.c.name.in_([limit.name for limit in limits]), AttemptCount.c.ends_at > clock.real_now())
    )
    return {row.name: row for row in rows}


def _short(secret: str) -> str:
    return digest_of(f"browser {secret}").hex()[:32]
