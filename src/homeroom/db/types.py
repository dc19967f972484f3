"""Column types and the statements that differ by database, each with its reason."""

from __future__ import annotations

import hashlib
import secrets
import string
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Dialect, Integer, Row, Select, String, Text, literal_column
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.processors import str_to_datetime
from sqlalchemy.sql.operators import ne
from sqlalchemy.types import TypeDecorator, TypeEngine

# A statement or row whose columns are known to the reader and not to mypy.
AnySelect: TypeAlias = "Select[*tuple[Any, ...]]"
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

# SQLite gives out row ids only for a column that is exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

# Compared byte by byte on both databases; PostgreSQL would take the cluster's language otherwise.
Key = String().with_variant(Text(collation="C"), "postgresql")


class State(String):
    """A record's state. ``state != "deleted"`` is written out in the statement.

    It is also the condition of partial indexes, and SQLite prepares a statement anew for every execution in which it
    has to compare such a condition with a bound value: 70 µs each time (docs/decisions/0004).
    """

    cache_ok = True

    class Comparator(String.Comparator[str]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op is ne and len(other) == 1 and isinstance(other[0], str) and other[0].isidentifier():
                return super().operate(op, literal_column(f"'{other[0]}'"), **kwargs)
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator


class Time(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite compares times as text, so the stored form has a fixed width."""

    impl = String
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        if dialect.name == "postgresql":
            return value
        # Not strftime: it writes the year 999 with three digits.
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _in_utc if dialect.name == "postgresql" else str_to_datetime


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


_WORD = string.ascii_letters + string.digits


def new_uuid() -> str:
    """40 random word characters: the form of a Canvas uuid (users-core.md §1)."""
    return "".join(secrets.choice(_WORD) for _ in range(40))


def digest_of(secret: str) -> bytes:
    """How tokens, codes and nonces are kept: SHA-256."""
    return hashlib.sha256(secret.encode()).digest()
