"""`make bench-million`: list, deep pages, sorts and search in a school of 1,000,000 people, against its own page 1."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.load import PYTHON, free_port, serving
from benchmarks.people import TOKEN, make_school
from homeroom.db import Database

PEOPLE = 1_000_000
LIST = "/api/v1/accounts/1/users?per_page=100"
console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--database", help="an empty PostgreSQL database instead of a SQLite file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'homeroom.db'}"
        _make(url, options.people)
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        command = [PYTHON, "-m", "homeroom", "serve", "--port", str(port), "--data", folder, "--database", url]
        with serving(command, base + "/api/v1/users/self", {"HOMEROOM_THROTTLE": "off"}, seconds=120):
            report(*_measure(base, options.people, options.rounds))


def _make(url: str, people: int) -> None:
    began = time.perf_counter()
    database = Database(url)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Making the school", total=people)
        make_school(database, people, lambda done: progress.update(task, completed=done))
    database.close()
    console.print(f"A school of {people:,} people, made in {time.perf_counter() - began:.0f} s.")


def _measure(base: str, people: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Milliseconds of each work, the works taking turns; and how many people each answered with."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    deep = _follow(session, base + LIST, pages=1_000)
    works = {
        "list, page 1": base + LIST,
        "list, page 1,000 by following next": deep,
        "list, bare page=100": f"{base}{LIST}&page=100",
        **{f"list, sort={sort}": f"{base}{LIST}&sort={sort}&order=desc" for sort in _SORTS},
        "search, at most 100 hits": f"{base}{LIST}&search_term=user{people // 2}",
        "search, a name that thousands have": f"{base}{LIST}&search_term=nakamura",
        "search, two letters": f"{base}{LIST}&search_term=zz",
        "search, no hit": f"{base}{LIST}&search_term=nobodyatall",
    }
    times: dict[str, list[float]] = {work: [] for work in works}
    found: dict[str, int] = {}
    for _ in range(rounds):
        for work, url in works.items():
            seconds, count = _timed(lambda url=url: session.get(url, timeout=120))  # type: ignore[misc]
            times[work].append(seconds * 1000)
            found[work] = count
    return times, found


_SORTS = ("username", "email", "sis_id", "last_login", "id")


def _timed(call: Callable[[], requests.Response]) -> tuple[float, int]:
    began = time.perf_counter()
    reply = call()
    seconds = time.perf_counter() - began
    reply.raise_for_status()
    return seconds, len(reply.json())


def _follow(session: requests.Session, url: str, pages: int) -> str:
    """The address of the page that many steps along ``next``."""
    for _ in range(pages - 1):
        reply = session.get(url, timeout=60)
        reply.raise_for_status()
        url = reply.links["next"]["url"]
    return url


def report(times: dict[str, list[float]], found: dict[str, int]) -> None:
    first = statistics.median(times["list, page 1"])
    least = {"list, page 1,000 by following next": 0.8, "search, at most 100 hits": 0.3}
    table = Table("work", "people", "median ms", "p90 ms", "of page 1's rate", "at least", "")
    for work, taken in times.items():
        middle = statistics.median(taken)
        ratio, wanted = first / middle, least.get(work)
        verdict = "" if wanted is None else "yes" if ratio >= wanted else "NO"
        table.add_row(
            work, str(found[work]), f"{middle:.1f}", f"{statistics.quantiles(taken, n=10)[-1]:.1f}",
            f"{ratio:.2f}", f"{wanted:.2f}" if wanted else "", verdict,
        )  # fmt: skip
    console.print(table)


if __name__ == "__main__":
    main()
