"""The school that every test walks into, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, event

from homeroom import clock
from homeroom.app import make_server
from homeroom.settings import Settings
from homeroom.wire.serving.server import Server
from tests.support.cast import token_of
from tests.support.client import Client
from tests.support.databases import PostgresqlTemplate, build_database, build_sqlite_template, scratch_database
from tests.support.live import LiveServer, serving
from tests.support.watch import Watch

POSTGRESQL = os.environ.get("HOMEROOM_TEST_POSTGRESQL_URL")
REQUIRED = {name for name in os.environ.get("HOMEROOM_TEST_REQUIRE", "").split(",") if name}


@dataclass
class School:
    """One school with the cast in it. ``ids``: who or what -> id (see tests/support/cast.py)."""

    server: Server
    loop: asyncio.AbstractEventLoop
    ids: dict[str, int]
    settings: Settings
    _more: list[School] = field(default_factory=list)

    def as_(self, who: str) -> Client:
        """Somebody of the cast, signed in by a real token; ``anonymous`` is nobody."""
        return self.with_token(None if who == "anonymous" else token_of(who))

    def with_token(self, token: str | None) -> Client:
        return Client(self.server, self.loop, {"authorization": f"Bearer {token}"} if token else {})

    def with_settings(self, **changes: Any) -> School:
        """The same school behind a server with other settings, such as ``dev=True`` or ``throttle="429"``."""
        settings = replace(self.settings, **changes)
        other = School(make_server(settings), self.loop, self.ids, settings)
        self._more.append(other)
        return other

    def id(self, who: str) -> int:
        return self.ids[who]

    def write(self, change: Callable[[Connection], Any]) -> Any:
        """Change the database below the API, where no route can set a scene up."""
        with self.server.services.database.write() as db:
            return change(db)

    def read(self, question: Callable[[Connection], Any]) -> Any:
        with self.server.services.database.read() as db:
            return question(db)

    def close(self) -> None:
        for other in self._more:
            other.close()
        self.server.close()
        self.server.services.close()


def _kinds() -> list[Any]:
    if POSTGRESQL is None and "postgresql" in REQUIRED:
        raise pytest.UsageError("PostgreSQL is required and HOMEROOM_TEST_POSTGRESQL_URL names none.")
    return ["sqlite", *([pytest.param("postgresql", marks=pytest.mark.postgresql)] if POSTGRESQL else [])]


# For what SQLite cannot do, with its one writer.
on_postgresql = pytest.mark.parametrize("database_kind", _kinds()[1:], indirect=True)


@pytest.fixture(params=_kinds())
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        assert POSTGRESQL is not None
        with scratch_database(POSTGRESQL) as url:
            yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    return build_sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[PostgresqlTemplate]:
    assert POSTGRESQL is not None
    template = PostgresqlTemplate(POSTGRESQL)
    yield template
    template.drop()


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def school(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> Iterator[School]:
    if database_kind == "sqlite":
        template, ids = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "homeroom.db")
        url = f"sqlite:///{tmp_path / 'homeroom.db'}"
    else:
        postgresql: PostgresqlTemplate = request.getfixturevalue("postgresql_template")
        postgresql.restore()
        url, ids = postgresql.url, postgresql.ids
    settings = Settings(data=tmp_path, database_url=url, throttle="off")
    made = School(make_server(settings), loop, ids, settings)
    yield made
    made.close()
    # A test that moved the clock of a school leaves this thread's as it was.
    clock.set_shift(clock.NO_SHIFT)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(clock, "real_now", lambda: watch.now)
    return watch


@pytest.fixture(scope="module")
def sqlite_school(
    sqlite_template: tuple[Path, dict[str, int]],
    tmp_path_factory: pytest.TempPathFactory,
    loop: asyncio.AbstractEventLoop,
) -> Iterator[School]:
    """A school on SQLite that the tests of a module share: for property tests, which must clean up after themselves."""
    folder = tmp_path_factory.mktemp("school")
    template, ids = sqlite_template
    shutil.copy(template, folder / "homeroom.db")
    settings = Settings(data=folder, database_url=f"sqlite:///{folder / 'homeroom.db'}", throttle="off")
    made = School(make_server(settings), loop, ids, settings)
    yield made
    made.close()


@pytest.fixture(scope="module", params=_kinds())
def live_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server with the cast in it, one a module: ``.url``, ``.token("teacher")``, ``.id("student")``.

    For real clients (canvasapi, a browser). Its tests share one school, so each makes what it changes. A server of
    one's own, with other settings, comes from ``tests.support.live.serving``.
    """
    data = tmp_path_factory.mktemp("live")
    if request.param == "sqlite":
        template, ids = request.getfixturevalue("sqlite_template")
        shutil.copy(template, data / "homeroom.db")
        with serving(data, settings={"HOMEROOM_DEV": "1"}, ids=ids) as server:
            yield server
    else:
        assert POSTGRESQL is not None
        with scratch_database(POSTGRESQL) as url:
            ids = build_database(url)
            with serving(data, "--database", url, settings={"HOMEROOM_DEV": "1"}, ids=ids) as server:
                yield server


@pytest.fixture
def queries_of(school: School) -> Iterator[Callable[..., int]]:
    """How many statements a call makes: ``queries_of(client.get, url)``."""
    seen: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = school.server.services.database.engine
    event.listen(engine, "before_cursor_execute", count)

    def queries(call: Callable[..., Any], *args: Any, **options: Any) -> int:
        call(*args, **options)  # the first call fills caches
        seen.clear()
        reply = call(*args, **options)
        assert reply.status < 400, reply.text
        return len(seen)

    yield queries
    event.remove(engine, "before_cursor_execute", count)
