"""``homeroom user``: for people who cannot get in."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in
from tests.support.live import run
from tests.support.second_factors import STEP, enrolled
from tests.support.watch import Watch

from homeroom.school.schema import KnownPlace

# The cast's PostgreSQL database is copied for each test and is not one that a command would open.
pytestmark = [pytest.mark.spec("homeroom.md#1"), pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)]
NEW = "purple horses sing"


def user(school: School, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    where = ("--data", str(school.settings.data), "--database", school.settings.database_url)
    done = run("user", *arguments, *where, typed=typed)
    return done.returncode, done.stdout, done.stderr


def test_a_new_password_is_read_and_signs_the_person_out_everywhere(school: School) -> None:
    mine = browser_of(school, "student")
    done = user(school, "password", "STUDENT@school.test", typed=f"{NEW}\n")
    assert done == (0, "student@school.test has a new password.\n", "")
    assert mine.get("/api/v1/users/self").status == 401
    assert (sign_in(Browser(school), "student").status, sign_in(Browser(school), "student", NEW).status) == (400, 302)


def test_a_new_password_forgets_where_the_old_one_was_used(school: School) -> None:
    browser_of(school, "student")
    user(school, "password", "student@school.test", typed=NEW)
    assert school.read(lambda db: db.execute(select(KnownPlace.c.id)).all()) == []


def test_a_password_is_made_up_and_printed(school: School) -> None:
    code, made, _ = user(school, "password", "student@school.test", "--generate")
    assert (code, len(made.strip()) >= 16) == (0, True)
    assert sign_in(Browser(school), "student", made.strip()).status == 302


@pytest.mark.parametrize(
    ("login", "typed", "sentence"),
    [
        ("nobody", NEW, "Nobody signs in as 'nobody' with a password."),
        ("student@school.test", "", "The password can't be blank."),
        ("student@school.test", "password1", "The password is one that many people use, and so is easily guessed."),
        ("student@school.test", "short", "The password is too short (minimum is 8 characters)."),
    ],
)
def test_a_password_that_will_not_do_is_said_in_a_sentence(
    school: School, login: str, typed: str, sentence: str
) -> None:
    assert user(school, "password", login, typed=typed) == (1, "", f"Error: {sentence}\n")


def test_a_second_factor_is_taken_away(school: School, watch: Watch) -> None:
    enrolled(school, "student", watch)
    assert user(school, "password", "student@school.test", typed=NEW)[0] == 0
    assert sign_in(Browser(school), "student", NEW).headers["location"] == STEP
    done = user(school, "reset-second-factor", "student@school.test")
    assert done == (0, "student@school.test has no second factor any more.\n", "")
    assert sign_in(Browser(school), "student", NEW).headers["location"] == "/?login_success=1"
    again = user(school, "reset-second-factor", "student@school.test")
    assert again == (1, "", "Error: student@school.test has no second factor.\n")
