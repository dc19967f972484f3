"""How people sign in to an account, beside its providers (Authentication Providers API documentation)."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.settings import change_settings, find_settings
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.wire.params.coerce import given
from homeroom.wire.routing.routes import Params, Routes

route = Routes()


class SsoSettings(Struct, frozen=True):
    login_handle_name: str | UnsetType | None = UNSET
    change_password_url: str | UnsetType | None = UNSET
    auth_discovery_url: str | UnsetType | None = UNSET
    unknown_user_url: str | UnsetType | None = UNSET


class ChangeSsoSettings(Struct):
    sso_settings: SsoSettings = SsoSettings()


class SsoSettingsFields(Struct):
    login_handle_name: str | None
    change_password_url: str | None
    auth_discovery_url: str | None
    unknown_user_url: str | None


class SsoSettingsJson(Struct):
    sso_settings: SsoSettingsFields


@route.get("/accounts/:account_id/sso_settings", right="manage_account_settings")
def show_sso_settings(account: AccountContext, db: Connection) -> SsoSettingsJson:
    """Show account auth settings."""
    return _json(find_settings(db, account.id))


@route.put("/accounts/:account_id/sso_settings", right="manage_account_settings")
def update_sso_settings(account: AccountContext, params: Params[ChangeSsoSettings], db: Connection) -> SsoSettingsJson:
    """Update account auth settings. A blank one is none."""
    changes = {name: value or None for name, value in given(params.sso_settings).items()}
    return _json(change_settings(db, account.id, changes))


def _json(settings: AccountSettings) -> SsoSettingsJson:
    return SsoSettingsJson(
        SsoSettingsFields(
            settings.login_handle_name,
            settings.change_password_url,
            settings.auth_discovery_url,
            settings.unknown_user_url,
        )
    )
