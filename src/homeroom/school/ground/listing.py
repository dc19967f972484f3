"""Lists, which the school makes and a face pages; and statements that are built once for each shape of filter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.sql import ColumnElement

from homeroom.db.types import AnyRow, AnySelect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """One list's order: a column, then the id, so that pages never overlap. Nulls come last in both directions."""

    column: Any
    id: Any
    descending: bool = False
    nullable: bool = False

    @property
    def clauses(self) -> tuple[ColumnElement[Any], ...]:
        if self.column is self.id:
            return (self.id.desc(),) if self.descending else (self.id.asc(),)
        column = self.column.desc() if self.descending else self.column.asc()
        if self.nullable:
            column = column.nulls_last()
        return column, self.id.desc() if self.descending else self.id.asc()


def by(id_: Any, *, descending: bool = False) -> Order:
    """The order of a column without equal values."""
    return Order(id_, id_, descending)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A statement without order or limit, its order, and what makes a record of one of its rows.

    ``values``: the statement is built once, with these parameters, so that it can be prepared (docs/decisions/0004).
    ``countable``: as many rows that are cheap to count; None when counting them would cost too much.
    """

    rows: AnySelect
    order: Order
    row: Callable[[Any], T]
    values: Mapping[str, Any] | None = None
    countable: AnySelect | None = None

    def all(self, db: Connection, *, most: int | None = None) -> list[T]:
        """Every record in this order, or the first ones."""
        rows = self.rows.order_by(*self.order.clauses).limit(most)
        return [self.row(row) for row in db.execute(rows, dict(self.values or {}))]


def as_it_is(row: AnyRow) -> AnyRow:
    """For lists whose records are the rows themselves."""
    return row


def leading(kind: Callable[..., T], width: int) -> Callable[[Sequence[Any]], T]:
    """A record of the first columns of a row; those that follow are there to sort by."""
    return lambda row: kind(*row[:width])


# A statement takes the values of a filter as parameters, so it is built once for each shape of filter.
once_per_shape = lru_cache(maxsize=256)


class Conditions:
    """The parts of a filter that a client can make up, each with its condition.

    The value of a part is the statement's parameter of the same name. An empty part is not given. Which parts are given
    belongs to the shape of the filter.
    """

    def __init__(self, **conditions: ColumnElement[bool]) -> None:
        self._conditions = conditions

    def values(self, which: object) -> dict[str, Any]:
        """The parameters: the parts that this filter gives."""
        return {
            name: list(value) if type(value) is frozenset else value
            for name in self._conditions
            if (value := getattr(which, name))
        }

    def among(self, names: Collection[str]) -> list[ColumnElement[bool]]:
        """The conditions with these names."""
        return [condition for name, condition in self._conditions.items() if name in names]
