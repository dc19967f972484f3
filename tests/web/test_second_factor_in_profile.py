"""One's own second factor in the profile: setting it up, new recovery codes, turning it off (homeroom.md §4)."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in
from tests.support.cast import PASSWORD
from tests.support.second_factors import (
    PAGE,
    SETUP,
    STEP,
    App,
    browser_with,
    enrolled,
    is_in,
    recovery_codes_in,
    secret_in,
    step,
)
from tests.support.watch import Watch

from homeroom.school.schema import RecoveryCode, SecondFactor

pytestmark = pytest.mark.spec("homeroom.md#4")


@pytest.fixture
def app(school: School, watch: Watch) -> App:
    """The student's."""
    return enrolled(school, "student", watch)


def test_setting_up_takes_the_password_and_a_code_and_signs_out_everywhere_else(school: School, watch: Watch) -> None:
    other, mine = browser_of(school, "student"), browser_of(school, "student")
    assert f'href="{PAGE}"' in mine.get("/profile").text
    wrong = mine.submit(PAGE, {"password": "wrong"})
    assert (wrong.status, "not your present password" in wrong.text) == (400, True)
    assert mine.get(SETUP).headers["location"] == PAGE
    mine.submit(PAGE, {"password": PASSWORD})
    page = mine.get(SETUP)
    assert "<svg width=" in page.text and "style=" not in page.text
    wrong = mine.submit(SETUP, {"code": "000000"})
    assert (wrong.status, secret_in(wrong)) == (400, secret_in(page)), "The app that scanned it still fits."
    assert sign_in(Browser(school), "student").headers["location"] != STEP
    app = App(secret_in(page), watch, [])
    done = mine.submit(SETUP, {"code": app.next_code()})
    app.recovery_codes = recovery_codes_in(done)
    assert (is_in(other), is_in(mine)) == (False, True)
    assert "10 recovery codes left" in mine.get(PAGE).text
    assert app.recovery_codes[0] not in mine.get(PAGE).text
    assert mine.get(SETUP).headers["location"] == PAGE
    kept = school.read(lambda db: (db.execute(select(SecondFactor.c.sealed_secret)).scalar_one(), _digests(db)))
    assert app.secret not in kept[0] and not any(app.recovery_codes[0].encode() in digest for digest in kept[1])


def _digests(db: Connection) -> list[bytes]:
    return list(db.execute(select(RecoveryCode.c.digest)).scalars())


def test_attack_whoever_finds_a_browser_open_cannot_change_the_second_factor(school: School, app: App) -> None:
    browser = browser_with(school, app)
    for to in (PAGE, f"{PAGE}/recovery_codes", f"{PAGE}/off"):
        reply = browser.submit(PAGE, {"code": "000000", "password": PASSWORD}, to=to)
        assert (reply.status, "That code is not right." in reply.text) == (400, True)
    assert browser.submit(PAGE, {"code": "000000"}, to=f"{PAGE}/off").status == 400
    assert browser.submit(PAGE, {"code": "000000"}, to=f"{PAGE}/off").status == 400
    assert browser.submit(PAGE, {"code": app.next_code()}, to=f"{PAGE}/off").status == 429
    assert browser.get(SETUP).headers["location"] == PAGE


def test_new_recovery_codes_void_the_old_ones(school: School, app: App) -> None:
    new = recovery_codes_in(
        browser_with(school, app).submit(PAGE, {"code": app.next_code()}, to=f"{PAGE}/recovery_codes")
    )
    assert not set(new) & set(app.recovery_codes)
    browser = Browser(school)
    sign_in(browser, "student")
    assert (step(browser, app.recovery_codes[0]).status, step(browser, new[0]).status) == (400, 302)


def test_moving_to_another_phone_voids_the_old_one(school: School, app: App, watch: Watch) -> None:
    browser = browser_with(school, app)
    assert browser.submit(PAGE, {"code": app.recovery_codes[0]}).headers["location"] == SETUP
    new = App(secret_in(browser.get(SETUP)), watch, [])
    assert browser.submit(SETUP, {"code": app.next_code()}).status == 400
    assert browser.submit(SETUP, {"code": new.next_code()}).status == 200
    other = Browser(school)
    sign_in(other, "student")
    assert (step(other, app.next_code()).status, step(other, new.next_code()).status) == (400, 302)


def test_turning_it_off_takes_a_code(school: School, app: App) -> None:
    browser = browser_with(school, app)
    assert browser.submit(PAGE, {"code": app.next_code()}, to=f"{PAGE}/off").status == 302
    assert "Set it up" in browser.get(PAGE).text
    assert sign_in(Browser(school), "student").headers["location"] == "/?login_success=1"
    assert school.read(_digests) == []


def test_attack_a_set_up_that_was_begun_is_not_finished_by_the_next_person(school: School, watch: Watch) -> None:
    browser = browser_of(school, "student")
    browser.submit(PAGE, {"password": PASSWORD})
    secret = secret_in(browser.get(SETUP))
    sign_in(browser, "classmate")
    assert browser.get(SETUP).headers["location"] == PAGE
    form = {"code": App(secret, watch, []).next_code()}
    assert browser.submit(PAGE, form, to=SETUP).headers["location"] == PAGE


def test_who_is_deleted_leaves_no_secret_behind(school: School, app: App) -> None:
    assert school.as_("admin").delete(f"/api/v1/accounts/1/users/{school.id('student')}").status == 200
    assert school.read(lambda db: db.execute(select(SecondFactor.c.user_id)).all()) == []
