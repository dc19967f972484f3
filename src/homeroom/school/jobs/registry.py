"""Jobs: work that happens after an answer. A job is one line that calls an action with ids, and can safely run twice.

A job is a function of the tools and of ids; it opens its own transactions, so that slow and outside work stays out of
them. What must happen is a row with a state and a lease; the queue only wakes a worker:

    @job
    def deliver_mail(tools: Tools, *, message_id: int) -> None: ...

    later(deliver_mail, message_id=message.id)          # in the transaction that makes the row

    @sweep
    def due_mail(db: Connection) -> Iterable[JobCall]:      # and when the queue has lost it
        return [call(deliver_mail, message_id=row.id) for row in db.execute(...)]
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from homeroom.db import Database, after_commit, once_more
from homeroom.services.jobs import JobCall, JobQueue
from homeroom.settings import Settings

log = logging.getLogger("homeroom.jobs")

# How long `run_due` waits for jobs that a worker has already started.
PATIENCE = 30.0
# Calls in the queue beyond which a sweep adds none.
MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of a job."""

    database: Database
    settings: Settings


Job = Callable[..., None]
Sweep = Callable[[Connection], Iterable[JobCall]]
J = TypeVar("J", bound=Job)
S = TypeVar("S", bound=Sweep)
_jobs: dict[str, Job] = {}
_sweeps: list[Sweep] = []


def job(function: J) -> J:
    """Register a job under its name, which waiting calls in the queue use."""
    name = function.__name__
    if _jobs.setdefault(name, function) is not function:
        raise ValueError(f"There are two jobs with the name {name}.")
    return function


def sweep(function: S) -> S:
    """Register a function that finds due work, whether or not the queue still has it."""
    if function not in _sweeps:
        _sweeps.append(function)
    return function


def call(function: Job, **ids: int) -> JobCall:
    """A call of a job, as sweeps return it."""
    assert _jobs.get(function.__name__) is function, f"{function.__name__} is not registered with @job."
    return JobCall(function.__name__, ids)


def later(function: Job, **ids: int) -> None:
    """Run the job in a worker after the current transaction commits; never if it rolls back. It may run twice."""
    wanted = call(function, **ids)
    after_commit(lambda database: database.wake([wanted]))


class Jobs:
    """The jobs of one process: its queue, and what runs them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.tools = Tools(database, settings)
        self.queue = JobQueue(settings, self.run)
        database.wake = self.queue.put

    def run(self, wanted: JobCall) -> None:
        """Run a call now. A failure is only logged: its row says when it is tried again."""
        function = _jobs.get(wanted.job)
        if function is None:
            log.warning("There is no job %r.", wanted.job)
            return
        try:
            once_more(lambda: function(self.tools, **wanted.ids))
        except Exception:
            log.exception("A job failed.", extra={"fields": {"job": wanted.job, **wanted.ids}})

    def due(self) -> Sequence[JobCall]:
        """The calls that the sweeps find. A sweep that fails does not stop the others."""
        return [found for question in _sweeps for found in self._ask(question)]

    def _ask(self, question: Sweep) -> Iterable[JobCall]:
        try:
            with self.tools.database.read() as db:
                return list(question(db))
        except Exception:
            log.exception("A sweep failed.", extra={"fields": {"sweep": question.__name__}})
            return ()

    def sweep(self) -> int:
        """Wake workers for due work. Returns the number of calls."""
        if self.queue.size() > MOST_WAITING:
            # The workers are busy, and a sweep would mostly find the same work again.
            return 0
        due = self.due()
        self.queue.put(due)
        return len(due)

    def run_due(self) -> int:
        """Run due work here and wait for what a worker has started. Returns the number of calls run here."""
        done: set[object] = set()
        # A sweep may return only its first few hundred; if it finds nothing new, it is done.
        while due := [wanted for wanted in self.due() if _key(wanted) not in done]:
            for wanted in due:
                self.run(wanted)
                done.add(_key(wanted))
        ran = len(done)
        while True:
            ran += (more := self.queue.run_all())
            self.queue.wait_for_others(PATIENCE)
            if not more:
                return ran

    def close(self) -> None:
        self.queue.close()


def _key(wanted: JobCall) -> object:
    return wanted.job, *sorted(wanted.ids.items())
