"""The kinds of assets of this wing: accounts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from homeroom.db.types import AnySelect
from homeroom.school.rights.actor import AccountRef, Actor, chain_of
from homeroom.school.rights.assets import register_kind
from homeroom.school.schema import Account


def _live_accounts(ids: Collection[int]) -> AnySelect:
    return select(Account.c.id).where(Account.c.id.in_(ids), Account.c.state != "deleted")


def _readable_accounts(db: Connection, actor: Actor, ids: Collection[int]) -> frozenset[int]:
    """An account can be read by its admins and by those of an account above it."""
    rows = db.execute(select(Account.c.id, Account.c.ancestry).where(Account.c.id.in_(ids)))
    return frozenset(row.id for row in rows if actor.has_role_in(AccountRef(row.id, chain_of(row.ancestry))))


register_kind("account", live=_live_accounts, readable=_readable_accounts)
