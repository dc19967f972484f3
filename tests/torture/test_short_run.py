"""A short run of the torture driver, so that it works and so that nothing is broken that it would find at once."""

from __future__ import annotations

from pathlib import Path

from tests.torture.kills import KILLS
from tests.torture.run import Plan, torture


def test_a_short_torture_loses_nothing_and_breaks_no_rule(empty_url: str, tmp_path: Path) -> None:
    said: list[str] = []
    plan = Plan(rounds=len(KILLS), seconds=0.8, callers=4, races=1)
    outcome = torture(empty_url, tmp_path / "data", plan, said.append)
    assert outcome.faults == []
    assert outcome.acknowledged >= 20, said
    assert outcome.kills == dict.fromkeys(KILLS, 1)
