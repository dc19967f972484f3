"""The web processes and the worker beside them: started, watched and stopped by ``homeroom serve``."""

from __future__ import annotations

import http.client
import logging
import logging.config
import os
import subprocess
import sys
import threading
import time
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

# Before the fork, so that every web process has it at once and shares its memory.
import homeroom.app  # noqa: F401
from homeroom.cli.address import Address
from homeroom.cli.connections import BACKLOG, HEAD_BYTES, connections_of, raise_file_limit
from homeroom.logs import CONFIGURATION
from homeroom.services.process import SUPERVISOR, Attention
from homeroom.settings import Settings, environment_of

log = logging.getLogger("homeroom.serve")

# Seconds that a process has to finish what it is doing.
PATIENCE = 5


def supervise(settings: Settings, address: Address, workers: int) -> None:
    """Serve until a signal says to stop."""
    os.environ |= {**environment_of(settings), SUPERVISOR: str(os.getpid())}
    logging.config.dictConfig(CONFIGURATION)
    worker = WorkerProcess()
    web = WebProcesses(
        "homeroom.app:create_app",
        address=address.ip,
        port=address.port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop if sys.platform != "win32" else Loops.asyncio,
        # With HTTP/2 on, granian waits for the first byte of a connection for ever.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=settings.idle_timeout * 1_000, max_buffer_size=HEAD_BYTES),
        websockets=False,
        backlog=BACKLOG,
        backpressure=connections_of(raise_file_limit()),
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
        log_level=LogLevels.warning,
        log_dictconfig=CONFIGURATION,
    )
    web.worker = worker
    web.main_loop_interrupt = Attention()
    web.on_startup(lambda: _in_background(_announce, address, worker))
    web.serve()
    click.echo("Homeroom has stopped.")


class WebProcesses(Server):  # type: ignore[misc,valid-type]
    """granian's processes, and the worker stopped together with them."""

    worker: WorkerProcess
    main_loop_interrupt: Attention

    def signal_handler_interrupt(self, *_: object) -> None:
        self.interrupt_signal = True
        # granian clears the event when it has started a dead process again, and would forget this.
        self.main_loop_interrupt.set_for_good()

    def shutdown(self, exit_code: int = 0) -> None:
        self.worker.ask_to_stop()
        try:
            super().shutdown(exit_code)
        finally:
            self.worker.stop()


class WorkerProcess:
    """``homeroom worker`` as a child that is started again when it dies."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        _in_background(self._keep_running)

    def ask_to_stop(self) -> None:
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()

    def stop(self) -> None:
        """Wait for its end, and insist on it."""
        if self._process is None:
            return
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keep_running(self) -> None:
        delay = 0.5
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = subprocess.Popen([sys.executable, "-m", "homeroom", "worker"])
            started = time.monotonic()
            code = self._process.wait()
            delay = 0.5 if time.monotonic() - started > 60 else min(delay * 2, 30.0)
            if self._stopping.wait(0):
                return
            log.error("The worker process ended (%s) and is started again in %g seconds.", code, delay)
            self._stopping.wait(delay)


def _announce(address: Address, worker: WorkerProcess) -> None:
    """Say that the server is ready when it is, and only then start what would slow its start down."""
    while not _answers(address):
        time.sleep(0.02)
    click.echo(f"Homeroom is ready on {address.url}")
    sys.stdout.flush()
    worker.start()


def _answers(address: Address) -> bool:
    connection = http.client.HTTPConnection(*address.probe, timeout=PATIENCE)
    try:
        connection.request("GET", "/homeroom/v1/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _in_background(work: Any, *args: Any) -> None:
    threading.Thread(target=work, args=args, daemon=True).start()
