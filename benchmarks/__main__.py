"""`make bench`: Homeroom, the limit and the peers, one worker each, interleaved, in one run."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.load import PYTHON, children_of, free_port, megabytes_of, requests_per_second, serving
from benchmarks.servers import PEOPLE, SELF, all_serving

# what it is, its key, whose work it is measured against (None: Homeroom's own under another key), at least
ROWS = (
    ("GET /users/self", "show", ("show", "limit"), 0.25),
    ("GET /accounts/1/users?per_page=100", "list", ("list", "limit"), 0.45),
    ("PUT /users/:id, a form body", "put", ("put", "limit"), 0.20),
    ("GET /users/self/courses", "courses", ("courses", "limit"), 0.25),
    ("GET /users/self/enrollments", "enrollments", ("enrollments", "limit"), 0.25),
    ("GET custom data, a key of 1 MB", "large key", ("large key", "limit"), 0.20),
    ("GET custom data, a key of 1 MB", "large key", ("small key", "Homeroom"), 1 / 1.3),
    ("GET /users/self", "show", ("show", "json-server"), 1.0),
    ("GET /users/self", "show", ("show", "prism"), 1.0),
    ("GET /users/self", "show", ("show", "FastAPI + ORM"), 3.0),
    ("GET /accounts/1/users?per_page=100", "list", ("list", "FastAPI + ORM"), 3.0),
)
console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load, for each server in each round")
    parser.add_argument("--no-node", action="store_true", help="leave json-server and prism out")
    options = parser.parse_args()
    console.print(f"Making a school of {PEOPLE:,} people, and starting the servers.")
    rates: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        with all_serving(Path(folder), with_node=not options.no_node) as running:
            for round_ in range(1, options.rounds + 1):
                for key, target in running.targets.items():
                    console.print(f"round {round_} of {options.rounds}: {' of '.join(key)}")
                    rates.setdefault(key, []).append(requests_per_second(target, options.seconds))
            memory = max(map(megabytes_of, children_of(running.homeroom_pid)), default=0.0)
        start = statistics.median(start_to_first_answer(Path(folder) / f"fresh{n}") for n in range(3))
    report(rates, memory, start)


def start_to_first_answer(data: Path) -> float:
    """Seconds from starting the command in an empty folder until an answer comes."""
    port = free_port()
    began = time.perf_counter()
    command = [PYTHON, "-m", "homeroom", "serve", "--port", str(port), "--data", str(data)]
    with serving(command, f"http://127.0.0.1:{port}{SELF}"):
        return time.perf_counter() - began


def report(rates: dict[tuple[str, str], list[float]], memory: float, start: float) -> None:
    console.print(
        f"\n{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    table = Table("work", "measured against", "here /s", "there /s", "ratio (range)", "at least", "")
    for work, key, other, least in ROWS:
        ours, theirs = rates.get((key, "Homeroom")), rates.get(other)
        if ours is None or theirs is None:
            continue
        ratios = [mine / its for mine, its in zip(ours, theirs, strict=True)]
        middle = statistics.median(ratios)
        table.add_row(
            work,
            other[1] if other[0] == key else other[0],
            f"{statistics.median(ours):,.0f}",
            f"{statistics.median(theirs):,.0f}",
            f"{middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
            f"{least:.2f}",
            "yes" if middle >= least else "NO",
        )
    console.print(table)
    console.print(f"start to first answer, fresh folder: {start:.2f} s (at most 2)")
    console.print(f"memory of the largest process after load: {memory:.0f} MiB (at most 150)")


if __name__ == "__main__":
    main()
