"""Second factors at the sign-in, and every way around them (homeroom.md §4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in, token_in
from tests.support.cast import PASSWORD
from tests.support.mails import answer_requests
from tests.support.oauth import make_app
from tests.support.second_factors import (
    ME,
    PAGE,
    SETUP,
    STEP,
    App,
    browser_with,
    enrol,
    enrolled,
    is_in,
    recovery_codes_in,
    secret_in,
    step,
)
from tests.support.sign_in import settings_of
from tests.support.watch import Watch

from homeroom import clock
from homeroom.school.schema import AccountAdmin, Login, MailMessage, User, WebSession
from homeroom.school.sign_in import second_factors, sessions

pytestmark = pytest.mark.spec("homeroom.md#4")


@pytest.fixture
def app(school: School, watch: Watch) -> App:
    """The student's."""
    return enrolled(school, "student", watch)


def require(school: School) -> None:
    settings_of(school, require_second_factor_of_admins=True)


# --- signing in --------------------------------------------------------------------------------------------------


def test_after_the_password_a_code_is_asked_for_and_then_the_wanted_page_comes(school: School, app: App) -> None:
    browser = Browser(school)
    browser.get(f"/users/{school.id('student')}")
    assert sign_in(browser, "student").headers["location"] == STEP
    assert "Your code" in browser.get(STEP).text
    assert not is_in(browser)
    done = step(browser, app.next_code())
    assert (done.status, done.headers["location"]) == (302, f"/users/{school.id('student')}")
    assert is_in(browser)


def test_remembering_lasts_over_the_second_step(school: School, app: App) -> None:
    browser = Browser(school)
    sign_in(browser, "student", remember_me="1")
    reply = step(browser, app.next_code())
    (cookie,) = [cookie for cookie in reply.set_cookies if cookie.startswith("homeroom_session=")]
    assert f"Max-Age={int(sessions.REMEMBERED_LIFETIME.total_seconds())}" in cookie


@pytest.mark.parametrize("off", [-30, 0, 30])
def test_a_phone_whose_clock_is_a_little_off_is_good_enough(school: School, app: App, watch: Watch, off: int) -> None:
    watch.passes(90)
    browser = Browser(school)
    sign_in(browser, "student")
    assert step(browser, app.code(off // 30)).status == 302


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "\u0660" * 6, "ab-cd"])
def test_a_wrong_code_lets_nobody_in(school: School, app: App, wrong: str) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    reply = step(browser, wrong if wrong != app.code() else "000001")
    assert (reply.status, "That code is not right." in reply.text) == (400, True)
    assert 'aria-invalid="true"' in reply.text and 'role="alert"' in reply.text
    assert not is_in(browser)


def test_attack_a_code_that_was_seen_does_not_work_again(school: School, app: App) -> None:
    code = app.next_code()
    first, second = Browser(school), Browser(school)
    for browser in (first, second):
        sign_in(browser, "student")
    assert step(first, code).status == 302
    assert step(second, code).status == 400
    assert step(second, app.code(-1)).status == 400, "Nor does one before it."


def test_attack_the_code_that_set_the_app_up_does_not_sign_in(school: School, app: App) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    assert step(browser, app.code()).status == 400


def test_attack_guessing_codes(school: School, app: App, watch: Watch) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    for number in range(second_factors.TRIES):
        assert step(browser, f"00000{number}").status == 400
    late = step(browser, app.next_code())
    assert (late.status, late.headers["retry-after"]) == (429, "900")
    again = Browser(school)
    assert sign_in(again, "student").headers["location"] == STEP
    assert step(again, app.next_code()).status == 429, "A new sign-in brings no new tries."
    watch.passes(901)
    assert step(again, app.next_code()).status == 302


def test_attack_guessing_codes_does_not_lock_a_browser_that_signed_in_before(school: School, app: App) -> None:
    mine = Browser(school)
    sign_in(mine, "student")
    assert step(mine, app.next_code()).status == 302
    other = Browser(school)
    sign_in(other, "student")
    for _ in range(second_factors.TRIES + 1):
        step(other, "000000")
    sign_in(mine, "student")
    assert step(mine, app.next_code()).status == 302


def test_a_recovery_code_lets_in_once(school: School, app: App) -> None:
    code = app.recovery_codes[3]
    for typed, status in ((code.upper().replace("-", " "), 302), (code, 400)):
        browser = Browser(school)
        sign_in(browser, "student")
        assert step(browser, typed).status == status
    assert "9 recovery codes left" in browser_with(school, app).get(PAGE).text


# --- ways around -------------------------------------------------------------------------------------------------


def test_attack_the_second_step_without_the_first(school: School, app: App) -> None:
    browser = Browser(school)
    assert browser.get(STEP).headers["location"] == "/login"
    form = {"authenticity_token": token_in(browser.get("/login/canvas")), "code": app.next_code()}
    assert browser.post(STEP, form).headers["location"] == "/login"
    assert not is_in(browser)


def test_attack_a_session_planted_before_the_password_knows_nothing_of_the_second_step(
    school: School, app: App
) -> None:
    victim = Browser(school)
    victim.get("/login/canvas")
    planted = dict(victim.cookies)
    sign_in(victim, "student")
    attacker = Browser(school)
    attacker.cookies = planted
    assert attacker.get(STEP).headers["location"] == "/login"


def test_the_second_step_waits_for_ten_minutes(school: School, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=601))
    assert browser.get(STEP).headers["location"] == "/login"
    assert browser.submit("/login/canvas", {"code": app.next_code()}, to=STEP).headers["location"] == "/login"


def test_attack_an_old_password_is_half_way_in_when_it_is_changed(school: School, app: App) -> None:
    mine, thief = browser_with(school, app), Browser(school)
    sign_in(thief, "student")
    login = school.read(
        lambda db: db.execute(select(Login.c.id).where(Login.c.user_id == school.id("student"))).scalar_one()
    )
    form = {"old_password": PASSWORD, "pseudonym": {"password": "purple horses sing"}}
    assert mine.submit(f"/profile/logins/{login}/password", form).status == 302
    assert thief.get(STEP).headers["location"] == "/login"


@pytest.mark.parametrize("change", ["suspended", "deleted"])
def test_attack_whoever_is_shut_out_between_the_steps_stays_out(school: School, app: App, change: str) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    mine = Login.c.user_id == school.id("student")
    shut = update(Login).where(mine).values(state=change)
    if change == "deleted":
        shut = update(User).where(User.c.id == school.id("student")).values(state="deleted")
    school.write(lambda db: db.execute(shut))
    step(browser, app.next_code())
    assert not is_in(browser)


def test_attack_a_session_token_is_no_second_factor(school: School, app: App) -> None:
    thief = Browser(school)
    url = school.as_("student").get("/login/session_token?return_to=/profile").json["session_url"]
    assert thief.get(thief.get(url).headers["location"]).headers["location"] == STEP
    assert not is_in(thief)
    assert step(thief, app.next_code()).headers["location"] == "/profile"
    assert is_in(thief)
    assert school.as_("student").get(ME).status == 200, "The token itself goes on."


def test_attack_acting_as_somebody_by_a_session_token_takes_ones_own_second_factor(
    school: School, watch: Watch
) -> None:
    app = enrolled(school, "admin", watch)
    browser = Browser(school)
    url = school.as_("admin").get(f"/login/session_token?as_user_id={school.id('student')}").json["session_url"]
    assert browser.get(browser.get(url).headers["location"]).headers["location"] == STEP
    assert step(browser, app.next_code()).status == 302
    assert browser.get(ME).json["id"] == school.id("student")
    for url in (PAGE, SETUP):
        assert browser.get(url).status == 403
    assert PAGE not in browser.get("/profile").text


def test_attack_a_link_for_a_new_password_is_no_second_factor(school: School, app: App) -> None:
    browser = Browser(school)
    browser.submit("/login/canvas/forgot", {"pseudonym_session": {"unique_id_forgot": "student@school.test"}})
    answer_requests(school)
    text = school.read(lambda db: db.execute(select(MailMessage.c.text_body)).scalars().all())[-1]
    link = urlsplit(next(word for word in text.split() if "/login/canvas/reset/" in word)).path
    reply = browser.submit(link, {"pseudonym": {"password": "purple horses sing"}})
    assert reply.headers["location"] == STEP
    assert not is_in(browser)
    assert step(browser, app.next_code()).headers["location"] == "/?login_success=1"


def test_attack_oauth2_asks_for_the_second_factor_before_it_asks_anything(school: School, app: App) -> None:
    client = make_app(school)
    browser = client.browser
    assert client.ask().headers["location"] == "/login"
    assert sign_in(browser, "student").headers["location"] == STEP
    assert browser.get("/login/oauth2/confirm").headers["location"] == "/login"
    assert step(browser, app.next_code()).headers["location"] == "/login/oauth2/confirm"
    assert browser.get("/login/oauth2/confirm").status == 200


# --- required of admins ------------------------------------------------------------------------------------------


def test_an_admin_who_must_have_one_sets_it_up_on_the_way_in(school: School, watch: Watch) -> None:
    require(school)
    browser = Browser(school)
    browser.get(f"/users/{school.id('student')}")
    assert sign_in(browser, "admin").headers["location"] == STEP
    page = browser.get(STEP)
    assert "Your school requires a second factor" in page.text
    assert not is_in(browser)
    assert step(browser, "000000").status == 400
    app = App(secret_in(page), watch, [])
    done = step(browser, app.next_code())
    assert (done.status, len(recovery_codes_in(done))) == (200, 10)
    assert f'href="/users/{school.id("student")}"' in done.text
    assert is_in(browser)
    assert browser.submit(PAGE, {"code": app.next_code()}, to=f"{PAGE}/off").status == 403
    assert "Turn it off" not in browser.get(PAGE).text
    assert is_in(browser_with(school, app, "admin"))


def test_who_is_no_admin_needs_none(school: School) -> None:
    require(school)
    assert sign_in(Browser(school), "teacher").headers["location"] == "/?login_success=1"


def test_attack_sessions_from_before_it_was_required_go_on_without_it(school: School, watch: Watch) -> None:
    before, has_one = browser_of(school, "admin"), browser_of(school, "sub_admin")
    enrol(has_one, watch)
    student = browser_of(school, "student")
    require(school)
    assert (is_in(before), is_in(has_one), is_in(student)) == (False, True, True)

    def make_admin(db: Connection) -> None:
        role = db.execute(select(AccountAdmin.c.role_id).limit(1)).scalar_one()
        now = clock.now()
        db.execute(
            insert(AccountAdmin).values(
                account_id=1,
                user_id=school.id("student"),
                role_id=role,
                state="active",
                created_at=now,
                updated_at=now,
            )
        )

    school.write(make_admin)
    assert not is_in(student), "Nor do those of who becomes an admin."


def test_attack_a_token_does_not_set_the_required_second_factor_up(school: School) -> None:
    require(school)
    thief = Browser(school)
    url = school.as_("admin").get("/login/session_token").json["session_url"]
    assert thief.get(thief.get(url).headers["location"]).headers["location"] == "/login"
    assert thief.get(STEP).headers["location"] == "/login"
    assert school.as_("admin").get(ME).status == 200, "The API goes on."


def test_attack_a_set_up_that_waits_does_not_replace_the_one_that_was_made_meanwhile(
    school: School, watch: Watch
) -> None:
    require(school)
    thief, mine = Browser(school), Browser(school)
    for browser in (thief, mine):
        sign_in(browser, "admin")
    theirs = secret_in(thief.get(STEP))
    assert step(mine, App(secret_in(mine.get(STEP)), watch, []).next_code()).status == 200
    assert thief.get(STEP).headers["location"] == "/login"
    form: dict[str, Any] = {"code": App(theirs, watch, []).next_code()}
    assert thief.submit("/login/canvas", form, to=STEP).headers["location"] == "/login"


def test_waiting_sessions_are_nobodys(school: School, app: App) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    waiting = select(WebSession.c.user_id).where(WebSession.c.waiting_user_id == school.id("student"))
    assert school.read(lambda db: db.execute(waiting).scalars().all()) == [None]
