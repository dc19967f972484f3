"""How a person's three names are derived from each other, and the keys for sorting and searching them.

Source of the rules: users-core.md §1.1; for the sort keys: docs/decisions/0003-the-directory.md.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from msgspec import UNSET, UnsetType

NAME_LIMIT = 255
"""Characters that each of the three names may have."""

SORT_KEY_LIMIT = 255
"""Characters of a sort key. One character may decompose into 18, and a key has to fit a PostgreSQL index row."""

_SORTED_LIMIT = 1_000

NAMELESS = "User"
"""The name that counts as no name at all."""

Given = str | None | UnsetType
"""A name as a request gives it: text, an explicit null, or not mentioned."""


class Name(NamedTuple):
    """The parts of a name; a missing part is None."""

    given: str | None
    surname: str | None
    suffix: str | None


@dataclass(frozen=True, slots=True)
class Names:
    """The names a person is stored with."""

    name: str
    short_name: str
    sortable_name: str

    def too_long(self) -> tuple[str, ...]:
        """The attributes over the limit, as the validation error names them."""
        attributes = ("name", "short_name", "sortable_name")
        return tuple(attribute for attribute in attributes if len(getattr(self, attribute)) > NAME_LIMIT)


# --- what is saved -----------------------------------------------------------------------------------------------


def names_on_create(
    name: Given = UNSET,
    short_name: Given = UNSET,
    sortable_name: Given = UNSET,
    *,
    login_id: str | None = None,
    email: str | None = None,
) -> Names:
    """The names of a new person: the given ones, the rest derived. An empty `name` stays (users-core.md §4)."""
    called = login_id if name is None or name is UNSET else name
    called = _named(called, email)
    return Names(
        name=called,
        short_name=_text(short_name) or called,
        sortable_name=_text(sortable_name) or sortable_name_of(called),
    )


def names_after_change(
    current: Names,
    *,
    name: Given = UNSET,
    short_name: Given = UNSET,
    sortable_name: Given = UNSET,
    email: str | None = None,
) -> Names:
    """The names after a change to these; names that were not given follow the rules of users-core.md §1.1."""
    called = current.name if name is UNSET else _named(name, email)
    return Names(
        name=called,
        short_name=current.short_name if short_name is UNSET else _text(short_name) or called,
        sortable_name=_sortable_after(current, called, sortable_name),
    )


def _sortable_after(current: Names, called: str, given: Given) -> str:
    if given is not UNSET:
        return _text(given) or sortable_name_of(called, current.sortable_name)
    if called == current.name or not _corresponds(current):
        # The sortable name was chosen on purpose, or nothing has changed: it stays.
        return current.sortable_name
    return sortable_name_of(called, current.sortable_name)


def _corresponds(names: Names) -> bool:
    """Whether the sortable name reads back as the name, that is, was (or could have been) derived from it."""
    return name_of_sortable(names.sortable_name) == " ".join(names.name.split())


def _named(name: str | None, email: str | None) -> str:
    return (email or NAMELESS) if name is None or name == NAMELESS else name


def _text(given: Given) -> str:
    """The text of a given name, "" if it is empty."""
    return given if isinstance(given, str) and given.strip() else ""


# --- taking names apart ------------------------------------------------------------------------------------------

SUFFIX = re.compile(r"(?:sr|snr|senior|jr|jnr|junior|ii|iii|iv|v|vi|esq|esquire)\.?", re.IGNORECASE | re.ASCII)


def sortable_name_of(name: str, previous_sortable: str | None = None) -> str:
    """The "Last, First" of a name. A surname of several words is kept if the previous sortable name had it.

    Never longer than the limit: the comma may not turn a name that is just short enough into an error.
    """
    surname_before = _split_sortable(previous_sortable).surname if previous_sortable else None
    parts = split_name(name, surname_before)
    rest = _joined(parts.given, parts.suffix)
    sortable = f"{parts.surname}, {rest}" if parts.surname and rest else parts.surname or rest or name.strip()
    return sortable[:NAME_LIMIT].rstrip()


def name_of_sortable(sortable: str) -> str:
    """The "First Last", with its suffix, of a "Last, First"."""
    parts = _split_sortable(sortable)
    return _joined(parts.given, parts.surname, parts.suffix)


@lru_cache(maxsize=8192)
def first_and_last(sortable_name: str) -> tuple[str, str]:
    """`first_name` and `last_name` of the User object (users-core.md §1); "" for a missing part."""
    parts = _split_sortable(sortable_name)
    return parts.given or "", parts.surname or ""


def split_name(name: str, previous_surname: str | None = None) -> Name:
    """Split a name as people write it. The previous surname tells how many of the last words are the surname."""
    first, *more = _parts(name)
    if len(more) == 1 and " " in first and SUFFIX.fullmatch(more[0]):
        return _split_words(first, previous_surname, suffix=more[0])  # John Doe, Sr.
    return _split_commas(first, more) if more else _split_words(first, previous_surname)


def _split_sortable(sortable: str) -> Name:
    """Like `split_name`, but the part before a comma is always the surname: "Garcia Lopez, Jr."."""
    first, *more = _parts(sortable)
    return _split_commas(first, more) if more else _split_words(first)


def _parts(name: str) -> list[str]:
    """The parts between commas, at most three, tidied; one empty part if there is none."""
    tidy = (" ".join(part.split()) for part in name.split(",", 2))
    return [part for part in tidy if part] or [""]


def _split_commas(surname: str, more: list[str]) -> Name:
    if SUFFIX.fullmatch(more[-1]):  # Doe, John, Sr.
        return Name(more[0] if len(more) > 1 else None, surname, more[-1])
    given, suffix = _cut_suffix(" ".join(more).split())  # Ho, Chi, Min: the third part is no suffix
    return Name(" ".join(given), surname, suffix)


def _split_words(text: str, previous_surname: str | None = None, suffix: str | None = None) -> Name:
    words = text.split()
    if suffix is None:
        words, suffix = _cut_suffix(words)
    at = len(words) - _surname_size(words, (previous_surname or "").split())
    return Name(" ".join(words[:at]) or None, " ".join(words[at:]) or None, suffix)


def _surname_size(words: list[str], before: list[str]) -> int:
    """How many of the last words are the surname: as many as before if these words are the same, otherwise one."""
    if before and words[-len(before) :] == before:
        return len(before)
    return 1 if len(words) > 1 else 0


def _cut_suffix(words: list[str]) -> tuple[list[str], str | None]:
    return (words[:-1], words[-1]) if len(words) > 1 and SUFFIX.fullmatch(words[-1]) else (words, None)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


# --- keys --------------------------------------------------------------------------------------------------------

# Letters that people file under another one but that Unicode does not decompose.
FILED_UNDER = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
)


def sort_key(text: str) -> str:
    """The key that puts text in order by plain bytes, the same on every database.

    Letter case, accents and punctuation do not count; spaces and hyphens separate words. Equal keys are ordered by id.
    """
    # A long row of accents takes time by its square; names end long before.
    text = text[:_SORTED_LIMIT]
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(FILED_UNDER)
    return " ".join("".join(map(_sort_letter, letters)).split())[:SORT_KEY_LIMIT].rstrip()


def _sort_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace() or category == "Pd":
        return " "
    # Only marks with a combining class are accents: the vowel signs of Indic scripts have none and must stay.
    unseen = category in ("Cc", "Cf", "Cs") or unicodedata.combining(letter)
    return "" if unseen or category.startswith("P") else letter


def search_key(text: str) -> str:
    """The key for "contains" searches, so that letter case does not count in any alphabet."""
    return text.casefold()
