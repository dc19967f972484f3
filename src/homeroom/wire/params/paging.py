"""Paging: cuts a list into pages, numbered or by bookmark, and links them (basics.md §3).

Lists are numbered while the offset is small. From ``DEEP`` rows on, ``next`` carries a bookmark with the sort values of
the last row, so that following it costs the same at any depth.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote_plus

import msgspec
from sqlalchemy import Connection, bindparam, func, literal, select, tuple_

from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.listing import Listing, Order

T = TypeVar("T")
U = TypeVar("U")
DEFAULT_PER_PAGE = 10
MAX_PER_PAGE = 100
DEEP = 1_000
_LINKS_LIMIT = 6 * 1024
_LEADING_INT = re.compile(r"\s*[+-]?[0-9]+")
_read_values = msgspec.json.Decoder(list[str | int | float | bool | None])
_QUERY_SAFE = "=%[]+,;:/?@!$'()*~"
_DROPPED = frozenset(("page", "per_page", "access_token", "api_key"))


@dataclass(slots=True)
class Page(Generic[T]):
    """A page's items and the ``page`` values of its links.

    ``last`` is there when the list was counted, and on a page that is known to be the final one: clients loop until it
    equals ``current``.
    """

    items: Sequence[T]
    paging: Paging
    next: str | None = None
    prev: str | None = None
    last: str | None = None

    def map(self, render: Callable[[T], U]) -> Page[U]:
        return self.with_items([render(item) for item in self.items])

    def with_items(self, items: Sequence[U]) -> Page[U]:
        """The same page of a list with other items, such as rendered ones."""
        return Page(items, self.paging, self.next, self.prev, self.last)


@dataclass(frozen=True, slots=True)
class Under:
    """Marks a page that is sent as an object with one key: ``Annotated[Page[TermJson], Under("enrollment_terms")]``."""

    key: str


@dataclass(slots=True)
class Paging:
    """What the client asked for. ``page`` is a number from 1, or the values of a bookmark."""

    number: int | None
    bookmark: list[Any] | None
    per_page: int
    asked: str
    first: str = "1"

    def of(self, db: Connection, listing: Listing[T], *, counted: bool = False, bookmarks: bool = False) -> Page[T]:
        """Cut this page out of the list: one statement, prepared when the list's statement is built once.

        ``counted``: its links have ``last``, for one more statement, if the list can be counted.
        With ``bookmarks`` every ``next`` is a bookmark, as on Canvas's bookmark collections. Raises NotFound for a
        bookmark that is not one of this list.
        """
        self.first = "first" if bookmarks else "1"
        if self.bookmark is not None:
            return self._after_bookmark(db, listing)
        order, number = listing.order, self.number or 1
        offset = (number - 1) * self.per_page
        at = {"_limit": self.per_page, "_offset": offset}
        if listing.values is not None:
            found = _prepared_cut(listing.rows, order).all(db, **listing.values, **at)
        else:
            found = list(db.execute(_cut(listing.rows, order), at).all())
        page = self._page(listing, found)
        if number > 1:
            page.prev = str(number - 1)
        if counted and listing.countable is not None:
            total = _count(db, listing.countable, listing.values)
            pages = max(1, -(-total // self.per_page))
            page.last = str(pages)
            page.next = str(number + 1) if number < pages else None
        elif len(found) == self.per_page:
            deep = bookmarks or offset + self.per_page >= DEEP
            page.next = _bookmark(order, found[-1]) if deep else str(number + 1)
        else:
            page.last = self.asked
        return page

    def turn_to(self, db: Connection, listing: Listing[Any], id: int) -> None:
        """Go to the page of the list that this row is on, whatever was asked for; stay when it is on none."""
        order = listing.order
        place = func.row_number().over(order_by=order.clauses)
        numbered = listing.rows.add_columns(place.label("place")).subquery()
        found = select(numbered.c.place).where(numbered.c[order.id.key] == id)
        place_of_row = db.execute(found, dict(listing.values or {})).scalar()
        if place_of_row is not None:
            self.number, self.bookmark = (place_of_row - 1) // self.per_page + 1, None
            self.asked = str(self.number)

    def cut(self, items: Sequence[T]) -> Page[T]:
        """This page of a whole list that is already in memory; counted, so with ``last``."""
        number = self.number or 1
        start = (number - 1) * self.per_page
        pages = max(1, -(-len(items) // self.per_page))
        return Page(
            items[start : start + self.per_page],
            self,
            next=str(number + 1) if number < pages else None,
            prev=str(number - 1) if number > 1 else None,
            last=str(pages),
        )

    def _page(self, listing: Listing[T], rows: Sequence[AnyRow]) -> Page[T]:
        return Page([listing.row(row) for row in rows], self)

    def _after_bookmark(self, db: Connection, listing: Listing[T]) -> Page[T]:
        rows, order, values = listing.rows, listing.order, dict(listing.values or {})
        value, last_id = _checked(self.bookmark or [], order)
        found: list[AnyRow] = []
        if order.column is order.id:
            beyond = order.id < last_id if order.descending else order.id > last_id
            found = list(db.execute(rows.where(beyond).order_by(*order.clauses).limit(self.per_page), values))
        else:
            if value is not None:
                # Bound with the column's own type: a bare time would be written another way than it is stored.
                pair, seen = tuple_(order.column, order.id), tuple_(literal(value, order.column.type), last_id)
                beyond = pair < seen if order.descending else pair > seen
                plain = Order(order.column, order.id, order.descending)
                beyond_it = rows.where(beyond).order_by(*plain.clauses).limit(self.per_page)
                found = list(db.execute(beyond_it, values))
            if order.nullable and len(found) < self.per_page:
                nulls = rows.where(order.column.is_(None))
                if value is None:
                    nulls = nulls.where(order.id < last_id if order.descending else order.id > last_id)
                by_id = Order(order.id, order.id, order.descending)
                rest = nulls.order_by(*by_id.clauses).limit(self.per_page - len(found))
                found += db.execute(rest, values)
        page = self._page(listing, found)
        if len(found) == self.per_page:
            page.next = _bookmark(order, found[-1])
        else:
            page.last = self.asked
        return page


def _count(db: Connection, rows: AnySelect, values: Mapping[str, Any] | None) -> int:
    if values is not None:
        return int(_prepared_count(rows).first(db, **values)[0])
    return int(db.execute(_counting(rows)).scalar_one())


@lru_cache(maxsize=256)
def _prepared_count(rows: AnySelect) -> Prepared:
    return Prepared(_counting(rows))


def _counting(rows: AnySelect) -> AnySelect:
    return select(func.count().label("total")).select_from(rows.order_by(None).subquery())


@lru_cache(maxsize=512)
def _prepared_cut(rows: AnySelect, order: Order) -> Prepared:
    return Prepared(_cut(rows, order))


def _cut(rows: AnySelect, order: Order) -> AnySelect:
    return rows.order_by(*order.clauses).limit(bindparam("_limit")).offset(bindparam("_offset"))


def read_paging(page: Any, per_page: Any, *, default: int = DEFAULT_PER_PAGE, largest: int = MAX_PER_PAGE) -> Paging:
    """From the request's parameters. ``per_page`` is clamped; an invalid page raises NotFound (basics.md §3)."""
    size = default if per_page is None else min(max(_leading_int(per_page), 1), largest)
    if page is None or page == "first":
        return Paging(1, None, size, "1" if page is None else "first")
    text = str(page)
    if text.startswith("bookmark:"):
        return Paging(None, _read_bookmark(text), size, text)
    if not text.isascii() or not text.isdigit() or not 0 < len(text) <= 15 or int(text) == 0:
        raise NotFound("page")
    return Paging(int(text), None, size, text)


def link_header(page: Page[Any], url: str, query: bytes) -> str:
    """The Link header (basics.md §3); ``url`` is absolute and without a query, ``query`` as the client sent it."""
    kept = "&".join(
        quote(pair, safe=_QUERY_SAFE)
        for pair in query.split(b"&")
        if pair and unquote_plus(pair.partition(b"=")[0].decode("latin-1")) not in _DROPPED
    )
    prefix = f"{url}?{kept}{'&' if kept else ''}page="
    suffix = f"&per_page={page.paging.per_page}"
    values = {
        "current": page.paging.asked,
        "next": page.next,
        "prev": page.prev,
        "first": page.paging.first,
        "last": page.last,
    }
    links = {rel: f'<{prefix}{quote(value, safe=":")}{suffix}>; rel="{rel}"' for rel, value in values.items() if value}
    room, chosen = _LINKS_LIMIT, set()
    for rel in ("next", "last", "prev", "current", "first"):
        if rel in links and len(links[rel]) + 1 <= room:
            room -= len(links[rel]) + 1
            chosen.add(rel)
    return ",".join(link for rel, link in links.items() if rel in chosen)


def _leading_int(value: Any) -> int:
    match = _LEADING_INT.match(str(value)[:40])
    return int(match[0]) if match else 0


def _bookmark(order: Order, row: Any) -> str:
    values = [] if order.column is order.id else [getattr(row, order.column.key)]
    values.append(getattr(row, order.id.key))
    text = base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")
    return f"bookmark:{text}"


def _read_bookmark(text: str) -> list[Any]:
    body = text.removeprefix("bookmark:")
    try:
        return _read_values.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise NotFound("page") from None


def _checked(values: list[Any], order: Order) -> tuple[Any, int]:
    """The bookmark's values with the types of this order's columns; a client may have sent anything."""
    simple = order.column is order.id
    if len(values) != (1 if simple else 2) or type(values[-1]) is not int or not 0 <= values[-1] < 2**63:
        raise NotFound("page")
    if simple:
        return None, values[-1]
    value = _as_column(values[0], order.column.type.python_type)
    if value is None and not order.nullable:
        raise NotFound("page")
    return value, values[-1]


def _as_column(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is datetime:
        return _as_time(value)
    if type(value) is not kind or (isinstance(value, str) and "\x00" in value):
        raise NotFound("page")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise NotFound("page")
    return value


def _as_time(value: Any) -> datetime:
    try:
        time: datetime = msgspec.convert(value, datetime)
        return time.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise NotFound("page") from None
