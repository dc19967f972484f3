"""``homeroom worker``: runs jobs. ``homeroom serve`` starts and watches one."""

from __future__ import annotations

import logging
import logging.config
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from homeroom.cli.errors import reason, settings_from
from homeroom.cli.open_school import opened, prepare_folder, require_current
from homeroom.cli.options import of_a_school
from homeroom.db import Database
from homeroom.logs import CONFIGURATION
from homeroom.school.jobs.leases import forget_dead, give_back, take_lease
from homeroom.school.jobs.registry import Jobs
from homeroom.services.process import Attention, end_with_supervisor, is_supervised

log = logging.getLogger("homeroom.worker")

# What the leases of workers begin with.
WORKER = "worker "

EVERY = 60.0
# Seconds between two signs of life, and how long one counts. Who looks on the same machine sees at once that it died.
REPORTS_EVERY = 10.0
ALIVE = timedelta(seconds=25)
# A little less than a round, so that the next one finds the lease free whatever the scheduler of the machine does.
SWEEPING = timedelta(seconds=50)


@click.command()
@of_a_school
def worker(data: Path | None, database: str | None) -> None:
    """Run jobs, such as sending mail, without serving requests.

    `homeroom serve` starts one worker. More workers, here or on other nodes, share the work.

    \b
    Example
      homeroom worker --database postgresql+psycopg://homeroom@db/homeroom
    """
    settings = settings_from(data=data, database_url=database)
    logging.config.dictConfig(CONFIGURATION)
    with opened(settings, pool_size=6) as school:
        require_current(school)
        prepare_folder(settings.data)
        jobs = Jobs(school, settings)
        try:
            work(school, jobs, stop_on_signals())
        finally:
            jobs.close()


def work(school: Database, jobs: Jobs, stop: Attention) -> None:
    """Run jobs and sweep, until ``stop`` is set."""
    me = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    consumer = jobs.queue.consumer()
    consumer.start()
    # After the consumer, which installs signal handlers of its own.
    stop_on_signals(stop)
    end_with_supervisor()
    # At the start whoever else sweeps: what a worker left that was killed waits for this one.
    with unless_the_database_is_away():
        jobs.sweep()
    swept = time.monotonic()
    while True:
        with unless_the_database_is_away():
            report_alive(school, me)
        if stop.wait(REPORTS_EVERY):
            break
        consumer.check_worker_health()
        if time.monotonic() - swept >= EVERY:
            swept = time.monotonic()
            with unless_the_database_is_away():
                sweep_if_first(school, jobs, me)
    consumer.stop(graceful=True)
    with unless_the_database_is_away(), school.write() as db:
        give_back(db, lease_of(me), me)


def sweep_if_first(school: Database, jobs: Jobs, me: str) -> None:
    """Sweep, if no other worker has done so in the last minute."""
    with school.write() as db:
        mine = take_lease(db, "sweep", me, SWEEPING)
    if mine:
        jobs.sweep()


def report_alive(school: Database, me: str) -> None:
    """Record that a worker is running; `homeroom doctor` looks for it."""
    with school.write() as db:
        take_lease(db, lease_of(me), me, ALIVE)
        # What a dead one left is of no more use: there is a live one again.
        forget_dead(db, WORKER)


def lease_of(me: str) -> str:
    """Each worker has a lease of its own, or a dead one's would keep the next from saying that it lives."""
    return f"{WORKER}{me.rpartition(':')[2]}"


@contextmanager
def unless_the_database_is_away() -> Iterator[None]:
    """Say that the database is away, in one line, and go on: it comes back, and the jobs are rows in it."""
    try:
        yield
    except DBAPIError as error:
        log.error("The database cannot be used now: %s.", reason(error))


def stop_on_signals(stop: Attention | None = None) -> Attention:
    """An event that SIGTERM sets. Ctrl-C sets it too, unless a supervisor passes the signal on."""
    stop = stop or Attention()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN if is_supervised() else lambda *_: stop.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return stop
