"""``python -m tests.torture``: torture a throw-away school on SQLite, and on PostgreSQL where there is one."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.support.databases import scratch_database
from tests.torture.kills import KILLS
from tests.torture.run import Outcome, Plan, torture


def main() -> int:
    options = _options()
    plan = Plan(
        rounds=options.rounds, seconds=options.seconds, callers=options.callers, workers=options.workers,
        races=options.races, seed=options.seed, kinds=options.kinds.split(","),
    )  # fmt: skip
    failed = False
    for kind in options.databases.split(","):
        began = time.monotonic()
        _say(f"{kind}: {plan.rounds} rounds, seed {plan.seed}")
        outcome = _on_sqlite(plan) if kind == "sqlite" else _on_postgresql(plan, options.postgresql)
        _say(f"{kind}: {outcome} in {time.monotonic() - began:.0f} s")
        for fault in outcome.faults:
            _say(f"  FAULT {fault}")
        failed = failed or bool(outcome.faults)
    return int(failed)


def _options() -> argparse.Namespace:
    postgresql = os.environ.get("HOMEROOM_TEST_POSTGRESQL_URL")
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often something is killed, on each database")
    parser.add_argument("--seconds", type=float, default=4, help="between kills, more or less")
    parser.add_argument("--callers", type=int, default=6, help="who make changes at the same time")
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    parser.add_argument("--races", type=int, default=25, help="rounds of each race; 0 leaves races out")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="for the same kills again")
    parser.add_argument("--kinds", default=",".join(KILLS), help="what is killed, in turns: %(default)s")
    parser.add_argument("--postgresql", default=postgresql, help="URL of a server; scratch databases are made on it")
    parser.add_argument("--databases", default="sqlite,postgresql" if postgresql else "sqlite", help="%(default)s")
    options = parser.parse_args()
    if "postgresql" in options.databases and not options.postgresql:
        parser.error("PostgreSQL needs --postgresql or HOMEROOM_TEST_POSTGRESQL_URL.")
    return options


def _on_sqlite(plan: Plan) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return torture(f"sqlite:///{folder}/homeroom.db", Path(folder), plan, _say)


def _on_postgresql(plan: Plan, server: str) -> Outcome:
    with tempfile.TemporaryDirectory() as folder, scratch_database(server) as url:
        return torture(url, Path(folder), plan, _say)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
