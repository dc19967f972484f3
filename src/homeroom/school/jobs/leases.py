"""Leases: who does periodic work, and which workers are alive; rows with an end, in real time (homeroom.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.db.types import AnyRow
from homeroom.school.schema import JobLease


def take_lease(db: Connection, name: str, holder: str, time: timedelta) -> bool:
    """Hold the lease until ``time`` from now. False while somebody else holds it."""
    now = clock.real_now()
    insert_or_update(db, JobLease, [{"name": name, "holder": "", "until": now}], key=["name"], update=[])
    taken = db.execute(
        update(JobLease)
        .where(JobLease.c.name == name, (JobLease.c.until <= now) | (JobLease.c.holder == holder))
        .values(holder=holder, until=now + time)
    )
    return taken.rowcount == 1


def give_back(db: Connection, name: str, holder: str) -> None:
    """Release the lease."""
    db.execute(delete(JobLease).where(JobLease.c.name == name, JobLease.c.holder == holder))


def leases_named(db: Connection, prefix: str) -> Sequence[AnyRow]:
    """The leases whose name begins so: ``holder``, and whether it is ``live``."""
    now = clock.real_now()
    rows = select(JobLease.c.holder, (JobLease.c.until > now).label("live")).where(JobLease.c.name.startswith(prefix))
    return db.execute(rows.order_by(JobLease.c.until.desc())).all()


def forget_dead(db: Connection, prefix: str) -> None:
    """Remove those of such leases that are over."""
    db.execute(delete(JobLease).where(JobLease.c.name.startswith(prefix), JobLease.c.until <= clock.real_now()))
