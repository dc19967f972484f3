"""`homeroom account set`: every value of every setting, the default among them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import select
from tests.support.databases import build_database

from homeroom.cli.main import main
from homeroom.db import Database
from homeroom.school.rights.account_settings import AccountSettings, read_settings
from homeroom.school.schema import Account

FIELDS = msgspec.structs.fields(AccountSettings)


def values_of(field: msgspec.structs.FieldInfo) -> Iterator[Any]:
    """The default, and everything else that the type has, or some of it."""
    yield field.default
    if get_origin(field.type) is Literal:
        yield from get_args(field.type)
    elif field.type is bool:
        yield from (True, False)
    else:
        yield from {
            "pronouns": (False, [], ["She/Her"], ["Ze/Zir", "彼女"]),
            "default_time_zone": ("Etc/UTC", "Tokyo", "Europe/Paris"),
            "default_locale": ("en", "fr-CA"),
            "password_min_length": (8, 12, 255),
            "login_handle_name": ("Badge", None),
            "change_password_url": ("https://school.test/password", None),
            "auth_discovery_url": ("https://school.test/discovery", None),
            "unknown_user_url": ("https://school.test/unknown", None),
        }[field.name]


def texts_of(value: Any) -> Iterator[str]:
    """How people write a value."""
    if isinstance(value, bool):
        yield from (str(value), str(value).lower(), str(value).upper())
    elif isinstance(value, str):
        yield from (value, json.dumps(value))
    else:
        yield json.dumps(value)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('settings') / 'homeroom.db'}"
    build_database(url)
    return url


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_value_of_every_setting_is_taken_said_and_kept(
    field: msgspec.structs.FieldInfo, url: str, tmp_path: Path
) -> None:
    for value in values_of(field):
        for text in texts_of(value):
            command = ["account", "set", field.name, text, "--database", url, "--data", str(tmp_path)]
            result = CliRunner().invoke(main, command)
            said = f"{field.name} is {json.dumps(value, ensure_ascii=False)}.\n"
            assert (result.exit_code, result.output) == (0, said), (text, result.exception)
            assert getattr(kept(url), field.name) == value


# Any text can be the name of what people sign in with.
@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.name != "login_handle_name"], ids=lambda field: field.name
)
def test_what_no_setting_can_be_changes_nothing(field: msgspec.structs.FieldInfo, url: str, tmp_path: Path) -> None:
    before = kept(url)
    optional = field.type == (str | None)
    for text in ("{}", "-1", '["x"', "\x00", "[1]", "null"):
        if optional and text == "null":
            continue
        command = ["account", "set", "--database", url, "--data", str(tmp_path), "--", field.name, text]
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, result.output[:7], result.output.count("\n")) == (1, "Error: ", 1), (text, result)
    assert kept(url) == before


def kept(url: str) -> AccountSettings:
    database = Database(url, pool_size=1)
    with database.read() as db:
        text = db.execute(select(Account.c.settings).where(Account.c.id == 1)).scalar_one()
    database.close()
    return read_settings(text)
