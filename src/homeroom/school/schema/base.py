"""What every table shares.

The tables are plain Core tables, named after what a row is: ``User.c.name``. They are read with column selects on a
Connection (docs/decisions/0013).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, MetaData, Table, text
from sqlalchemy.schema import SchemaItem

from homeroom.db.types import Id

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: SchemaItem) -> Table:
    """A table of ours: its columns and its indexes."""
    has_id = any(isinstance(item, Column) and item.name == "id" for item in items)
    # Without AUTOINCREMENT, SQLite gives the id of a removed last row to the next one.
    return Table(name, METADATA, *items, sqlite_autoincrement=has_id)


def id_column() -> Column[int]:
    return Column("id", Id, primary_key=True)


def required(name: str, *type_and_rules: Any, **options: Any) -> Column[Any]:
    """A column that always has a value."""
    return Column(name, *type_and_rules, nullable=False, **options)


def optional(name: str, *type_and_rules: Any, **options: Any) -> Column[Any]:
    """A column that may be null."""
    return Column(name, *type_and_rules, nullable=True, **options)


def unique_while_live(name: str, *columns: str, live: str = "state <> 'deleted'") -> Index:
    """A unique index over the rows that are not deleted: a name is free again when its holder is gone."""
    return Index(name, *columns, unique=True, sqlite_where=text(live), postgresql_where=text(live))
