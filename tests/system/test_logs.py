"""Log lines of libraries that would say the same many times a second."""

from __future__ import annotations

import logging

import pytest

from homeroom.logs import CONFIGURATION, Sparing


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("huey.consumer.Worker", logging.ERROR, "", 0, message, (), None)


def test_what_a_library_says_again_and_again_is_said_once_in_a_while_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("homeroom.logs.time.monotonic", lambda: now[0])
    sparing = Sparing()
    passed = [sparing.filter(record("Error reading from queue")) for _ in range(200)]
    assert passed == [True, *[False] * 199]
    assert sparing.filter(record("Error reading schedule."))
    now[0] += Sparing.EVERY
    later = record("Error reading from queue")
    assert sparing.filter(later)
    assert later.fields == {"left_out": 199}  # type: ignore[attr-defined]


def test_the_threads_of_the_job_queue_are_spared_in_every_process() -> None:
    from huey.consumer import Worker

    name = f"huey.consumer.{Worker.process_name}"
    assert CONFIGURATION["loggers"][name]["filters"] == ["sparing"]
