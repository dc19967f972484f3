"""Two changes at the same moment: the second waits for the first, and sees what it left (decision 0014)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError
from tests.conftest import School, on_postgresql
from tests.support.client import Client, Reply

from homeroom.db import lock, once_more
from homeroom.school.accounts.accounts.actions import delete_sub_account
from homeroom.school.accounts.accounts.queries import account_with_id
from homeroom.school.courses.courses.actions import change_state
from homeroom.school.courses.terms import delete_term, terms_with_ids
from homeroom.school.ground.invariants import violations
from homeroom.school.people.observers.links import link, unlink
from homeroom.school.people.users.removal import remove_from_root_account
from homeroom.school.schema import Account, Enrollment, EnrollmentTerm, User

Change = Callable[[Connection], Any]
Send = Callable[[Client], Reply]


def meanwhile(school: School, change: Change, send: Send, who: str = "site_admin") -> Reply:
    """The answer to a call that comes while the transaction of a change is not committed yet."""
    client = school.as_(who)
    with ThreadPoolExecutor(1) as pool:
        with school.server.services.database.write() as db:
            change(db)
            reply = pool.submit(client.at_once, send)
            time.sleep(0.4)
        return reply.result(30)[0]


def broken(school: School) -> list[str]:
    return [rule for rule, _ in school.read(lambda db: list(violations(db)))]


def observing(school: School) -> set[str]:
    rows = select(Enrollment.c.state).where(Enrollment.c.associated_user_id == school.id("student"))
    return set(school.read(lambda db: db.execute(rows).scalars().all()))


def enroll(school: School, course: str = "history") -> Send:
    form = {"enrollment": {"user_id": school.id("student"), "enrollment_state": "active"}}
    return lambda client: client.post(f"/api/v1/courses/{school.id(course)}/enrollments", form)


def end_enrollment(school: School, task: str) -> Send:
    url = f"/api/v1/courses/{school.id('biology')}/enrollments/{school.id('enrollment_of_student')}"
    return lambda client: client.delete(url, {"task": task})


def end_link(school: School) -> Change:
    return lambda db: unlink(db, school.id("observer"), school.id("student"))


def delete_person(school: School, who: str) -> Change:
    return lambda db: remove_from_root_account(db, 1, school.id(who))


@pytest.mark.spec("identity.md#9")
def test_observer_stays_enrolled_when_the_student_is_enrolled_while_the_link_ends(school: School) -> None:
    assert meanwhile(school, end_link(school), enroll(school)).status == 200
    assert observing(school) == {"deleted"}
    assert broken(school) == []


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize("task", ["conclude", "deactivate", "inactivate", "delete"])
def test_observer_stays_enrolled_when_the_students_enrollment_changes_while_the_link_ends(
    school: School, task: str
) -> None:
    assert meanwhile(school, end_link(school), end_enrollment(school, task)).status == 200
    assert observing(school) == {"deleted"}
    assert broken(school) == []


@pytest.mark.spec("identity.md#9")
def test_a_student_who_is_enrolled_while_a_link_begins_is_observed_there(school: School) -> None:
    begin: Change = lambda db: link(db, 1, school.id("outsider"), school.id("student"))  # noqa: E731
    assert meanwhile(school, begin, enroll(school)).status == 200
    rows = select(Enrollment.c.course_id).where(Enrollment.c.user_id == school.id("outsider"))
    courses = school.read(lambda db: set(db.execute(rows).scalars()))
    assert courses == {school.id("biology"), school.id("history")}


PEOPLE_MADE: dict[str, Callable[[School, int], Send]] = {
    "token": lambda _, user: lambda client: client.post(f"/api/v1/users/{user}/tokens", {"token": {"purpose": "x"}}),
    "login": lambda _, user: (
        lambda client: client.post(
            "/api/v1/accounts/1/logins", {"user": {"id": user}, "login": {"unique_id": "another"}}
        )
    ),
    "channel": lambda _, user: (
        lambda client: client.post(
            f"/api/v1/users/{user}/communication_channels",
            {"communication_channel": {"address": "another@home.test", "type": "email"}, "skip_confirmation": True},
        )
    ),
    "admin": lambda school, user: (
        lambda client: client.post(f"/api/v1/accounts/{school.id('northern')}/admins", {"user_id": user})
    ),
    "enrollment": lambda school, _: enroll(school),
}


@pytest.mark.parametrize("made", PEOPLE_MADE)
def test_nothing_is_made_for_a_person_who_is_being_deleted(school: School, made: str) -> None:
    send = PEOPLE_MADE[made](school, school.id("student"))
    assert meanwhile(school, delete_person(school, "student"), send).status == 404
    assert broken(school) == []


MADE_IN_ACCOUNT: dict[str, Callable[[School, int], Send]] = {
    "course": lambda _, account: (
        lambda client: client.post(f"/api/v1/accounts/{account}/courses", {"course": {"name": "Late"}})
    ),
    "moved course": lambda school, account: (
        lambda client: client.put(f"/api/v1/courses/{school.id('history')}", {"course": {"account_id": account}})
    ),
    "admin": lambda school, account: (
        lambda client: client.post(f"/api/v1/accounts/{account}/admins", {"user_id": school.id("outsider")})
    ),
    "account": lambda _, account: (
        lambda client: client.post(f"/api/v1/accounts/{account}/sub_accounts", {"account": {"name": "Late"}})
    ),
}


@pytest.mark.parametrize("made", MADE_IN_ACCOUNT)
def test_nothing_is_made_in_an_account_that_is_being_deleted(school: School, made: str) -> None:
    form = {"account": {"name": "Short-lived"}}
    account = school.as_("site_admin").post("/api/v1/accounts/1/sub_accounts", form).json["id"]

    def delete(db: Connection) -> None:
        found = account_with_id(db, account)
        assert found is not None
        delete_sub_account(db, found)

    assert meanwhile(school, delete, MADE_IN_ACCOUNT[made](school, account)).status == 404
    assert broken(school) == []


def test_no_course_is_made_in_a_term_that_is_being_deleted(school: School) -> None:
    form = {"enrollment_term": {"name": "Short-lived"}}
    term = school.as_("site_admin").post("/api/v1/accounts/1/terms", form).json["id"]
    course = {"course": {"name": "Late", "term_id": term}}
    delete: Change = lambda db: delete_term(db, terms_with_ids(db, {term})[term])  # noqa: E731
    assert meanwhile(school, delete, lambda client: client.post("/api/v1/accounts/1/courses", course)).status == 404
    assert broken(school) == []


@on_postgresql
def test_courses_are_made_in_one_account_and_term_at_the_same_time(school: School) -> None:
    """Who makes something keeps what it is made in, and does not make the next one wait."""
    url = f"/api/v1/accounts/{school.id('northern')}/courses"
    other = school.as_("site_admin")
    with school.server.services.database.write() as db, ThreadPoolExecutor(1) as pool:
        lock(db, Account, [school.id("northern")], shared=True)
        lock(db, EnrollmentTerm, [school.id("default_term")], shared=True)
        replies = pool.submit(other.at_once, lambda client: client.post(url, {"course": {"name": "Another"}}))
        assert replies.result(10)[0].status == 200


def test_a_course_and_one_of_its_people_are_deleted_at_once(school: School) -> None:
    deleted = meanwhile(
        school,
        lambda db: change_state(db, school.id("biology"), "delete"),
        lambda client: client.delete(f"/api/v1/accounts/1/users/{school.id('student')}"),
    )
    assert deleted.status == 200
    assert broken(school) == []


# --- victims of deadlocks


class Deadlock(Exception):
    sqlstate = "40P01"


def fail_first(school: School, times: int) -> list[str]:
    """Let the database choose the next transactions that change a user as victims; the statements that it undid."""
    undone: list[str] = []

    def fail(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE users") and len(undone) < times:
            undone.append(statement)
            raise OperationalError(statement, {}, Deadlock())

    event.listen(school.server.services.database.engine, "before_cursor_execute", fail)
    return undone


def test_a_request_whose_transaction_was_a_victim_runs_once_more(school: School) -> None:
    undone = fail_first(school, 1)
    url = f"/api/v1/users/{school.id('student')}"
    assert school.as_("admin").put(url, {"user": {"name": "Stella Twice"}}).status == 200
    assert len(undone) == 1
    assert school.as_("admin").get(url).json["name"] == "Stella Twice"


def test_a_request_that_is_a_victim_again_has_failed(school: School) -> None:
    undone = fail_first(school, 5)
    url = f"/api/v1/users/{school.id('student')}"
    assert school.as_("admin").put(url, {"user": {"name": "Stella Twice"}}).status == 500
    assert len(undone) == 2


@on_postgresql
def test_two_who_wait_for_each_other_both_get_through(school: School) -> None:
    database = school.server.services.database
    tries: list[str] = []
    both_hold_one = threading.Barrier(2)

    def take(first: str, second: str) -> None:
        def work() -> None:
            tries.append(first)
            with database.write() as db:
                lock(db, User, [school.id(first)])
                if len(tries) <= 2:
                    both_hold_one.wait(10)
                lock(db, User, [school.id(second)])

        once_more(work)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(take, "student", "teacher"), pool.submit(take, "teacher", "student")]:
            future.result(30)
    assert len(tries) == 3


def test_another_failure_is_not_tried_again() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    with pytest.raises(OperationalError):
        once_more(work)
    assert len(tries) == 1
