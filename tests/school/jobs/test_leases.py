"""Leases: who does periodic work."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection
from tests.conftest import School

from homeroom.school.jobs.leases import give_back, leases_named, take_lease


def holder_of(db: Connection) -> str | None:
    return next((lease.holder for lease in leases_named(db, "sweep") if lease.live), None)


MINUTE = timedelta(minutes=1)


def test_one_holds_a_lease_until_it_ends_or_is_given_back(school: School) -> None:
    def take(holder: str, time: timedelta = MINUTE) -> bool:
        return bool(school.write(lambda db: take_lease(db, "sweep", holder, time)))

    assert take("a")
    assert not take("b")
    assert take("a", timedelta(seconds=-1)), "The holder may take it again."
    assert take("b"), "It has ended."
    assert school.read(holder_of) == "b"
    school.write(lambda db: give_back(db, "sweep", "a"))
    assert school.read(holder_of) == "b", "It is not another's to give back."
    school.write(lambda db: give_back(db, "sweep", "b"))
    assert school.read(holder_of) is None
    assert take("a")
