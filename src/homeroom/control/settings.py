"""The settings of a root account (homeroom.md §5)."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from homeroom.control.contexts import SiteAdminsAccount, without_credentials
from homeroom.school.accounts.settings import change_settings, find_settings
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.wire.routing.routes import BY_POLICY, RawParams, Routes

route = Routes()


@route.get("/accounts/:id/settings", right=BY_POLICY, scope=False, answers=AccountSettings)
def show_settings(account: SiteAdminsAccount, db: Connection) -> dict[str, Any]:
    """Show every setting of the account."""
    return settings_json(find_settings(db, account.id))


@route.put("/accounts/:id/settings", right=BY_POLICY, scope=False, takes=AccountSettings, answers=AccountSettings)
def change_account_settings(account: SiteAdminsAccount, changes: RawParams, db: Connection) -> dict[str, Any]:
    """Change the settings that are given, all or none of them, and answer every setting."""
    return settings_json(change_settings(db, account.id, without_credentials(changes)))


def settings_json(settings: AccountSettings) -> dict[str, Any]:
    """A flat map of all settings, those with their defaults included."""
    return msgspec.structs.asdict(settings)
