"""The engine, and transactions at the edge: one request or job is one transaction."""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from homeroom import clock

log = logging.getLogger("homeroom.db")

_after_commit: ContextVar[list[Callable[[Database], None]] | None] = ContextVar("after_commit", default=None)

# Long enough for the slowest honest writer, short enough that a stuck one is noticed.
_SQLITE_BUSY_MS = 15_000
# Seconds for which a connection that was just used is taken to be alive.
_FRESH = 1.0
# The advisory lock of PostgreSQL that whoever changes tables holds; any number that nobody else would take.
_ALTERING = 4_266_373_660


# The name under which a connection has the setting ``secret_key``.
SECRET_KEY = "homeroom_secret_key"


class Database:
    """A SQLite or PostgreSQL database. ``read`` and ``write`` open the transaction that a request or job is.

    ``secret_key``: the setting, which every connection knows (``school/ground/secret_key.py``).
    """

    def __init__(self, url: str, *, dev: bool = False, pool_size: int = 8, secret_key: str | None = None) -> None:
        self.url = url
        self.dev = dev
        self.engine = _make_engine(url, pool_size).execution_options(**{SECRET_KEY: secret_key})
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._readers = _Readers(self.engine)
        # PostgreSQL's own default would show the second statement what others did since the first.
        one_state = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self.engine.execution_options(**one_state)
        # How committed work reaches the workers; whoever opens a queue beside this database puts it here.
        self.wake: Callable[[Sequence[Any]], None] = _nobody

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the school and writes nothing."""
        return _Read(self)

    def _open_reader(self) -> tuple[Connection, bool]:
        """A connection with an open transaction, and whether it is this thread's own, which stays open."""
        kept = self._readers.take() if self.is_sqlite else None
        db = self._reading.connect() if kept is None else kept
        try:
            self._begin(db, "BEGIN")
            self._take_clock(db)
        except BaseException:
            self._close_reader(db, kept is not None)
            raise
        return db, kept is not None

    def _close_reader(self, db: Connection, is_kept: bool) -> None:
        try:
            self._end(db, "ROLLBACK")
        finally:
            if is_kept:
                self._readers.give_back()
            else:
                db.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends and undone when it raises.

        On SQLite it is IMMEDIATE: a deferred one that reads first and writes later fails at once when somebody
        else wrote between, whatever the busy timeout. What ``after_commit`` was given runs when it is committed; its
        failure is logged and no more, for what was committed is done, and a sweep finds what nobody was woken for.
        """
        callbacks: list[Callable[[Database], None]] = []
        token = _after_commit.set(callbacks)
        try:
            with self.engine.connect() as db:
                self._begin(db, "BEGIN IMMEDIATE")
                try:
                    self._take_clock(db)
                    yield db
                except BaseException:
                    self._end(db, "ROLLBACK")
                    raise
                self._end(db, "COMMIT")
        finally:
            _after_commit.reset(token)
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                log.exception("What follows a committed transaction failed.")

    @contextmanager
    def alter(self) -> Iterator[Connection]:
        """A write transaction that changes tables. Only one process at a time can be in it; the others wait."""
        with self.engine.connect() as db:
            if self.is_sqlite:
                # A table that is made anew is dropped for a moment, and what refers to it must not mind.
                _driver(db).execute("PRAGMA foreign_keys = OFF")
            self._begin(db, "BEGIN IMMEDIATE")
            try:
                if not self.is_sqlite:
                    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ALTERING})
                yield db
                if self.is_sqlite and _driver(db).execute("PRAGMA foreign_key_check").fetchone():
                    raise RuntimeError("A change of tables left rows that refer to nothing.")
            except BaseException:
                self._end(db, "ROLLBACK")
                raise
            else:
                self._end(db, "COMMIT")
            finally:
                if self.is_sqlite:
                    _driver(db).execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        self._readers.close()
        self.engine.dispose()

    def _begin(self, db: Connection, statement: str) -> None:
        # PostgreSQL's driver begins by itself, together with the first statement.
        if self.is_sqlite:
            _driver(db).execute(statement)

    def _end(self, db: Connection, statement: str) -> None:
        if self.is_sqlite:
            if _driver(db).in_transaction:
                _driver(db).execute(statement)
        elif statement == "COMMIT":
            db.commit()
        else:
            db.rollback()

    def _take_clock(self, db: Connection) -> None:
        if self.dev:
            clock.set_shift(read_shift(db))


class _Read:
    """``Database.read``: a class, because every request enters it, and a generator takes several calls more."""

    __slots__ = ("_database", "_db", "_is_kept")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Connection:
        self._db, self._is_kept = self._database._open_reader()
        return self._db

    def __exit__(self, *_: object) -> None:
        self._database._close_reader(self._db, self._is_kept)


class _Readers(threading.local):
    """A thread's own connection for reading from SQLite, kept open: the pool costs more than a query."""

    _opened: ClassVar[WeakKeyDictionary[Engine, list[Connection]]] = WeakKeyDictionary()

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None
        self._taken = False

    def take(self) -> Connection | None:
        """The connection; None while it is in use. A transaction inside another one has its own connection."""
        if self._taken:
            return None
        if self._kept is None or self._kept.closed:
            self._kept = self._engine.connect()
            self._opened.setdefault(self._engine, []).append(self._kept)
        self._taken = True
        return self._kept

    def give_back(self) -> None:
        self._taken = False

    def close(self) -> None:
        """Close the connections of every thread."""
        for connection in self._opened.pop(self._engine, []):
            connection.close()


def after_commit(callback: Callable[[Database], None]) -> None:
    """Run this, with the database, once the current write transaction is committed; never when it is undone."""
    callbacks = _after_commit.get()
    if callbacks is None:
        raise RuntimeError("after_commit is called inside a write transaction.")
    callbacks.append(callback)


def _nobody(_calls: Sequence[Any]) -> None:
    """Nobody is woken; a worker's sweep finds the rows."""


def read_shift(db: Connection) -> clock.Shift:
    """The moved clock as the database has it (homeroom.md §5)."""
    row = db.execute(text("SELECT offset_seconds, frozen_at FROM moved_clock WHERE id = 1")).first()
    if row is None:
        return clock.NO_SHIFT
    frozen = datetime.fromisoformat(row.frozen_at) if row.frozen_at else None
    return clock.Shift(timedelta(seconds=row.offset_seconds), frozen)


def require_answer(db: Connection) -> None:
    """Raises the driver's error if the database does not answer."""
    db.execute(text("SELECT 1"))


def _driver(db: Connection) -> Any:
    return db.connection.dbapi_connection


def _make_engine(url: str, pool_size: int) -> Engine:
    # A failing statement is logged without its values: they are people's, and may be secrets.
    if not url.startswith("sqlite"):
        engine = create_engine(_patient(url), pool_size=pool_size, max_overflow=4, hide_parameters=True)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ask_whether_it_lives)
        return engine
    if file := make_url(url).database:
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever reads it reads everything; its -wal and -shm get the same mode from SQLite.
        Path(file).touch(mode=0o600)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=4,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": 512},
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask_whether_it_lives(connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool open another connection where PostgreSQL has gone or was started anew.

    SQLAlchemy's own ``pool_pre_ping`` asks before every use: three of the seven round trips of ``GET /users/self``.
    """
    if time.monotonic() - record.info.get("used", math.inf) < _FRESH:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def _patient(url: str) -> URL:
    """The URL with a limit on waiting for a host that never answers, unless it has one already."""
    parsed = make_url(url)
    return parsed if "connect_timeout" in parsed.query else parsed.update_query_dict({"connect_timeout": "10"})


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")
    _use_wal(connection)
    # FULL: what was answered is on the disk, also when the power goes.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA mmap_size = 268435456")


def _use_wal(connection: Any) -> None:
    """Turn a new file to WAL. SQLite does not wait for its lock there, so processes that start together would fail."""
    deadline = time.monotonic() + _SQLITE_BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
