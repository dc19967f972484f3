"""The settings of a root account, as people change them (homeroom.md §5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.ground.errors import NotFound, Refused
from homeroom.school.rights.account_settings import AccountSettings, changed_settings, read_settings, settings_text
from homeroom.school.schema import Account
from homeroom.school.security.events import record


def find_settings(db: Connection, account_id: int) -> AccountSettings:
    """Raises NotFound, and Refused for a sub-account, which has none of its own."""
    row = db.execute(
        select(Account.c.settings, Account.c.parent_account_id, Account.c.is_site_admin).where(
            Account.c.id == account_id, Account.c.state != "deleted"
        )
    ).first()
    if row is None:
        raise NotFound("account")
    if row.parent_account_id is not None or row.is_site_admin:
        raise Refused("Only a root account has settings.")
    return read_settings(row.settings)


def change_settings(db: Connection, account_id: int, changes: dict[str, Any]) -> AccountSettings:
    """Change the given settings, all or none. Raises Refused for an unknown name or a wrong type."""
    lock(db, Account, [account_id])
    settings = changed_settings(find_settings(db, account_id), changes)
    db.execute(
        update(Account)
        .where(Account.c.id == account_id)
        .values(settings=settings_text(settings), updated_at=clock.now())
    )
    record(db, "settings_changed", object=("account", account_id), settings=sorted(changes))
    return settings
