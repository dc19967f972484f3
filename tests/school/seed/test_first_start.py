"""The first start of a school."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.conftest import School

from homeroom.db import Database
from homeroom.db.migrate import migrate
from homeroom.school.people.passwords import verify_password
from homeroom.school.rights.account_settings import AccountSettings, read_settings
from homeroom.school.schema import METADATA, AccessToken, Account, AccountAdmin, CommunicationChannel, Login, Role, User
from homeroom.school.seed.first_start import FirstAdmin, first_start, honour_token


@pytest.fixture
def fresh(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url, pool_size=2)
    migrate(database, METADATA)
    yield database
    database.close()


def rows(database: Database, *columns: Any) -> list[tuple[Any, ...]]:
    with database.read() as db:
        return [tuple(row) for row in db.execute(select(*columns).order_by(columns[0]))]


@pytest.mark.spec("homeroom.md#1")
def test_a_fresh_school_has_a_root_a_site_admin_and_a_way_in(fresh: Database) -> None:
    kept: list[FirstAdmin] = []
    admin = first_start(fresh, token=None, keep=kept.append)
    assert admin is not None
    assert kept == [admin]
    assert rows(fresh, Account.c.id, Account.c.name, Account.c.is_site_admin, Account.c.parent_account_id) == [
        (1, "Homeroom", False, None),
        (2, "Site Admin", True, None),
    ]
    (user,) = rows(fresh, User.c.id, User.c.state)
    assert user == (1, "registered")
    ((login, account, state, password_hash),) = rows(
        fresh, Login.c.unique_id, Login.c.account_id, Login.c.state, Login.c.password_hash
    )
    assert (login, account, state) == (admin.login, 1, "active")
    assert verify_password(password_hash, admin.password)
    assert rows(fresh, CommunicationChannel.c.type, CommunicationChannel.c.state) == [("email", "active")]
    with fresh.read() as db:
        roles = db.execute(
            select(AccountAdmin.c.account_id, Role.c.name)
            .join(Role, Role.c.id == AccountAdmin.c.role_id)
            .order_by("account_id")
        )
        assert [tuple(row) for row in roles] == [(1, "AccountAdmin"), (2, "AccountAdmin")]
    assert rows(fresh, AccessToken.c.user_id, AccessToken.c.state, AccessToken.c.permanent_expires_at) == [
        (1, "active", None)
    ]
    assert first_start(fresh, token=None, keep=kept.append) is None
    assert len(kept) == 1


@pytest.mark.spec("homeroom.md#1")
def test_a_fresh_school_has_the_documented_settings(fresh: Database) -> None:
    first_start(fresh, token=None, keep=lambda _: None)
    ((_, text),) = [row for row in rows(fresh, Account.c.id, Account.c.settings) if row[0] == 1]
    settings = read_settings(text)
    assert settings == AccountSettings()
    assert (settings.avatars, settings.users_can_edit_name) == (True, True)
    off = (settings.profiles, settings.pronouns, settings.name_pronunciation, settings.require_terms)
    assert (*off, settings.open_registration) == (False,) * 5
    assert (settings.self_registration, settings.default_locale) == ("none", "en")


def test_a_school_whose_credentials_could_not_be_kept_is_not_set_up(fresh: Database) -> None:
    def fail(_: FirstAdmin) -> None:
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        first_start(fresh, token=None, keep=fail)
    assert rows(fresh, Account.c.id) == []
    assert first_start(fresh, token=None, keep=lambda _: None) is not None


def test_of_several_first_starts_at_once_one_makes_the_school(fresh: Database, empty_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        tokens = pool.map(start_here, [empty_url] * 3, chunksize=1)
    assert len([token for token in tokens if token]) == 1
    assert rows(fresh, func.count(User.c.id)) == [(1,)]


def start_here(url: str) -> str | None:
    database = Database(url, pool_size=2)
    try:
        admin = first_start(database, token=None, keep=lambda _: None)
    finally:
        database.close()
    return admin.token if admin else None


def test_a_token_of_the_environment_that_was_revoked_stays_revoked(school: School) -> None:
    token = "from-the-environment-0123"
    database = school.server.services.database
    honour_token(database, token)
    honour_token(database, token)
    assert school.with_token(token).get("/api/v1/users/self").json["id"] == school.id("site_admin")
    school.write(
        lambda db: db.execute(
            update(AccessToken).where(AccessToken.c.purpose == "HOMEROOM_ADMIN_TOKEN").values(state="deleted")
        )
    )
    honour_token(database, token)
    assert school.with_token(token).get("/api/v1/users/self").status == 401


def test_a_first_start_that_broke_off_leaves_account_1_to_the_next(fresh: Database) -> None:
    def break_off(_admin: FirstAdmin) -> None:
        raise OSError("The disk is full.")

    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            first_start(fresh, token=None, keep=break_off)
    assert first_start(fresh, token=None, keep=lambda _admin: None) is not None
    assert rows(fresh, Account.c.id) == [(1,), (2,)]
    assert rows(fresh, User.c.id) == [(1,)]
