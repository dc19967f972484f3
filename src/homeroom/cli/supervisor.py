"""The web processes and the worker, as children of a plain parent: started, watched and stopped by ``homeroom serve``.

A child that dies is started again, at once the first time and later each time; the others go on. Each web child is an
unchanged granian with one web process. On Linux they listen at the same port and share what comes; elsewhere there is
one web child, with all the processes.
"""

from __future__ import annotations

import http.client
import logging
import logging.config
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

import click

# Before the fork, so that every web process has it at once and shares its memory.
import homeroom.app  # noqa: F401
from homeroom.cli.address import Address
from homeroom.cli.connections import BACKLOG, HEAD_BYTES, connections_of, raise_file_limit
from homeroom.logs import CONFIGURATION
from homeroom.services.process import SUPERVISOR, Attention, end_with_supervisor
from homeroom.settings import Settings, environment_of

log = logging.getLogger("homeroom.serve")

# Seconds that a process has to finish what it is doing.
PATIENCE = 5
# Seconds between two looks at the children, and the longest wait before one is started again.
LOOKS_EVERY = 0.1
LONGEST_DELAY = 30.0
# A child that lived for this many seconds was well: its next death is the first one.
WELL_AFTER = 60.0


class Running(Protocol):
    """A child process, as both ``subprocess`` and ``multiprocessing`` have it."""

    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Child:
    """A process that is started again when it dies."""

    def __init__(self, name: str, start: Callable[[], Running], first_delay: float) -> None:
        self.name = name
        self._start = start
        self._first_delay = self._delay = first_delay
        self._process: Running | None = None
        self._began = 0.0
        self._due = 0.0

    def look(self) -> None:
        """Start it when it is due; say so when it has ended."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self._process, self._began = self._start(), now
            return
        code = _exit_code(self._process)
        if code is None:
            return
        self._process = None
        if now - self._began > WELL_AFTER:
            self._delay = self._first_delay
        self._due = now + self._delay
        log.error("The %s process ended (%s) and is started again in %g seconds.", self.name, code, self._delay)
        self._delay = min(max(self._delay * 2, 0.5), LONGEST_DELAY)

    def ask_to_stop(self) -> None:
        if self._process is not None and _exit_code(self._process) is None:
            self._process.terminate()

    def stop(self, until: float) -> None:
        """Wait for its end, and insist on it."""
        while self._process is not None and _exit_code(self._process) is None:
            if time.monotonic() > until:
                self._process.kill()
                until = float("inf")
            time.sleep(0.01)


def supervise(settings: Settings, address: Address, workers: int) -> None:
    """Serve until a signal says to stop."""
    os.environ |= {**environment_of(settings), SUPERVISOR: str(os.getpid())}
    logging.config.dictConfig(CONFIGURATION)
    stop = Attention()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    # A terminal that is closed takes nothing with it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    share, each = (workers, 1) if sys.platform == "linux" else (1, workers)
    web = [Child("web", lambda: _start_web(address, each, settings.idle_timeout), 0.0) for _ in range(share)]
    worker = Child("worker", _start_worker, 0.5)
    children = [*web, worker]
    try:
        if _wait_until_ready(web, address, stop):
            click.echo(f"Homeroom is ready on {address.url}")
            sys.stdout.flush()
        while not stop.wait(LOOKS_EVERY):
            for child in children:
                child.look()
    finally:
        for child in children:
            child.ask_to_stop()
        # granian gives its own process so long, and then ends it.
        until = time.monotonic() + PATIENCE + 1
        for child in children:
            child.stop(until)
    click.echo("Homeroom has stopped.")


def _wait_until_ready(web: list[Child], address: Address, stop: Attention) -> bool:
    """Whether it answers; False when it is to stop before it does. Only then comes what would slow its start down."""
    while not stop.is_set():
        for child in web:
            child.look()
        if _answers(address):
            return True
        stop.wait(0.02)
    return False


def _start_web(address: Address, workers: int, idle_timeout: int) -> Running:
    # What is imported here is there after a fork; elsewhere the child reads it again.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    arguments = address.ip, address.port, workers, idle_timeout
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=serve_web, args=arguments)
    process.start()
    return cast("Running", process)


def serve_web(ip: str, port: int, workers: int, idle_timeout: int) -> None:
    """Run granian, unchanged, until it is asked to stop or its process dies. ``idle_timeout``: seconds."""
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_supervisor()
    os.environ[SUPERVISOR] = str(os.getpid())
    server = Server(
        "homeroom.app:create_app",
        address=ip,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop if sys.platform != "win32" else Loops.asyncio,
        # With HTTP/2 on, granian waits for the first byte of a connection for ever.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=idle_timeout * 1_000, max_buffer_size=HEAD_BYTES),
        websockets=False,
        backlog=BACKLOG,
        backpressure=connections_of(raise_file_limit()),
        factory=True,
        workers_kill_timeout=PATIENCE,
        log_level=LogLevels.warning,
        log_dictconfig=CONFIGURATION,
    )
    # granian takes Ctrl-C for itself when it starts.
    server.on_startup(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    server.serve()


def _start_worker() -> Running:
    return subprocess.Popen([sys.executable, "-m", "homeroom", "worker"])


def _exit_code(process: Running) -> int | None:
    """None while it runs."""
    if isinstance(process, subprocess.Popen):
        return process.poll()
    assert isinstance(process, multiprocessing.process.BaseProcess)
    return process.exitcode


def _answers(address: Address) -> bool:
    connection = http.client.HTTPConnection(*address.probe, timeout=PATIENCE)
    try:
        connection.request("GET", "/homeroom/v1/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
