"""Processes that belong together."""

from __future__ import annotations

import os
import signal
import threading
import time

SUPERVISOR = "HOMEROOM_SUPERVISOR"
"""The environment variable in which ``homeroom serve`` tells its children who it is."""


def end_with_supervisor() -> None:
    """Stop this process when the one that watches it is gone.

    A supervisor that was killed cannot stop its children, and they would keep its port.
    """
    supervisor = int(os.environ.get(SUPERVISOR) or 0)
    if supervisor:
        threading.Thread(target=_watch, args=(supervisor,), name="supervisor", daemon=True).start()


def is_supervised() -> bool:
    return bool(os.environ.get(SUPERVISOR))


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)
