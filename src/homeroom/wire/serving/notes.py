"""Notes of a GET, such as when a token was last used. They are queued in the process and written in batches, so that
the GET does not wait. They may be lost with the process; anything that must not be lost is written by the request
itself.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from homeroom.db import Database, once_more

log = logging.getLogger("homeroom.notes")

# Seconds that a note waits for others.
EVERY = 1.0
Write = Callable[[Connection, Mapping[Any, Any]], None]


class Notes:
    """The notes of one process. In the background a thread writes them; without it, only ``flush`` does."""

    def __init__(self, database: Database, *, background: bool) -> None:
        self._database = database
        self._waiting: dict[Write, dict[Any, Any]] = defaultdict(dict)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._some = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        if background:
            self._thread = threading.Thread(target=self._keep_flushing, name="notes", daemon=True)
            self._thread.start()

    def add(self, write: Write, key: Any, value: Any) -> None:
        """Queue a call of ``write`` with this key and value, together with others; the last value of a key counts."""
        with self._lock:
            self._waiting[write][key] = value
        self._some.set()

    def flush(self) -> None:
        """Write the queued notes now."""
        with self._flushing:
            with self._lock:
                waiting, self._waiting = self._waiting, defaultdict(dict)
                self._some.clear()
            if waiting:
                once_more(lambda: self._write(waiting))

    def _write(self, waiting: dict[Write, dict[Any, Any]]) -> None:
        with self._database.write() as db:
            for write, values in waiting.items():
                write(db, values)

    def close(self) -> None:
        """Write the queued notes and stop."""
        self._closed.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join()
        self._flush_or_say()

    def _keep_flushing(self) -> None:
        while not self._closed.is_set():
            self._some.wait()
            self._closed.wait(EVERY)
            self._flush_or_say()

    def _flush_or_say(self) -> None:
        try:
            self.flush()
        except Exception:
            log.exception("Notes could not be written.")
