"""What ``db.prepared`` takes from SQLAlchemy beyond its documented interface. All of it stands here.

A new version of SQLAlchemy may change these parts. ``tests/db/test_sqlalchemy_internals.py`` then says which one, and
this module is the only one to mend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Dialect

from homeroom.db.types import AnySelect

Convert = Callable[[Any], Any]


class DriverStatement(NamedTuple):
    """A SELECT as the driver takes it."""

    sql: str
    # The names of the parameters in the driver's order; None where the driver takes them by name.
    order: list[str] | None
    # Parameters that are part of the statement, as the driver takes them.
    fixed: dict[str, Any]
    # Parameters whose value is asked for at each run (``bindparam(callable_=...)``).
    called: dict[str, Callable[[], Any]]
    # How the values of parameters are made into the driver's.
    bind: dict[str, Convert]
    columns: list[str]
    # Which columns of a row are made into Python's values, and how.
    convert: list[tuple[int, Convert]]


def compile_for_driver(statement: AnySelect, dialect: Dialect) -> DriverStatement:
    """The statement, compiled once. Its ``bindparam``s without a value are given at each run."""
    compiled: Any = statement.compile(dialect=dialect)
    given = {name: None for name, bind in compiled.binds.items() if bind.required}
    called = {name: bind.callable for name, bind in compiled.binds.items() if bind.callable is not None}
    # Lists that are part of the statement are written out.
    state = compiled.construct_expanded_state(given)
    processors = {**compiled._bind_processors, **state.processors}
    converts = {name: convert for name, convert in processors.items() if callable(convert)}
    return DriverStatement(
        sql=state.statement,
        order=state.positiontup,
        fixed={
            name: converts[name](value) if name in converts else value
            for name, value in state.parameters.items()
            if name not in given and name not in called
        },
        called=called,
        bind={name: convert for name, convert in converts.items() if name in given or name in called},
        columns=[str(column.name) for column in statement.selected_columns],
        convert=[
            (at, convert)
            for at, column in enumerate(statement.selected_columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ],
    )


def cursor_of(db: Connection) -> Any:
    """A cursor of the driver's own connection: the pool's wrapper would look after the cursor too."""
    return cast("Any", db.connection.dbapi_connection).cursor()


def has_listeners(db: Connection) -> bool:
    """Whether anybody listens to what this connection executes, as tests do to count statements."""
    return bool(db._has_events or db.engine._has_events)


def tell_listeners(db: Connection, sql: str, sent: Mapping[str, Any] | tuple[Any, ...]) -> None:
    """Announce a statement as SQLAlchemy announces its own (``before_cursor_execute``)."""
    db.dispatch.before_cursor_execute(db, None, sql, sent, None, False)
