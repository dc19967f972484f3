"""The only source of "now".

Product time is what people see: created_at, due dates, expiries. While developing it can be moved; the moved clock is a
row in the database, and every transaction takes the clock from there when it opens (see ``homeroom.db``), so that all
processes agree. Leases, throttling, mail retries and logs use ``real_now`` (spec: homeroom.md §5).
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Shift:
    """How product time differs from real time: standing still at ``frozen_at``, or running ahead by ``offset``."""

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None


NO_SHIFT = Shift()
_shift: ContextVar[Shift] = ContextVar("clock_shift", default=NO_SHIFT)


def now() -> datetime:
    """Product time, aware and in UTC."""
    shift = _shift.get()
    if shift is NO_SHIFT:
        return datetime.now(UTC)
    return shift.frozen_at or datetime.now(UTC) + shift.offset


def is_frozen() -> bool:
    """Whether product time stands still."""
    return _shift.get().frozen_at is not None


def real_now() -> datetime:
    """Real time, aware and in UTC, whatever the product's clock says."""
    return datetime.now(UTC)


def set_shift(shift: Shift) -> None:
    """Take this shift for the current context; called when a transaction opens."""
    _shift.set(shift)
