"""A whole run: changes, kills, new starts, checks; then races where the database lets two writers in at once."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.live import LiveServer, serving
from tests.torture.callers import Callers
from tests.torture.checking import check
from tests.torture.kills import KILLS
from tests.torture.memory import Memory
from tests.torture.races import run_races

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much torture. ``seconds`` is the time between kills, more or less."""

    rounds: int = 20
    seconds: float = 4.0
    callers: int = 6
    workers: int = 2
    races: int = 25
    seed: int = 1
    kinds: Sequence[str] = tuple(KILLS)


@dataclass
class Outcome:
    """What a run came to. ``faults`` is empty when everything held."""

    acknowledged: int = 0
    looked_at: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{count} × {kind}" for kind, count in self.kills.items()) or "none"
        return (
            f"{self.acknowledged} changes acknowledged, {self.looked_at} looked at, kills: {kills}, "
            f"{len(self.faults) or 'no'} faults"
        )


def torture(url: str, data: Path, plan: Plan, say: Say) -> Outcome:
    """Torture a school of its own in this empty database; ``say`` hears how it goes."""
    chance = random.Random(plan.seed)
    memory, outcome = Memory(chance), Outcome()
    callers = Callers(memory, plan.callers)
    with ExitStack() as running:
        server = _start(running, url, data, plan)
        try:
            for number, kind in zip(range(1, plan.rounds + 1), itertools.cycle(plan.kinds), strict=False):
                callers.go(server)
                time.sleep(plan.seconds * chance.uniform(0.5, 1.5))
                kill, starts_again = KILLS[kind]
                kill(server)
                outcome.kills[kind] += 1
                if not starts_again:
                    # The server goes on; so do those who call.
                    time.sleep(plan.seconds * chance.uniform(0.1, 0.5))
                callers.pause()
                if starts_again:
                    running.close()
                    server = _start(running, url, data, plan)
                outcome.looked_at += check(server, url, memory)
                say(f"  {number}/{plan.rounds} {kind}: {memory.acknowledged} acknowledged, {len(memory.faults)} faults")
                if memory.faults:
                    break
            outcome.looked_at += check(server, url, memory, others=None)
            if not url.startswith("sqlite") and plan.races:
                run_races(server, url, memory, plan.races, say)
        finally:
            callers.stop()
    outcome.acknowledged, outcome.faults = memory.acknowledged, memory.faults
    return outcome


def _start(running: ExitStack, url: str, data: Path, plan: Plan) -> LiveServer:
    return running.enter_context(serving(data, "--database", url, "--workers", str(plan.workers)))
