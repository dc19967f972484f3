"""Statements on a hot path, prepared once.

SQLAlchemy compiles a statement once and keeps it, but executing it still costs several times what SQLite needs to
answer (docs/decisions/0004). A ``Prepared`` statement is compiled by SQLAlchemy, with its types, and then goes straight
to the driver. For statements that many requests run; everything else uses ``Connection.execute``.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, Dialect

from homeroom.db.types import AnySelect

_Convert = Callable[[Any], Any]
# A namedtuple from any sequence, without a call in Python.
_new = tuple.__new__


class Prepared:
    """A SELECT whose parameters are ``bindparam``s. Lists of this call are asked for with ``db.one_of``."""

    def __init__(self, statement: AnySelect) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, db: Connection, **parameters: Any) -> Any:
        """The first row, with the columns as attributes, or None."""
        rows = self._compile(db).run(db, parameters, one=True)
        return rows[0] if rows else None

    def all(self, db: Connection, **parameters: Any) -> list[Any]:
        """Every row, with the columns as attributes."""
        return self._compile(db).run(db, parameters, one=False)

    def _compile(self, db: Connection) -> _Compiled:
        compiled = self._compiled.get(db.dialect.name)
        if compiled is None:
            compiled = self._compiled[db.dialect.name] = _Compiled(self._statement, db.dialect)
        return compiled


class _Compiled:
    def __init__(self, statement: AnySelect, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        given = {name: None for name, bind in compiled.binds.items() if bind.required}
        # Lists that are part of the statement itself are written out.
        state = compiled.construct_expanded_state(given)
        self.sql: str = state.statement
        self.order: list[str] | None = state.positiontup
        self.called: dict[str, Callable[[], Any]] = {
            name: bind.callable for name, bind in compiled.binds.items() if bind.callable is not None
        }
        made = {**compiled._bind_processors, **state.processors}
        converts = {name: convert for name, convert in made.items() if callable(convert)}
        self.bind: dict[str, _Convert] = {
            name: convert for name, convert in converts.items() if name in given or name in self.called
        }
        self.fixed: dict[str, Any] = {
            name: converts[name](value) if name in converts else value
            for name, value in state.parameters.items()
            if name not in given and name not in self.called
        }
        self.row = namedtuple("Row", [column.name for column in statement.selected_columns])  # type: ignore[misc]
        processors = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns
        ]
        self.convert: list[tuple[int, _Convert]] = [
            (at, made) for at, made in enumerate(processors) if made is not None
        ]

    def run(self, db: Connection, parameters: dict[str, Any], *, one: bool) -> list[Any]:
        values = {**self.fixed, **parameters}
        for name, call in self.called.items():
            values[name] = call()
        for name, convert in self.bind.items():
            values[name] = convert(values[name])
        sent: Any = values if self.order is None else [values[name] for name in self.order]
        if db._has_events or db.engine._has_events:
            seen = sent if self.order is None else tuple(sent)
            db.dispatch.before_cursor_execute(db, None, self.sql, seen, None, False)
        # The driver's own connection: the pool's wrapper would look after the cursor too.
        cursor = cast("Any", db.connection.dbapi_connection).cursor()
        try:
            cursor.execute(self.sql, sent)
            rows = cursor.fetchmany(1) if one else cursor.fetchall()
        finally:
            cursor.close()
        made = self.row
        if not self.convert:
            return [_new(made, row) for row in rows]
        return [_new(made, self._converted(row)) for row in rows]

    def _converted(self, row: Any) -> list[Any]:
        values = list(row)
        for at, convert in self.convert:
            # No type here makes something of NULL.
            if values[at] is not None:
                values[at] = convert(values[at])
        return values
