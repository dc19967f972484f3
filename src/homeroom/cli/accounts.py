"""``homeroom account``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from homeroom.cli.errors import settings_from
from homeroom.cli.open_school import opened, require_school
from homeroom.cli.options import of_a_school
from homeroom.school.accounts.settings import change_settings
from homeroom.school.ground.errors import Refused
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.sign_in.credentials import find_root

NAMES = "\n".join(f"  {name}" for name in AccountSettings.__struct_fields__)


@click.group()
def account() -> None:
    """The root account and its settings."""


@account.command(
    "set",
    short_help="Change a setting of the root account.",
    help=f"""Change the setting NAME of the root account to VALUE.

    \b
    Examples
      homeroom account set self_registration all
      homeroom account set pronouns '["She/Her", "They/Them"]'
      homeroom account set password_min_length 12

    Names: {", ".join(AccountSettings.__struct_fields__)}.
    """,
)
@click.argument("name")
@click.argument("value")
@of_a_school
def set_(name: str, value: str, data: Path | None, database: str | None) -> None:
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        require_school(school)
        with school.write() as db:
            changed = change(db, name, value)
    click.echo(f"{name} is {json.dumps(getattr(changed, name), ensure_ascii=False)}.")


def change(db: Connection, name: str, value: str) -> AccountSettings:
    """VALUE is read as JSON if that fits the setting, otherwise as text. Raises Refused."""
    root = find_root(db).id
    try:
        return change_settings(db, root, {name: json_or_text(value)})
    except Refused:
        return change_settings(db, root, {name: value})


def json_or_text(value: str) -> Any:
    """The value, with True and FALSE as people write them."""
    word = value.lower()
    try:
        return json.loads(word if word in ("true", "false") else value)
    except ValueError:
        return value
