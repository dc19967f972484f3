"""Connections to the database come and go; who asks does not notice."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.conftest import School

from homeroom.db import Database, engine


def lose_what_waits(database: Database) -> None:
    """As when PostgreSQL is started anew: a connection of the pool leads nowhere."""
    with database.engine.connect() as one, database.engine.connect() as other:
        if database.is_sqlite:
            one.invalidate()
            return
        pid = one.scalar(text("SELECT pg_backend_pid()"))
        one.rollback()
        one.close()
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def test_a_connection_that_was_lost_while_it_waited_is_replaced(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_FRESH", 0.0)
    database = Database(school.settings.url, pool_size=2)
    lose_what_waits(database)
    # Both at once, so that the lost one is among them.
    with database.engine.connect() as one, database.engine.connect() as other:
        assert [db.scalar(text("SELECT count(*) FROM moved_clock WHERE 1 = 0")) for db in (one, other)] == [0, 0]
    database.close()
