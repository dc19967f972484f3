"""The queue that wakes workers: Huey, in the data folder or in PostgreSQL.

It may lose or repeat what it is given: the domain's row is the truth, and a sweep finds what was lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from homeroom.settings import Settings

if TYPE_CHECKING:
    from huey import Huey
    from huey.consumer import Consumer

log = logging.getLogger("homeroom.jobs")

# Seconds until a worker looks again.
POLLING = 0.2
# Jobs that one worker process does at a time.
THREADS = 4
_WOKEN, _DONE = "woken", "done"


class JobCall(NamedTuple):
    """A job by its name, and the ids it is about."""

    job: str
    ids: Mapping[str, int]


Run = Callable[[JobCall], None]


class JobQueue:
    """Where calls wait for a worker. It is opened when it is first used."""

    def __init__(self, settings: Settings, run: Run) -> None:
        self._settings = settings
        self._run = run
        self._task: Any = None
        # Only while developing does anybody wait for what other processes do, and pay for counting it.
        self._counts = settings.dev
        self._listens = not settings.url.startswith("sqlite")

    def put(self, calls: Sequence[JobCall]) -> None:
        """Wake workers. What cannot be put is logged and not raised: its row is committed, and a sweep will find it."""
        try:
            for call in calls:
                huey = self._huey
                if self._counts:
                    huey.storage.incr(_WOKEN)
                huey.enqueue(self._task.s(call.job, dict(call.ids)))
        except Exception:
            log.exception("The job queue cannot be written to.", extra={"fields": {"jobs": len(calls)}})

    def run_all(self) -> int:
        """Run the waiting calls here and now. Returns their number."""
        ran = 0
        while (task := self._huey.dequeue()) is not None:
            self._huey.execute(task)
            ran += 1
        return ran

    def wait_for_others(self, seconds: float) -> None:
        """Wait until other processes have finished their calls. Only where calls are counted."""
        deadline = time.monotonic() + seconds
        storage = self._huey.storage
        while (missing := storage.incr(_WOKEN, 0) - storage.incr(_DONE, 0) - storage.queue_size()) > 0:
            if time.monotonic() > deadline:
                # The process that took them died, so nobody waits for them again.
                storage.incr(_DONE, missing)
                return
            time.sleep(0.01)

    def consumer(self) -> Consumer:
        """Threads that take calls from the queue and run them, once started."""
        # Only a worker listens for PostgreSQL's notifications.
        self._huey.storage.blocking = self._listens
        return self._huey.create_consumer(
            workers=THREADS,
            periodic=False,
            initial_delay=POLLING / 4,
            max_delay=POLLING,
            # The queue delays nothing: later work is a row with a time.
            scheduler_interval=60,
            shutdown_timeout=4,
        )

    def size(self) -> int:
        """The number of waiting calls. Raises the error if the queue cannot be used."""
        waiting: int = self._huey.storage.queue_size()
        return waiting

    def close(self) -> None:
        if "_huey" in self.__dict__:
            self._huey.storage.close()

    @cached_property
    def _huey(self) -> Huey:
        # Late: Huey imports a tenth of what a start imports, psycopg among it, and most calls of the API need no queue.
        from homeroom.services.huey_queue import open_huey

        huey = open_huey(self._settings)
        self._task = huey.task(name="run")(self._run_and_count)
        return huey

    def _run_and_count(self, job: str, ids: dict[str, int]) -> None:
        try:
            self._run(JobCall(job, ids))
        finally:
            if self._counts:
                self._huey.storage.incr(_DONE)
