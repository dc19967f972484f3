"""Logs: one JSON object a line, on standard error (docs/operations.md says which keys).

Secrets do not come here: a line has what the program says about itself, never a query string, a header or a body.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON. ``extra={"fields": {...}}`` adds keys to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name.removeprefix("_"),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Sparing(logging.Filter):
    """Lets a message of a library through once in a while: it may say the same many times a second."""

    EVERY = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[tuple[str, str], float] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = record.name, str(record.msg)
        now = time.monotonic()
        if now < self._next.get(key, 0.0):
            self._left_out[key] = self._left_out.get(key, 0) + 1
            return False
        self._next[key] = now + self.EVERY
        if left_out := self._left_out.pop(key, 0):
            record.fields = {**getattr(record, "fields", {}), "left_out": left_out}
        return True


CONFIGURATION: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "homeroom.logs.JsonLines"}},
    "filters": {"sparing": {"()": "homeroom.logs.Sparing"}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    "loggers": {
        "homeroom": {"level": "INFO"},
        # Each of its threads says each time that it cannot reach the queue.
        **{name: {"filters": ["sparing"]} for name in ("huey", "huey.consumer", "huey.consumer.Worker")},
    },
}
"""What ``logging.config.dictConfig`` takes in every process of Homeroom."""
