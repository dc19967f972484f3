"""What must be true after every start: what was acknowledged is there, and the rules between rows hold."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from homeroom.db import Database
from homeroom.school.ground.invariants import violations
from tests.support.live import LiveServer
from tests.torture.callers import Line
from tests.torture.memory import Memory, Thing

_READERS = 4
_ALL = 100_000


def check(server: LiveServer, url: str, memory: Memory, *, others: int | None = 200) -> int:
    """Look at all that was touched since the last time, and at ``others`` besides (None: at all); how many it was."""
    things = [thing for thing in memory.all() if thing.is_certain]
    touched = [thing for thing in things if thing.touched]
    rest = [thing for thing in things if not thing.touched]
    looked_at = touched + (rest if others is None else random.sample(rest, min(others, len(rest))))
    with ThreadPoolExecutor(_READERS) as pool:
        for fault in itertools.chain.from_iterable(
            pool.map(lambda n: _look(server, memory, looked_at[n::_READERS]), range(_READERS))
        ):
            memory.fault(fault)
    check_rows(url, memory)
    return len(looked_at)


def _look(server: LiveServer, memory: Memory, things: Iterable[Thing]) -> list[str]:
    line, faults = Line(server), []
    for thing in things:
        try:
            shown = line.show(thing)
        except AssertionError as error:
            faults.append(str(error))
            continue
        if shown not in thing.possible:
            wanted = " or ".join(sorted(map(str, thing.possible)))
            faults.append(f"{thing.resource.name} {dict(thing.names)} shows {shown}; it was acknowledged as {wanted}")
        thing.touched = False
        memory.settle(thing, shown)
    return faults


def check_rows(url: str, memory: Memory, when: str = "") -> None:
    """The invariants, and on SQLite the file itself."""
    database = Database(url, pool_size=1)
    try:
        with database.read() as db:
            for rule, ids in violations(db, most=_ALL):
                # What was broken before is told already.
                if new := sorted(set(ids) - memory.broken.get(rule, set())):
                    memory.fault(f"Broken{when}: {rule}: {new[:10]} ({len(new)} in all)")
                memory.broken[rule] = set(ids)
            if database.is_sqlite:
                for pragma in ("integrity_check", "foreign_key_check"):
                    rows = [tuple(row) for row in db.exec_driver_sql(f"PRAGMA {pragma}")]
                    if rows not in ([], [("ok",)]):
                        memory.fault(f"Broken{when}: PRAGMA {pragma}: {rows[:3]}")
    finally:
        database.close()
