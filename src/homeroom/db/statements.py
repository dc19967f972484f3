"""Statements with one name and two bodies: what must differ by database, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Integer,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from homeroom.db.types import AnySelect


class json_rows(GenericFunction[str]):
    """Aggregate rows into the text of a JSON array of arrays: ``json_rows(a, b)`` -> ``[[1,"x"],[2,"y"]]``."""

    type = Text()
    inherit_cache = True


@compiles(json_rows, "sqlite")
def _json_rows_sqlite(element: json_rows, compiler: Any, **kwargs: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kwargs)}))"


@compiles(json_rows, "postgresql")
def _json_rows_postgresql(element: json_rows, compiler: Any, **kwargs: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **kwargs)}))::text, '[]')"


class _List(TypeDecorator[Any]):
    """The values of a list as one parameter: PostgreSQL has arrays, SQLite reads JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else msgspec.json.encode(list(value)).decode()


class one_of(GenericFunction[bool]):
    """Whether a column of numbers or texts is in the list given as the parameter ``name``: ``one_of(User.id, "ids")``.

    One statement for lists of any length. ``column.in_(...)`` is another one for each length, which SQLAlchemy writes
    anew and which cannot be prepared (``db.prepared``).
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        kind = BigInteger() if isinstance(column.type, Integer) else Text()
        super().__init__(column, bindparam(name, type_=_List(kind)))

    def self_group(self, against: Any = None) -> Any:
        # Otherwise SQLite gets `... = 1` around it, and its indexes do not serve.
        return self


@compiles(one_of, "sqlite")
def _one_of_sqlite(element: one_of, compiler: Any, **kwargs: Any) -> str:
    column, values = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - what SQLAlchemy compiled


@compiles(one_of, "postgresql")
def _one_of_postgresql(element: one_of, compiler: Any, **kwargs: Any) -> str:
    column, values = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"{column} = ANY ({values})"


def contains(db: Connection, column: Any, text: str) -> ColumnElement[bool]:
    """Whether the column holds this text somewhere, character for character: nothing in it is a wildcard.

    SQLite's LIKE ignores the case of ASCII letters; PostgreSQL's trigram index answers LIKE and not ``position``.
    """
    if db.dialect.name == "sqlite":
        return func.instr(column, text) > 0
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.like(f"%{escaped}%")  # type: ignore[no-any-return]


def lock(db: Connection, table: Table, ids: Iterable[int], *, shared: bool = False) -> None:
    """Hold these rows until the transaction ends; what is read afterwards is what the holder before has left.

    Tables come in the order of docs/decisions/0014. ``shared``: others may hold them too, as long as nobody changes or
    deletes them; never for rows that this transaction goes on to change.
    In id order, so that two holders cannot wait for each other. Who only refers to a row by a foreign key does not
    wait for it (FOR NO KEY UPDATE): two who add to one person and then hold that person would wait for each other.
    SQLite's writers already queue: nothing to do.
    """
    if db.dialect.name == "postgresql":
        rows = select(table.c.id).where(table.c.id.in_(sorted(set(ids)))).order_by(table.c.id)
        db.execute(rows.with_for_update(read=shared, key_share=not shared))


def insert_or_update(
    db: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]] | AnySelect,
    *,
    key: Sequence[str],
    update: Sequence[str],
    columns: Sequence[str] = (),
    live: str | None = None,
) -> None:
    """INSERT ... ON CONFLICT (key) DO UPDATE of the ``update`` columns (DO NOTHING when there are none).

    ``live`` is the condition of the unique index over ``key`` when it has one.
    """
    where = text(live) if live is not None else None
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(table)
    if isinstance(rows, Select):
        statement = statement.from_select(list(columns), rows)
    elif not rows:
        return
    if update:
        statement = statement.on_conflict_do_update(
            index_elements=list(key), index_where=where, set_={name: statement.excluded[name] for name in update}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key), index_where=where)
    if isinstance(rows, Select):
        db.execute(statement)
    else:
        db.execute(statement, list(rows))


def insert_or_change(
    db: Connection,
    table: Table,
    row: Mapping[str, Any],
    *,
    key: Sequence[str],
    change: Any,
    live: str | None = None,
    returning: Any = None,
) -> int:
    """Insert the row, or change the one that has its key already; the id (or ``returning``) of either.

    ``key`` and ``live`` are a unique index and its condition; ``change`` makes what to set from the excluded row. One
    statement, so that two at once make one row.
    """
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    statement: Any = dialect.insert(table).values(dict(row))
    statement = statement.on_conflict_do_update(
        index_elements=list(key),
        index_where=text(live) if live is not None else None,
        set_=change(statement.excluded),
    )
    return int(db.execute(statement.returning(table.c.id if returning is None else returning)).scalar_one())


def insert_returning_id(db: Connection, statement: Insert) -> int:
    """Run an INSERT of one row and return its id."""
    primary_key = db.execute(statement).inserted_primary_key
    assert primary_key is not None
    return int(primary_key[0])


def begin_ids_anew(db: Connection, tables: Iterable[Table]) -> None:
    """Have the next ids follow the rows that there are.

    PostgreSQL does not give back the ids of a transaction that was undone; SQLite does.
    """
    if db.dialect.name == "postgresql":
        for table in tables:
            if "id" in table.columns:
                sequence = func.pg_get_serial_sequence(table.name, "id")
                newest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
                db.execute(select(func.setval(sequence, newest, False)).where(sequence.is_not(None)))


def violated(error: IntegrityError, table: Table) -> str | None:
    """The name of the unique index or constraint of ``table`` that a write ran into; None for another kind of error."""
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return diagnostics.constraint_name if getattr(error.orig, "sqlstate", "") == "23505" else None
    message = str(error.orig)
    prefix = "UNIQUE constraint failed: "
    if not message.startswith(prefix):
        return None
    # SQLite names the columns ("logins.account_id, logins.unique_id_key") and not the index.
    columns = [part.strip().split(".")[-1] for part in message.removeprefix(prefix).split(",")]
    return _unique_over(table, columns)


def _unique_over(table: Table, columns: list[str]) -> str | None:
    for index in table.indexes:
        if index.unique and [column.name for column in index.columns] == columns:
            return str(index.name)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and [column.name for column in constraint.columns] == columns:
            return str(constraint.name)
    return None
