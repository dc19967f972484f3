"""Processes that belong together."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import suppress

SUPERVISOR = "HOMEROOM_SUPERVISOR"
"""The environment variable in which ``homeroom serve`` tells its children who it is."""


class Attention:
    """An event that a signal handler may set: ``threading.Event`` without its lock.

    Python runs a handler in the main thread, between two steps of whatever it does. If that is ``Event.wait``, which
    holds the event's lock for a moment, ``Event.set`` waits for it for ever, and the process ignores its SIGTERM.
    """

    # A handler that had to run just before `select` began is late by this many seconds, and not for ever.
    _LATE = 0.5

    def __init__(self) -> None:
        self._set = False
        self._ears, self._mouth = os.pipe()
        os.set_blocking(self._ears, False)
        os.set_blocking(self._mouth, False)

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        # A full pipe wakes as well.
        with suppress(BlockingIOError):
            os.write(self._mouth, b"!")

    def clear(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self._ears, 4096):
                pass
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it was set within ``timeout`` seconds; of several threads that wait, all are woken."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = self._LATE if until is None else min(self._LATE, until - time.monotonic())
            if left <= 0:
                return False
            select.select([self._ears], [], [], left)
        return True


def end_with_supervisor() -> None:
    """Stop this process when the one that watches it is gone.

    A supervisor that was killed cannot stop its children, and they would keep its port.
    """
    supervisor = int(os.environ.get(SUPERVISOR) or 0)
    if supervisor:
        # Ctrl-C reaches every process of a terminal; the supervisor hears it, and asks the others to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_watch, args=(supervisor,), name="supervisor", daemon=True).start()


def is_supervised() -> bool:
    return bool(os.environ.get(SUPERVISOR))


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)
