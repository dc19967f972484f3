"""Statements on a hot path, prepared once.

SQLAlchemy compiles a statement once and keeps it, but executing it still costs several times what SQLite needs to
answer (docs/decisions/0004). A ``Prepared`` statement is compiled by SQLAlchemy, with its types, and then goes straight
to the driver. It is for statements that many requests run; everything else uses ``Connection.execute``.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from sqlalchemy import Connection, Dialect

from homeroom.db.sqlalchemy_internals import compile_for_driver, cursor_of, has_listeners, tell_listeners
from homeroom.db.types import AnySelect

# A namedtuple from any sequence, without a call in Python.
_new = tuple.__new__


class Prepared:
    """A SELECT whose parameters are ``bindparam``s. A list is one parameter, see ``db.one_of``."""

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
        self.driver = compile_for_driver(statement, dialect)
        self.row = namedtuple("Row", self.driver.columns)  # type: ignore[misc]

    def run(self, db: Connection, parameters: dict[str, Any], *, one: bool) -> list[Any]:
        sql, order, fixed, called, bind, _, convert = self.driver
        values = {**fixed, **parameters}
        for name, call in called.items():
            values[name] = call()
        for name, to_driver in bind.items():
            values[name] = to_driver(values[name])
        sent: Any = values if order is None else [values[name] for name in order]
        if has_listeners(db):
            tell_listeners(db, sql, sent if order is None else tuple(sent))
        cursor = cursor_of(db)
        try:
            cursor.execute(sql, sent)
            rows = cursor.fetchmany(1) if one else cursor.fetchall()
        finally:
            cursor.close()
        made = self.row
        if not convert:
            return [_new(made, row) for row in rows]
        return [_new(made, self._converted(row)) for row in rows]

    def _converted(self, row: Any) -> list[Any]:
        values = list(row)
        for at, convert in self.driver.convert:
            # No type here makes something of NULL.
            if values[at] is not None:
                values[at] = convert(values[at])
        return values
