"""What ``homeroom.db.sqlalchemy_internals`` takes from SQLAlchemy is there, and means what it meant.

When this fails after an upgrade of SQLAlchemy, only that module has to be mended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, bindparam, column, create_engine, event, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from homeroom.db.prepared import Prepared
from homeroom.db.sqlalchemy_internals import compile_for_driver
from homeroom.db.types import Time

SQLITE: Any = sqlite.dialect(paramstyle="qmark")
POSTGRESQL: Any = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
TAKEN: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "the compiled statement": (
        lambda: select(bindparam("id")).compile(dialect=SQLITE),
        ("binds", "construct_expanded_state", "_bind_processors"),
    ),
    "its expanded state": (
        lambda: select(bindparam("id")).compile(dialect=SQLITE).construct_expanded_state({"id": 1}),
        ("statement", "positiontup", "parameters", "processors"),
    ),
    "a parameter": (lambda: bindparam("id"), ("required", "callable")),
    "a connection": (lambda: create_engine("sqlite://").connect(), ("_has_events", "dispatch", "connection")),
    "an engine": (lambda: create_engine("sqlite://"), ("_has_events",)),
    "a type": (lambda: Time().dialect_impl(SQLITE), ("result_processor",)),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_from_sqlalchemy_is_there(what: str) -> None:
    make, names = TAKEN[what]
    made: Any = make()
    missing = [name for name in names if not hasattr(made, name)]
    if isinstance(made, Connection):
        made.close()
    assert not missing, (
        f"SQLAlchemy {sqlalchemy.__version__}: {what} has no {', '.join(missing)}. "
        "homeroom/db/sqlalchemy_internals.py has to be mended for this version."
    )


@pytest.mark.parametrize(
    ("dialect", "order"),
    [
        (SQLITE, ["state_1", "name", "moment"]),
        (POSTGRESQL, None),
    ],
)
def test_a_statement_as_the_driver_takes_it(dialect: Any, order: list[str] | None) -> None:
    statement: Any = select(column("id"), literal("x").label("word")).where(
        column("state", sqlalchemy.String()) == "active",
        column("name") == bindparam("name"),
        column("at", Time()) < bindparam("moment", callable_=lambda: datetime(2026, 1, 1, tzinfo=UTC), type_=Time()),
    )
    made = compile_for_driver(statement, dialect)
    assert made.columns == ["id", "word"]
    assert made.fixed.get("state_1") == "active"
    assert list(made.called) == ["moment"]
    if order is not None:
        assert [name for name in made.order or () if name in order] == order
        assert made.bind["moment"](made.called["moment"]()) == "2026-01-01T00:00:00.000000Z"


def test_a_prepared_statement_is_told_to_listeners_like_any_other() -> None:
    engine = create_engine("sqlite://")
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda db, cursor, sql, sent, *_: seen.append((sql, sent)))
    with engine.connect() as db:
        assert Prepared(select(bindparam("a", type_=sqlalchemy.Integer()).label("a"))).first(db, a=7).a == 7
    assert seen == [("SELECT ? AS a", (7,))]
    engine.dispose()
