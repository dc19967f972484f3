"""What a database looks like, as plain values: to compare one made from the metadata with one made by migrations.

The order of columns is left out on purpose: a migration can only append.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection

Shape = dict[str, Any]

_POSTGRESQL = {
    "column": """
        SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               coalesce(pg_get_expr(d.adbin, d.adrelid), ''), coalesce(l.collname, '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped""",
    "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraint": """
        SELECT conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "trigger": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "extension": "SELECT extname, '' FROM pg_extension",
}


def shape_of(db: Connection) -> Shape:
    """Every table, column, index, constraint and trigger, by name."""
    return _sqlite(db) if db.dialect.name == "sqlite" else _postgresql(db)


def _postgresql(db: Connection) -> Shape:
    return {
        f"{kind} {row[0]}": tuple(row[1:])
        for kind, question in _POSTGRESQL.items()
        for row in db.exec_driver_sql(question)
    }


def _sqlite(db: Connection) -> Shape:
    shape: Shape = {}
    rows = db.exec_driver_sql("SELECT type, name, sql FROM sqlite_master")
    for kind, name, sql in rows.all():
        if kind == "table" and not (sql or "").startswith("CREATE VIRTUAL"):
            shape |= _sqlite_table(db, name)
            shape[f"table {name}"] = "AUTOINCREMENT" in sql
        elif sql:
            shape[f"{kind} {name}"] = re.sub(r"\s+", " ", sql)
    return shape


def _sqlite_table(db: Connection, table: str) -> Shape:
    def ask(question: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.exec_driver_sql(question)]

    shape: Shape = {f"column {table}.{row[1]}": row[2:] for row in ask(f'PRAGMA table_xinfo("{table}")')}
    shape[f"foreign keys of {table}"] = sorted(row[2:] for row in ask(f'PRAGMA foreign_key_list("{table}")'))
    # Constraints have no name that SQLite would tell, and make indexes: which columns, unique or not, partial or not.
    shape[f"indexes of {table}"] = sorted(
        (str(index[2:]), str([part[2:] for part in ask(f'PRAGMA index_xinfo("{index[1]}")')]))
        for index in ask(f'PRAGMA index_list("{table}")')
    )
    return shape
