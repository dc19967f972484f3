"""Forms of an id in a URL, as parsed by the wire, and global ids (basics.md §4)."""

from __future__ import annotations

from typing import NamedTuple

# One shard, number 1: the global id of n is this plus n.
SHARD = 10_000_000_000_000
_LARGEST = 2**63 - 1


class IdForm(NamedTuple):
    """``kind`` is ``id`` (value: digits), a word (``self``, ``default`` ...; value empty) or a prefix such as
    ``sis_user_id``; ``unknown`` for anything that leads nowhere."""

    kind: str
    value: str


NOWHERE = IdForm("unknown", "")


def global_id(local: int) -> int:
    return SHARD + local


def is_number(text: str) -> bool:
    """Whether the text has the form of an id."""
    return text.isascii() and text.isdigit() and len(text) <= 19


def local_id(text: str) -> int | None:
    """The id for these digits, global or local; None if no record can have it."""
    number = int(text)
    if number >= SHARD:
        number = number - SHARD if number < 2 * SHARD else 0
    return number if 0 < number <= _LARGEST else None


def number_of(form: IdForm) -> int:
    """The number in this form, global or local; 0, which no record has, for every other form."""
    return (local_id(form.value) or 0) if form.kind == "id" else 0


def number_in(text: str) -> int:
    """The same for a text that is not parsed: 0 unless it is digits."""
    return (local_id(text) or 0) if is_number(text) else 0
