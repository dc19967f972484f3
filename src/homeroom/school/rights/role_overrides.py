"""Overrides of a role's permission, and the decision that follows from them (identity.md §10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from homeroom.school.rights import permissions


class Override(NamedTuple):
    """``enabled`` None: as inherited."""

    account_id: int
    role_id: int
    permission: str
    enabled: bool | None
    applies_to_self: bool
    applies_to_descendants: bool
    locked: bool


class Decision(NamedTuple):
    """A role's permission in one account: there, and in the accounts below it.

    ``locked``: this account locks it for those below. ``readonly``: an account above has locked it. ``inherited``: what
    would hold if this account said nothing.
    """

    here: bool
    below: bool
    locked: bool
    readonly: bool
    explicit: bool
    inherited: bool


def decide(
    base_role: str,
    permission: str,
    chain: Sequence[int],
    overrides: Iterable[Override],
    *,
    in_site_admin: bool = False,
) -> Decision:
    """The decision for this role and permission in ``chain[0]``; ``chain`` goes up to the top. From the top down, each
    account passes its value to those below it. A locked value cannot be changed further down.
    """
    word = _by_default(base_role, permission, in_site_admin)
    by_account = {override.account_id: override for override in overrides}
    if not by_account or not permissions.is_available(base_role, permission, in_site_admin=in_site_admin):
        return word
    for account_id in reversed(chain):
        word = _next(word, by_account.get(account_id))
    return word


@lru_cache(maxsize=4096)
def _by_default(base_role: str, permission: str, in_site_admin: bool) -> Decision:
    """No overrides at all: the most common case."""
    if not permissions.is_available(base_role, permission, in_site_admin=in_site_admin):
        return Decision(False, False, locked=False, readonly=True, explicit=False, inherited=False)
    default = permissions.has_by_default(base_role, permission, in_site_admin=in_site_admin)
    return Decision(default, default, locked=False, readonly=False, explicit=False, inherited=default)


def _next(above: Decision, override: Override | None) -> Decision:
    readonly, inherited = above.readonly or above.locked, above.below
    if override is None or readonly:
        return Decision(inherited, inherited, locked=False, readonly=readonly, explicit=False, inherited=inherited)
    if override.enabled is None:
        return Decision(inherited, inherited, override.locked, readonly=False, explicit=False, inherited=inherited)
    return Decision(
        override.enabled and override.applies_to_self,
        override.enabled and override.applies_to_descendants,
        override.locked,
        readonly=False,
        explicit=True,
        inherited=inherited,
    )
