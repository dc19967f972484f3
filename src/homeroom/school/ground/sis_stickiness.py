"""Fields that were edited by hand: a SIS import leaves them alone (users-core.md §6, custom-data-files-sis.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def with_stuck(marks: str, fields: Iterable[str]) -> str:
    """The new ``stuck_sis_fields`` of a record after these fields were edited."""
    return " ".join(sorted({*marks.split(), *fields}))


def is_stuck(marks: str, field: str) -> bool:
    return field in marks.split()


def without_stuck(marks: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """These values, but for the fields that are stuck."""
    return {name: value for name, value in values.items() if not is_stuck(marks, name)}
