"""kill -9 for every process of a server, or for one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from tests.support.live import LiveServer

PATIENCE = 20.0


def kill_group(server: LiveServer) -> None:
    """All at once, as when the power goes."""
    server.kill_all()


def kill_supervisor(server: LiveServer) -> None:
    """Only `homeroom serve` itself. Its children must end too: they would keep its port. Raises if they stay."""
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while left := _processes(server):
        if time.monotonic() > deadline:
            server_group = server.process.pid
            os.killpg(server_group, signal.SIGKILL)
            raise AssertionError(f"These outlived their supervisor: {left}")
        time.sleep(0.05)


def kill_web(server: LiveServer) -> None:
    """A web process; the supervisor starts another."""
    _kill_one(server, lambda command: " worker" not in command and "resource_tracker" not in command)


def kill_jobs(server: LiveServer) -> None:
    """The process that does the jobs; the supervisor starts another."""
    _kill_one(server, lambda command: command.endswith(" worker"))


# How to kill, and whether the server has to be started again.
KILLS: dict[str, tuple[Callable[[LiveServer], None], bool]] = {
    "group": (kill_group, True),
    "web": (kill_web, False),
    "jobs": (kill_jobs, False),
    "supervisor": (kill_supervisor, True),
}


def _kill_one(server: LiveServer, which: Callable[[str], bool]) -> None:
    for pid, command in _processes(server):
        if pid != server.process.pid and which(command):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return


def _processes(server: LiveServer) -> list[tuple[int, str]]:
    """The living processes of the server's group."""
    out = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 3) for line in out.splitlines()]
    return [
        (int(row[0]), row[3])
        for row in rows
        if len(row) == 4 and int(row[1]) == server.process.pid and not row[2].startswith("Z")
    ]
