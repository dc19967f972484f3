"""What this wing announces to those above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountChangedPlace:
    """An account was moved or deleted: its people may belong to other accounts now."""

    account_id: int


@dataclass(frozen=True, slots=True)
class AccountDeleted:
    """Nobody has a role in this account any more. ``AccountChangedPlace`` follows."""

    account_id: int
