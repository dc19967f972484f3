"""The rules between rows: each one holds in a school that is well, and each one finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Executable, delete, insert, update
from tests.conftest import School
from tests.support.cast import THEN

from homeroom.school.ground.invariants import INVARIANTS, violations
from homeroom.school.schema import (
    AccessToken,
    Account,
    Bookmark,
    Course,
    CourseSection,
    DirectoryEntry,
    EnrollmentTerm,
    ObserverLink,
    User,
    UserAccountAssociation,
    WebSession,
)

TIMES = {"created_at": THEN, "updated_at": THEN}
Break = Callable[[School], list[Executable]]


def change(table: Any, id: int, **values: Any) -> Executable:
    return update(table).where(table.c.id == id).values(**values)


def delete_student(school: School) -> list[Executable]:
    return [change(User, school.id("student"), state="deleted")]


def act_as_student(school: School) -> list[Executable]:
    tokens = update(AccessToken).where(AccessToken.c.user_id == school.id("teacher"))
    return [tokens.values(real_user_id=school.id("student")), *delete_student(school)]


def sign_student_in(school: School) -> list[Executable]:
    row = {"user_id": school.id("student"), "digest": b"1", "data": "{}", "created_at": THEN, "last_seen_at": THEN}
    return [insert(WebSession).values(**row, expires_at=THEN, user_agent=""), *delete_student(school)]


def delete_northern(school: School) -> list[Executable]:
    return [change(Account, school.id("northern"), state="deleted")]


def delete_default_term(school: School) -> list[Executable]:
    return [change(EnrollmentTerm, school.id("default_term"), state="deleted")]


def leave_a_gap(school: School) -> list[Executable]:
    return [insert(Bookmark).values(user_id=school.id("student"), name="Two", url="/", position=2, **TIMES)]


def forget_association(school: School) -> list[Executable]:
    return [delete(UserAccountAssociation).where(UserAccountAssociation.c.user_id == school.id("student"))]


def associate_outsider(school: School) -> list[Executable]:
    row = {"user_id": school.id("outsider"), "account_id": school.id("southern"), "sort_key": "x"}
    return [insert(UserAccountAssociation).values(**row)]


def list_another_login(school: School) -> list[Executable]:
    return [update(DirectoryEntry).where(DirectoryEntry.c.user_id == school.id("student")).values(login_id="wrong")]


BREAKERS: dict[str, Break] = {
    "no enrollment of a deleted user": delete_student,
    "no enrollment that observes a deleted user": delete_student,
    "no login of a deleted user": delete_student,
    "no token of a deleted user": delete_student,
    "no token of a deleted user who acts as another": act_as_student,
    "no session of a deleted user": sign_student_in,
    "no channel of a deleted user": delete_student,
    "no account role of a deleted user": lambda school: [change(User, school.id("admin"), state="deleted")],
    "no observer link of a deleted user": delete_student,
    "an enrollment that follows an observer link has a live one": lambda _: [
        update(ObserverLink).values(state="deleted")
    ],
    "no account below a deleted one": lambda school: [change(Account, school.id("root"), state="deleted")],
    "no account role in a deleted account": delete_northern,
    "no course in a deleted account": delete_northern,
    "no course in a deleted term": delete_default_term,
    "no enrollment in a deleted course": lambda school: [change(Course, school.id("biology"), state="deleted")],
    "every enrollment is in a section of its course, which is not deleted": lambda school: [
        change(CourseSection, school.id("biology_section"), course_id=school.id("history"))
    ],
    "bookmarks count from 1 without a gap (the ids are their owners')": leave_a_gap,
    "every root account has a default term": delete_default_term,
    "an account's ancestry is its parent's and itself": lambda school: [
        change(Account, school.id("northern"), parent_account_id=school.id("southern"))
    ],
    "who has a login, a role or an enrollment in an account belongs there and above it (the ids are people's)": (
        forget_association
    ),
    "nobody belongs to an account without a reason there or below it (the ids are people's)": associate_outsider,
    "lists show a login that its person has (the ids are people's)": list_another_login,
}
# A unique index keeps these, so that nothing here can break them.
KEPT_BY_AN_INDEX = {"one login for each id", "one observer link for each pair"}


def test_every_rule_is_tried_here() -> None:
    assert BREAKERS.keys() | KEPT_BY_AN_INDEX == {rule for rule, _ in INVARIANTS}


def test_a_school_that_is_well_breaks_no_rule(school: School) -> None:
    assert school.read(lambda db: list(violations(db))) == []


@pytest.mark.parametrize("rule", BREAKERS)
def test_a_broken_rule_is_found(school: School, rule: str) -> None:
    with school.server.services.database.write() as db:
        for statement in BREAKERS[rule](school):
            db.execute(statement)
    found = {violation.rule: violation for violation in school.read(lambda db: list(violations(db)))}
    assert found[rule].ids
