"""canvasapi's own suite runs against recorded answers. What each of them says is held here: on this route, this status
and these keys.

canvasapi_recorded.tsv has the facts, one recording a line: its name there, method, route, status and the answer's keys
(after ``[]``: the keys of a list's items). Where Homeroom does not have some of them, ``keys: why`` follows. Nothing
else of that suite is here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.conftest import School
from tests.support.recorded_calls import CALLS, OTHER_CALLS
from tests.support.stage import Stage

from homeroom.canvas.face import CANVAS
from homeroom.school.accounts.feature_flags import FEATURES, Feature

TABLE = Path(__file__).parent / "canvasapi_recorded.tsv"


class Recording(NamedTuple):
    name: str
    method: str
    route: str
    status: int
    keys: list[str]
    missing: set[str]
    why: str

    @property
    def call(self) -> str:
        return f"{self.method} {self.route}"


def recordings() -> Iterator[Recording]:
    with TABLE.open() as file:
        for row in csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE):
            if not row[0].startswith("#"):
                name, method, route, status, keys, deviation = [*row, "", ""][:6]
                missing, _, why = deviation.partition(": ")
                yield Recording(name, method, route, int(status), keys.split(), set(missing.split()), why)


RECORDINGS = list(recordings())


@pytest.fixture(scope="module")
def stage(sqlite_school: School) -> Iterator[Stage]:
    """Homeroom has no feature of courses yet, and the routes of their flags are there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FEATURES, "fancy_wickets", Feature("fancy_wickets", "Fancy Wickets", "Course"))
        yield Stage(sqlite_school)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_a_recorded_answer_is_homerooms_too(stage: Stage, recording: Recording) -> None:
    reply = (OTHER_CALLS.get(recording.name) or CALLS[recording.call])(stage)
    assert reply.status == recording.status, reply.text
    assert {key for key in recording.keys if not has(reply.json, key, recording.keys)} == recording.missing, reply.text


def has(answer: Any, key: str, keys: list[str]) -> bool:
    """Whether the answer has this key, as an item of a list where the recorded one is a list."""
    if key.startswith('"'):
        return bool(answer == key.strip('"'))
    if key == "[]":
        return isinstance(answer, list)
    if "[]" in keys:
        answer = (answer if isinstance(answer, list) else next(iter(answer.values())))[0]
    return key in answer


def test_every_recording_lies_on_a_route_of_ours_and_has_a_call() -> None:
    routes = {f"{route.method} {route.path}" for route in CANVAS.routes}
    assert {recording.call for recording in RECORDINGS} == set(CALLS) <= routes
    assert len({recording.name for recording in RECORDINGS}) == len(RECORDINGS) == 159
    assert all(bool(recording.missing) == bool(recording.why) for recording in RECORDINGS)
