"""Errors for bad values that several areas of this wing share (basics.md §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from homeroom.db import violated
from homeroom.school.ground.errors import Fault, Invalid

LONGEST_TEXT = 255


def require_short(**texts: str | None) -> None:
    """Raise Invalid for every one of these texts that is longer than Canvas keeps."""
    faults = [Fault(name, "too_long") for name, text in texts.items() if text is not None and len(text) > LONGEST_TEXT]
    if faults:
        raise Invalid(*faults)


def sis_id_taken(error: IntegrityError, table: Any, ids: Mapping[str, str | None]) -> Exception:
    """The refusal for a write that ran into a unique SIS or integration id; ``ids``: index name -> the value sent."""
    index = violated(error, table)
    if index is None or index not in ids:
        return error
    if index.endswith("integration_id"):
        return Invalid(Fault("integration_id", "taken", f'Integration ID "{ids[index]}" is already in use'))
    return Invalid(Fault("sis_source_id", "taken", f'SIS ID "{ids[index]}" is already in use'))
