"""Servers as processes, and the load that is put on them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")


@dataclass(frozen=True)
class Target:
    """One address to load. ``script`` is a wrk script for other things than GET."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    script: str = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: list[str], url: str, env: dict[str, str] | None = None, seconds: float = 30
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; entered when ``url`` answers at all."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(url, seconds, process)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(url: str, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return when the address answers, whatever it says. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} stopped with status {process.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except urllib.error.HTTPError:
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.01)
    raise TimeoutError(f"{url} did not answer within {seconds} seconds.")


def requests_per_second(target: Target, seconds: int, connections: int = 8) -> float:
    """Load the target with wrk and return its rate. Raises RuntimeError when an answer was not a success."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("The benchmarks need wrk (Debian: apt-get install wrk).")
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s"]
    for name, value in target.headers.items():
        command += ["-H", f"{name}: {value}"]
    if target.script:
        command += ["-s", target.script]
    out = subprocess.run([*command, target.url], capture_output=True, text=True, check=True).stdout
    if bad := _BAD.search(out):
        raise RuntimeError(f"{target.url} refused {bad[1]} requests.")
    rate = _RATE.search(out)
    assert rate is not None, out
    return float(rate[1])


def megabytes_of(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def children_of(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *children_of(child)]
    return found


PYTHON = sys.executable
