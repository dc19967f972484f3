"""A real server: ``homeroom serve`` in a process of its own, called over a socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.cast import token_of

SOURCE = Path(__file__).parents[2] / "src"
READY = "Homeroom is ready on "
PATIENCE = 30.0


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOMEROOM_")}
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **(changes or {})}


def run(
    *arguments: str | Path, settings: Mapping[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """A command of Homeroom, run to its end; ``typed`` is what it reads."""
    return subprocess.run(
        [sys.executable, "-m", "homeroom", *map(str, arguments)],
        env=environment(settings), input=typed, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@dataclass
class LiveServer:
    """``output`` and ``errors`` are what it has printed so far, line by line. ``ids``: see tests/support/cast.py."""

    process: subprocess.Popen[str]
    data: Path
    ids: Mapping[str, int] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    url: str = ""
    seconds_to_ready: float = 0.0

    def id(self, who: str) -> int:
        return self.ids[who]

    def token(self, who: str = "admin") -> str:
        """The token of somebody of the cast."""
        return token_of(who)

    @property
    def first_token(self) -> str:
        """The token that a server without a cast made for its first admin."""
        return (self.data / "admin-token").read_text().strip()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def stop(self) -> int:
        """Ask it to stop, as a service manager does; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill_all(self) -> None:
        """kill -9 for every process of it at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def serving(
    data: Path,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    ids: Mapping[str, int] | None = None,
) -> Iterator[LiveServer]:
    """``homeroom serve`` on a free port, ready; stopped afterwards if it still runs."""
    command = [sys.executable, "-m", "homeroom", "serve", "--port", "0", "--data", str(data), *arguments]
    began = time.monotonic()
    with subprocess.Popen(
        command, env=environment({"HOMEROOM_THROTTLE": "off", **(settings or {})}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        server = LiveServer(process, data, ids or {})
        readers = [_read(process.stdout, server.output), _read(process.stderr, server.errors)]
        try:
            server.url = _wait_until_ready(server)
            server.seconds_to_ready = time.monotonic() - began
            yield server
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    server.kill_all()
                    raise
            for reader in readers:
                reader.join(5)


def _read(stream: Iterator[str] | None, lines: list[str]) -> threading.Thread:
    def read() -> None:
        for line in stream or ():
            lines.append(line.rstrip("\n"))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _wait_until_ready(server: LiveServer) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in server.output:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
        if server.process.poll() is not None:
            break
        time.sleep(0.01)
    said = "\n".join([*server.output, *server.errors])
    raise AssertionError(f"The server did not say that it is ready:\n{said}")
