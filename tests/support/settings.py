"""Changing the root account's settings below the API."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from homeroom.school.rights.account_settings import AccountSettings, settings_text
from homeroom.school.schema import Account
from tests.conftest import School


def change_settings(school: School, **settings: Any) -> None:
    """The root account's settings are the defaults with these."""
    text = settings_text(AccountSettings(**settings))
    school.write(lambda db: db.execute(update(Account).where(Account.c.id == 1).values(settings=text)))
