"""The directory and the associations stay true, also when two change one person at once (docs/decisions/0003)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from sqlalchemy import Connection, delete, insert, select, update
from tests.conftest import School
from tests.support.cast import THEN

from homeroom.db import new_uuid
from homeroom.school.people import directory
from homeroom.school.schema import DirectoryEntry, Enrollment, Login, User, UserAccountAssociation

PATIENCE = 30
Change = Callable[[Connection], None]


def at_once(school: School, first: Change, second: Change) -> None:
    """The first change is made but not committed when the second begins."""
    database = school.server.services.database
    made, failures = Event(), []

    def run_second() -> None:
        try:
            assert made.wait(PATIENCE)
            with database.write() as db:
                second(db)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=run_second)
    thread.start()
    with database.write() as db:
        first(db)
        made.set()
        # The second now waits for us, or has read what was before; either way it goes on when we are done.
        thread.join(0.3)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failures == []


def test_two_changes_of_one_person_at_once_are_both_in_the_directory(school: School) -> None:
    student = school.id("student")

    def sign_in(db: Connection) -> None:
        db.execute(update(Login).where(Login.c.user_id == student).values(current_login_at=THEN))
        directory.refresh(db, [student])

    def rename(db: Connection) -> None:
        db.execute(update(User).where(User.c.id == student).values(name="Stella Star"))
        directory.refresh(db, [student])

    at_once(school, sign_in, rename)
    columns = select(DirectoryEntry.c.last_login_at, DirectoryEntry.c.name_text).where(
        DirectoryEntry.c.user_id == student
    )
    entry = school.read(lambda db: db.execute(columns).one())
    assert (entry.last_login_at, entry.name_text) == (THEN, "stella star\n")


def test_who_leaves_one_course_and_enters_another_at_once_still_belongs(school: School) -> None:
    student = school.id("student")

    def leave(db: Connection) -> None:
        db.execute(delete(Enrollment).where(Enrollment.c.user_id == student))
        directory.associate(db, [student])

    def enter(db: Connection) -> None:
        values = {
            "user_id": student, "course_id": school.id("biology"), "course_section_id": school.id("biology_section"),
            "root_account_id": 1, "type": "TaEnrollment", "role_id": school.id("role_TaEnrollment"),
            "state": "active", "uuid": new_uuid(), "created_at": THEN, "updated_at": THEN,
        }  # fmt: skip
        db.execute(insert(Enrollment).values(**values))
        directory.associate(db, [student])

    at_once(school, leave, enter)
    mine = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == student)
    accounts = school.read(lambda db: db.execute(mine).scalars().all())
    assert sorted(accounts) == sorted([1, school.id("northern")])
