"""Searching people: the columns that the actor may search, the meaning of a term, and the use of the index.

users-core.md §2, ``search_term``. Each column of the directory is searched only with its own right, so that nobody can
find out an address or a SIS id by searching for its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, false, or_, select, table

from homeroom.db import contains
from homeroom.db.types import AnySelect
from homeroom.school.ground.errors import SchoolError
from homeroom.school.ground.ids import number_in
from homeroom.school.people.names import search_key
from homeroom.school.rights.actor import AccountRef, Actor
from homeroom.school.rights.reading import READERS, Guarded, may_read
from homeroom.school.schema import DirectoryEntry

SHORTEST_TERM = 2
# The index knows sequences of three characters. Two characters that begin more of them than this are everywhere.
_INDEXED = 3
_MOST_TRIGRAMS = 400
_index = table("directory_search", column("rowid"), column("directory_search"))
_trigrams = table("directory_trigrams", column("term"))
# What FTS5 keeps for the two code points that are no characters.
_KEPT_AS = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


class SearchTermTooShort(SchoolError):
    """The term has too few characters; the documented body is the face's (users-core.md §2)."""


@dataclass(frozen=True, slots=True)
class Search:
    """A term, and the columns to search. ``user_id``: the id, if the term is digits."""

    text: str
    columns: tuple[str, ...]
    user_id: int | None = None


def read_term(term: str | None) -> str | None:
    """The trimmed term; None for a blank one. Raises SearchTermTooShort."""
    term = (term or "").strip()
    if not term:
        return None
    if len(term) < SHORTEST_TERM:
        raise SearchTermTooShort
    return term


def search_in_account(actor: Actor, account: AccountRef, term: str) -> Search:
    """The search for this term with the actor's rights on the account."""
    return search_for(term, columns_of(what for what in READERS if may_read(actor, account, what)))


def columns_of(readable: Iterable[Guarded]) -> tuple[str, ...]:
    """The columns to search for those who may read this."""
    return tuple(f"{what}_text" for what in readable)


def search_for(term: str, columns: tuple[str, ...] = ()) -> Search:
    """The search for this term in names and in these columns."""
    # The other columns have several values, one on each line. A term must not match across two of them.
    columns = () if "\n" in term else columns
    return Search(search_key(term), ("name_text", *columns), number_in(term) or None)


def matches(db: Connection, search: Search) -> ColumnElement[bool]:
    """Whether a row of the directory matches. Exact: there are no wildcards."""
    found = [contains(db, DirectoryEntry.c[name], search.text) for name in search.columns]
    return or_(*found, DirectoryEntry.c.user_id == search.user_id if search.user_id else false())


def candidates(db: Connection, search: Search) -> AnySelect | None:
    """A superset of the hits' user ids, by the trigram index; None where no index helps. ``matches`` decides."""
    if db.dialect.name == "postgresql":
        return select(DirectoryEntry.c.user_id).where(matches(db, search)) if len(search.text) >= _INDEXED else None
    phrases = [search.text] if len(search.text) >= _INDEXED else _trigrams_with(db, search.text)
    if phrases is None:
        return None
    by_id = select(DirectoryEntry.c.user_id).where(DirectoryEntry.c.user_id == (search.user_id or 0))
    if not phrases:
        return by_id
    # A phrase of FTS5 is quoted; quotes inside are doubled.
    quoted = " OR ".join('"' + phrase.replace('"', '""') + '"' for phrase in phrases)
    query = f"{{{' '.join(search.columns)}}} : ({quoted})"
    hits: Any = select(_index.c.rowid.label("user_id")).where(_index.c.directory_search.op("MATCH")(query))
    return hits.union(by_id) if search.user_id else hits  # type: ignore[no-any-return]


def _trigrams_with(db: Connection, pair: str) -> list[str] | None:
    """The trigrams that begin with these two characters; None when they are too many to be worth it.

    Names of two characters are common in some scripts, and a pair that nobody has must not cost a walk past everybody.
    """
    first = pair.translate(_KEPT_AS)
    between = _trigrams.c.term.between(first, first + chr(0x10FFFF))
    found = list(db.execute(select(_trigrams.c.term).where(between).limit(_MOST_TRIGRAMS + 1)).scalars())
    return None if len(found) > _MOST_TRIGRAMS else found
