"""Transactions at the edge, and what runs after them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError
from tests.conftest import School

from homeroom.db import after_commit, insert_or_update, lock, violated
from homeroom.school.ground.events import announce, listen
from homeroom.school.schema import Login, MailMessage, SystemFact, User


def fact(db: Connection, name: str) -> str | None:
    return db.execute(select(SystemFact.c.value).where(SystemFact.c.name == name)).scalar()


def put(db: Connection, name: str, value: str) -> None:
    db.execute(insert(SystemFact).values(name=name, value=value))


def test_a_block_that_ends_is_kept_and_one_that_raises_is_undone(school: School) -> None:
    school.write(lambda db: put(db, "kept", "1"))

    def broken(db: Connection) -> None:
        put(db, "undone", "1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        school.write(broken)
    assert school.read(lambda db: (fact(db, "kept"), fact(db, "undone"))) == ("1", None)


def test_a_reading_transaction_keeps_nothing(school: School) -> None:
    school.read(lambda db: put(db, "read", "1"))
    assert school.read(lambda db: fact(db, "read")) is None


def test_after_commit_runs_when_the_change_is_there_to_see(school: School) -> None:
    seen: list[Any] = []

    def change(db: Connection) -> None:
        put(db, "seen", "1")
        after_commit(lambda _database: seen.append(school.read(lambda other: fact(other, "seen"))))
        assert seen == []

    school.write(change)
    assert seen == ["1"]


def test_after_commit_never_runs_when_the_change_is_undone(school: School) -> None:
    seen: list[Any] = []

    def broken(_db: Connection) -> None:
        after_commit(seen.append)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        school.write(broken)
    school.write(lambda db: put(db, "next", "1"))
    assert seen == []


def test_what_was_committed_is_answered_even_when_nobody_can_be_woken(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_calls: object) -> None:
        raise RuntimeError("The queue is gone.")

    monkeypatch.setattr(school.server.services.database, "wake", broken)
    form = {"user[name]": "Nora", "pseudonym[unique_id]": "nora@school.test", "pseudonym[send_confirmation]": "1"}
    reply = school.as_("admin").post("/api/v1/accounts/1/users", form)
    assert reply.status == 200
    assert "What follows a committed transaction failed." in caplog.text
    assert school.read(lambda db: db.execute(select(MailMessage.c.recipient)).scalars().all()) == ["nora@school.test"]


def test_a_reader_sees_one_state_of_the_school(school: School) -> None:
    database = school.server.services.database
    with database.read() as db:
        before = fact(db, "changed")
        school.write(lambda other: put(other, "changed", "1"))
        assert (before, fact(db, "changed")) == (None, None)
    assert school.read(lambda db: fact(db, "changed")) == "1"


def test_after_commit_belongs_into_a_writing_transaction(school: School) -> None:
    with pytest.raises(RuntimeError, match="inside a write transaction"):
        school.read(lambda _db: after_commit(print))


def test_insert_or_update_makes_new_rows_and_changes_old_ones(school: School) -> None:
    def change(db: Connection) -> None:
        put(db, "old", "1")
        rows = [{"name": "old", "value": "2"}, {"name": "new", "value": "3"}]
        insert_or_update(db, SystemFact, rows, key=("name",), update=("value",))
        insert_or_update(db, SystemFact, [{"name": "old", "value": "9"}], key=("name",), update=())
        insert_or_update(db, SystemFact, [], key=("name",), update=())

    school.write(change)
    assert school.read(lambda db: (fact(db, "old"), fact(db, "new"))) == ("2", "3")


def test_a_lock_takes_any_ids_in_any_order_and_no_others(school: School) -> None:
    student, teacher = school.id("student"), school.id("teacher")
    database = school.server.services.database
    with database.write() as db, database.engine.connect() as other:
        lock(db, User, [])
        lock(db, User, [teacher, student, teacher, 999_999])
        everybody = set(db.scalars(select(User.c.id)))
        free = set(other.scalars(select(User.c.id).with_for_update(skip_locked=True)))
    # SQLite's writers queue: it locks no rows.
    assert everybody - free == (set() if database.is_sqlite else {student, teacher})


def test_a_broken_unique_rule_has_a_name(school: School) -> None:
    def twin(db: Connection) -> None:
        db.execute(update(Login).where(Login.c.user_id == school.id("student")).values(sis_user_id="sis-teacher"))

    with pytest.raises(IntegrityError) as caught:
        school.write(twin)
    assert violated(caught.value, Login) == "uq_logins_sis_user_id"


def test_another_broken_rule_has_none(school: School) -> None:
    def orphan(db: Connection) -> None:
        db.execute(update(Login).where(Login.c.user_id == school.id("student")).values(user_id=999_999))

    with pytest.raises(IntegrityError) as caught:
        school.write(orphan)
    assert violated(caught.value, Login) is None


def test_listeners_hear_in_the_same_transaction_and_can_undo_it(school: School) -> None:
    class Rang:
        """An event of this test's own: listeners stay for ever."""

    @listen(Rang)
    def hear(db: Connection, _event: Rang) -> None:
        put(db, "heard", "1")

    listen(Rang)(hear)  # Twice is once: the second would break the unique name.
    school.write(lambda db: announce(db, Rang()))
    assert school.read(lambda db: fact(db, "heard")) == "1"

    def ring(db: Connection) -> None:
        put(db, "before", "1")
        announce(db, Rang())

    with pytest.raises(IntegrityError):
        school.write(ring)
    assert school.read(lambda db: fact(db, "before")) is None
    school.write(lambda db: announce(db, "nobody listens to text"))
