"""The chain of migrations makes the same database as the metadata, and can be walked by several at once."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text
from tests.support.shape import shape_of

from homeroom.db import Database
from homeroom.db.chain import MIGRATIONS, upgrade
from homeroom.db.migrate import CannotMigrate, current_revision, migrate, newest_revision, revisions
from homeroom.school.people.names import sort_key
from homeroom.school.rights.account_settings import AccountSettings, read_settings
from homeroom.school.schema import METADATA, Account


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        database.close()


def walk_the_chain(database: Database, to: str = "head") -> None:
    with database.alter() as db:
        upgrade(db, to)


def of(database: Database, question: Callable[[Connection], Any]) -> Any:
    with database.read() as db:
        return question(db)


def differences(db: Connection) -> list[Any]:
    # What only the database has (the search index, say) Alembic knows nothing of; shape_of compares it.
    options = {
        "compare_server_default": True,
        "include_object": lambda _object, _name, _type, reflected, twin: not reflected or twin is not None,
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        return list(compare_metadata(MigrationContext.configure(db, opts=options), METADATA))


def test_there_is_one_head() -> None:
    chain = ScriptDirectory(str(MIGRATIONS))
    assert len(chain.get_heads()) == 1, "Two migrations follow the same one: point down_revision of yours at the other."
    assert tuple(script.revision for script in chain.walk_revisions())[::-1] == revisions(), (
        "A file's name begins with its revision, and the numbers follow the chain."
    )


def test_the_chain_and_the_metadata_make_the_same_database(empty_url: str) -> None:
    with opened(empty_url) as database:
        walk_the_chain(database)
        assert of(database, differences) == []
        walked = of(database, shape_of)
        drop_everything(database)
        assert migrate(database, METADATA)
        made = of(database, shape_of)
    assert walked == made


def drop_everything(database: Database) -> None:
    if database.is_sqlite:
        database.close()
        path = Path(str(database.engine.url.database))
        for file in path.parent.glob(path.name + "*"):
            file.unlink()
        return
    with database.alter() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))


def test_a_fresh_database_is_at_the_newest_revision_and_a_second_time_there_is_nothing_to_do(empty_url: str) -> None:
    with opened(empty_url) as database:
        assert migrate(database, METADATA)
        assert of(database, current_revision) == newest_revision()
        assert of(database, lambda db: MigrationContext.configure(db).get_current_revision()) == newest_revision()
        assert not migrate(database, METADATA)


_ACCOUNT = (
    "INSERT INTO accounts (id, name, uuid, parent_account_id, ancestry, is_site_admin, state, lti_guid, settings,"
    " default_storage_quota_mb, default_user_storage_quota_mb, default_group_storage_quota_mb, stuck_sis_fields,"
    " created_at, updated_at)"
    " VALUES (:id, 'x', :uuid, :parent, '', :site, 'active', '', '{}', 1, 1, 1, '', :at, :at)"
)
_COURSE = (
    "INSERT INTO courses (id, account_id, root_account_id, enrollment_term_id, uuid, name, sort_key, course_code,"
    " state, default_view, is_public_to_auth_users, public_syllabus, public_syllabus_to_auth, hide_final_grades,"
    " apply_assignment_group_weights, restrict_enrollments_to_course_dates, open_enrollment, self_enrollment,"
    " stuck_sis_fields, created_at, updated_at)"
    " VALUES (1, 1, 1, 1, 'u', 'x', 'x', 'x', 'available', 'modules', :no, :no, :no, :no, :no, :no, :no, :no, '',"
    " :at, :at)"
)
_USER = (
    "INSERT INTO users (id, uuid, name, sortable_name, short_name, state, avatar_state, calendar_code,"
    " stuck_sis_fields, created_at, updated_at) VALUES (1, 'u', 'x', 'x', 'x', 'registered', 'none', 'c', '', :at, :at)"
)
_AT = "2026-01-05T09:00:00.000000Z"


def test_a_root_account_from_before_there_were_terms_gets_them(empty_url: str) -> None:
    with opened(empty_url) as database:
        walk_the_chain(database, "0010")
        with database.write() as db:
            for id, parent, site in ((1, None, False), (2, None, True), (3, 1, False)):
                db.execute(text(_ACCOUNT), {"id": id, "uuid": f"u{id}", "parent": parent, "site": site, "at": _AT})
        walk_the_chain(database)
        rows = of(database, lambda db: db.execute(text("SELECT account_id, terms_type FROM terms_of_service")).all())
        assert [tuple(row) for row in rows] == [(1, "default")]


def test_of_sections_that_share_an_integration_id_the_oldest_keeps_it_and_the_others_are_named(
    empty_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    section = (
        "INSERT INTO course_sections (id, course_id, root_account_id, name, is_default,"
        " restrict_enrollments_to_section_dates, integration_id, stuck_sis_fields, state, created_at, updated_at)"
        " VALUES (:id, 1, 1, 'x', :no, :no, :integration_id, '', :state, :at, :at)"
    )
    sections = (
        (1, "a", "deleted"), (2, "a", "active"), (3, "a", "active"), (4, "a", "active"), (5, "b", "active"),
        (6, None, "active"), (7, None, "active"), (8, "x" * 256, "active"),
    )  # fmt: skip
    with opened(empty_url) as database:
        walk_the_chain(database, "0020")
        with database.write() as db:
            db.execute(text(_ACCOUNT), {"id": 1, "uuid": "u1", "parent": None, "site": False, "at": _AT})
            db.execute(text(_COURSE), {"no": False, "at": _AT})
            for id, integration_id, state in sections:
                values = {"id": id, "integration_id": integration_id, "state": state, "no": False, "at": _AT}
                db.execute(text(section), values)
        walk_the_chain(database)
        kept = text("SELECT id, integration_id FROM course_sections WHERE integration_id IS NOT NULL ORDER BY id")
        rows = of(database, lambda db: db.execute(kept).all())
        assert [tuple(row) for row in rows] == [(1, "a"), (2, "a"), (5, "b")]
    told = [record.getMessage() for record in caplog.records if record.name == "homeroom.db.migrations"]
    assert [line.split(" has ")[0] for line in told] == ["Section 3", "Section 4", "Section 8"]
    assert "it was 'a'" in told[0]


def test_a_nickname_from_before_is_sorted_like_a_new_one(empty_url: str) -> None:
    nickname = (
        "INSERT INTO course_nicknames (id, user_id, course_id, nickname, created_at, updated_at)"
        " VALUES (1, 1, 1, 'The Éclair!', :at, :at)"
    )
    with opened(empty_url) as database:
        walk_the_chain(database, "0022")
        with database.write() as db:
            db.execute(text(_ACCOUNT), {"id": 1, "uuid": "u1", "parent": None, "site": False, "at": _AT})
            db.execute(text(_COURSE), {"no": False, "at": _AT})
            db.execute(text(_USER), {"at": _AT})
            db.execute(text(nickname), {"at": _AT})
        walk_the_chain(database)
        keys = of(database, lambda db: db.execute(text("SELECT sort_key FROM course_nicknames")).scalars().all())
        assert keys == [sort_key("The Éclair!")] == ["the eclair"]


def test_addresses_that_were_confirmed_or_that_somebody_came_with_are_trusted(empty_url: str) -> None:
    user = (
        "INSERT INTO users (id, uuid, name, sortable_name, short_name, state, avatar_state, calendar_code,"
        " stuck_sis_fields, created_at, updated_at)"
        " VALUES (1, 'u', 'x', 'x', 'x', 'registered', 'none', 'c', '', :at, :at)"
    )
    channel = (
        "INSERT INTO communication_channels (id, user_id, type, address, address_key, state, position, made_by_sis,"
        " created_at, updated_at) VALUES (:id, 1, 'email', :address, :address, :state, :id, :no, :at, :at)"
    )
    with opened(empty_url) as database:
        walk_the_chain(database, "0022")
        with database.write() as db:
            db.execute(text(user), {"at": _AT})
            for id, state in enumerate(("unconfirmed", "active", "unconfirmed", "retired"), 1):
                values = {"id": id, "address": f"{id}@home.test", "state": state, "no": False, "at": _AT}
                db.execute(text(channel), values)
        walk_the_chain(database)
        trusted = text("SELECT id FROM communication_channels WHERE trusted ORDER BY id")
        assert of(database, lambda db: db.execute(trusted).scalars().all()) == [1, 2]


def test_the_time_zone_of_the_root_account_moves_into_its_settings(empty_url: str) -> None:
    zones = {1: "Tokyo", 2: "Etc/UTC", 3: "Paris"}
    with opened(empty_url) as database:
        walk_the_chain(database, "0022")
        with database.write() as db:
            for id, parent, site in ((1, None, False), (2, None, True), (3, 1, False)):
                db.execute(text(_ACCOUNT), {"id": id, "uuid": f"u{id}", "parent": parent, "site": site, "at": _AT})
                zone = {"id": id, "zone": zones[id], "settings": '{"avatars":false}'}
                db.execute(
                    text("UPDATE accounts SET default_time_zone = :zone, settings = :settings WHERE id = :id"), zone
                )
        walk_the_chain(database)
        rows = of(database, lambda db: db.execute(select(Account.c.default_time_zone).order_by(Account.c.id)).all())
        assert [row[0] for row in rows] == [None, "Etc/UTC", "Paris"]
        settings = of(database, lambda db: db.execute(select(Account.c.settings).where(Account.c.id == 1)).scalar_one())
        assert read_settings(settings) == AccountSettings(avatars=False, default_time_zone="Tokyo")


def test_a_database_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    with opened(empty_url) as database:
        migrate(database, METADATA)
        with database.write() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(CannotMigrate, match="revision 9999, which only a newer Homeroom knows"):
            migrate(database, METADATA)


def test_a_database_of_another_program_is_left_alone(empty_url: str) -> None:
    with opened(empty_url) as database:
        with database.alter() as db:
            db.execute(text("CREATE TABLE users (id INTEGER)"))
        with pytest.raises(CannotMigrate, match="'users' that Homeroom has not made"):
            migrate(database, METADATA)
        assert of(database, current_revision) is None


def test_processes_that_start_together_make_the_database_once(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(4) as pool:
        did = pool.map(migrate_here, [empty_url] * 4, chunksize=1)
    assert sorted(did) == [False, False, False, True]


def migrate_here(url: str) -> bool:
    with opened(url) as database:
        return migrate(database, METADATA)
