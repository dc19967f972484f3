"""Settings that one changes oneself: the password, and links that are sent again (homeroom.md §4, identity.md §6)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.cast import PASSWORD
from tests.support.client import Reply

from homeroom import clock
from homeroom.school.schema import CommunicationChannel, ConfirmationLink, Login, MailMessage
from homeroom.school.sign_in import lockout

pytestmark = pytest.mark.spec("homeroom.md#4")
NEW = "purple horses sing"


@pytest.fixture
def browser(school: School) -> Browser:
    browser = Browser(school)
    assert sign_in(browser, "student").status == 302
    return browser


def page_of(school: School, who: str = "student") -> str:
    login = school.read(lambda db: db.execute(select(Login.c.id).where(Login.c.user_id == school.id(who))).scalar_one())
    return f"/profile/logins/{login}/password"


def change(browser: Browser, page: str, old: str = PASSWORD, new: str = NEW) -> Reply:
    return browser.submit(page, {"old_password": old, "pseudonym": {"password": new}})


@pytest.mark.spec("identity.md#6")
def test_a_password_is_changed_by_who_knows_the_old_one(school: School, browser: Browser) -> None:
    elsewhere = Browser(school)
    sign_in(elsewhere, "student")
    page = page_of(school)
    assert f'href="{page}"' in browser.get("/profile").text
    assert change(browser, page).headers["location"] == "/profile?password_changed=1"
    assert "Your password is changed." in browser.get("/profile?password_changed=1").text
    assert elsewhere.get("/").status == 302
    assert sign_in(Browser(school), "student").status == 400
    assert sign_in(Browser(school), "student", NEW).status == 302
    # A token is not a password: it goes on.
    assert school.as_("student").get("/api/v1/users/self").status == 200


def test_a_wrong_old_password_changes_nothing(school: School, browser: Browser) -> None:
    reply = change(browser, page_of(school), old="wrong")
    assert reply.status == 400
    assert "That is not your present password." in reply.text
    assert re.search(r'<input id="old_password"[^>]*aria-invalid="true" aria-describedby="problem"', reply.text)
    assert sign_in(Browser(school), "student").status == 302


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("short", "The password is too short (minimum is 8 characters)."),
        ("student@school.test", "The password can&#39;t be the same as the login."),
        ("   ", "The password can&#39;t be blank."),
        ("password1", "The password is one that many people use, and so is easily guessed."),
    ],
)
def test_a_password_that_breaks_the_policy_is_not_taken(
    school: School, browser: Browser, new: str, sentence: str
) -> None:
    reply = change(browser, page_of(school), new=new)
    assert (reply.status, sentence in reply.text) == (400, True)
    assert sign_in(Browser(school), "student").status == 302


def test_brute_force_of_the_old_password_in_a_browser_left_open(
    school: School, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_PLACE", 3)
    page = page_of(school)
    assert [change(browser, page, old=f"guess {number}").status for number in range(3)] == [400, 400, 400]
    reply = change(browser, page)
    assert (reply.status, "tried too often" in reply.text) == (429, True)
    sign_in_there = sign_in(browser, "student").status
    assert (sign_in_there, sign_in(Browser(school), "student").status) == (429, 302)


def test_nobody_elses_password_is_changed_here(school: School, browser: Browser) -> None:
    other = page_of(school, "classmate")
    token = re.search(r'name="authenticity_token" value="([^"]+)"', browser.get("/profile").text)
    assert token is not None
    form = {"authenticity_token": token[1], "old_password": PASSWORD, "pseudonym": {"password": NEW}}
    assert (browser.get(other).status, browser.post(other, form).status) == (404, 404)
    assert sign_in(Browser(school), "classmate").status == 302
    assert Browser(school).get(other).headers["location"] == "/login"


def test_masquerade_to_take_over_who_acts_as_somebody_does_not_change_their_password(school: School) -> None:
    browser = Browser(school)
    url = school.as_("admin").get(f"/login/session_token?as_user_id={school.id('student')}").json["session_url"]
    browser.get(browser.get(url).headers["location"])
    page = page_of(school)
    assert "Stella Student" in browser.get("/profile").text
    assert page not in browser.get("/profile").text
    assert browser.get(page).status == 403


@pytest.mark.parametrize("values", [{"state": "suspended"}, {"password_hash": None}, {"provider_key": 1}])
def test_a_login_that_no_password_opens_has_none_to_change(school: School, values: dict[str, Any]) -> None:
    page = page_of(school)
    token = school.as_("student").get("/login/session_token").json["session_url"]
    browser = Browser(school)
    browser.get(browser.get(token).headers["location"])
    assert browser.get(page).status == 200
    # Another login keeps the session alive.
    school.as_("admin").post(
        "/api/v1/accounts/1/logins", {"user": {"id": school.id("student")}, "login": {"unique_id": "second"}}
    )
    first = int(page.split("/")[3])
    school.write(lambda db: db.execute(update(Login).where(Login.c.id == first).values(**values)))
    sign = school.as_("student").get("/login/session_token").json["session_url"]
    browser.get(browser.get(sign).headers["location"])
    assert page not in browser.get("/profile").text
    assert browser.get(page).status == 404


def add_address(school: School) -> int:
    form = {"communication_channel": {"address": "stella@home.test", "type": "email"}}
    reply = school.as_("student").post("/api/v1/users/self/communication_channels", form)
    assert reply.status == 200, reply.text
    return int(reply.json["id"])


def mails(school: School) -> list[Any]:
    return list(school.read(lambda db: db.execute(select(MailMessage).order_by(MailMessage.c.id)).all()))


def link_in(mail: Any) -> str:
    match = re.search(r"/register/[\w-]{43}", mail.text_body)
    assert match is not None
    return match[0]


def test_the_settings_of_somebody_without_a_confirmed_address_are_shown(school: School, browser: Browser) -> None:
    school.write(lambda db: db.execute(update(CommunicationChannel).values(state="unconfirmed")))
    page = browser.get("/profile")
    assert (page.status, "not confirmed yet" in page.text, "we write to this one" in page.text) == (200, True, False)


@pytest.mark.spec("identity.md#7")
def test_the_link_that_confirms_an_address_is_sent_again(school: School, browser: Browser) -> None:
    channel = add_address(school)
    action = f"/profile/addresses/{channel}/confirmation"
    assert action in browser.get("/profile").text
    replies = [browser.submit("/profile", {}, to=action).headers["location"] for _ in range(4)]
    assert replies == ["/profile?sent=1"] * 3 + ["/profile?too_often=1"]
    assert "sent three times" in browser.get("/profile?too_often=1").text
    sent = [mail for mail in mails(school) if mail.recipient == "stella@home.test"]
    assert len({link_in(mail) for mail in sent}) == len(sent), "Each mail has a link of its own."
    assert browser.submit(link_in(sent[-1]), {}).headers["location"] == "/profile?confirmed=1"
    assert action not in browser.get("/profile").text
    assert browser.submit("/profile", {}, to=action).headers["location"] == "/profile?too_often=1"


def test_a_link_that_is_too_old_is_replaced(school: School, browser: Browser) -> None:
    channel = add_address(school)
    old = link_in(mails(school)[-1])
    past = clock.now() - timedelta(days=1)
    school.write(lambda db: db.execute(update(ConfirmationLink).values(expires_at=past)))
    assert browser.get(old).status == 404
    browser.submit("/profile", {}, to=f"/profile/addresses/{channel}/confirmation")
    link = link_in(mails(school)[-1])
    assert browser.submit(link, {}).headers["location"] == "/profile?confirmed=1"


@pytest.mark.parametrize("which", ["confirmed", "somebody else's", "none"])
def test_other_addresses_have_no_link(school: School, browser: Browser, which: str) -> None:
    own = school.read(
        lambda db: db.execute(
            select(CommunicationChannel.c.id).where(CommunicationChannel.c.user_id == school.id("student"))
        ).scalars().first()
    )  # fmt: skip
    other = add_address(school)
    school.write(
        lambda db: db.execute(
            update(CommunicationChannel)
            .where(CommunicationChannel.c.id == other)
            .values(user_id=school.id("classmate"))
        )
    )
    id = {"confirmed": own, "somebody else's": other, "none": 999_999}[which]
    before = len(mails(school))
    assert browser.submit("/profile", {}, to=f"/profile/addresses/{id}/confirmation").status == 404
    assert len(mails(school)) == before
