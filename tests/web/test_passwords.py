"""Forgotten passwords: a link by mail, and a new password behind it (homeroom.md §4)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.cast import PASSWORD
from tests.support.mails import answer_requests, mails_of

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.schema import AttemptCount, CommunicationChannel, Login, PasswordReset, User
from homeroom.school.sign_in import attempts, password_resets
from homeroom.wire.http.request import Request

FORGOT = "/login/canvas/forgot"
NEW = "purple horses sing"


def ask(school: School, typed: str, **headers: str) -> str:
    """Ask for a new password; the answer."""
    browser = Browser(school)
    browser.headers.update(headers)
    reply = browser.submit(FORGOT, {"pseudonym_session": {"unique_id_forgot": typed}})
    assert reply.status == 200
    answer_requests(school)
    return reply.text


def mails(school: School) -> list[AnyRow]:
    return mails_of(school)


def link_in(mail: AnyRow) -> str:
    match = re.search(r"http://school\.test(/login/canvas/reset/[\w-]{43})\n", mail.text_body)
    assert match is not None, mail.text_body
    return match[1]


def link_for(school: School, typed: str = "student@school.test") -> str:
    ask(school, typed)
    return link_in(mails(school)[-1])


def choose(browser: Browser, link: str, password: str = NEW) -> Any:
    return browser.submit(link, {"pseudonym": {"password": password}})


@pytest.mark.spec("homeroom.md#4")
def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(school: School) -> None:
    link = link_for(school)
    (mail,) = mails(school)
    assert (mail.recipient, mail.state) == ("student@school.test", "queued")
    assert mail.user_id == school.id("student")
    browser = Browser(school)
    page = browser.get(link)
    assert "student@school.test" in page.text
    assert "At least 8 characters" in page.text
    reply = choose(browser, link)
    assert (reply.status, reply.headers["location"]) == (302, "/?login_success=1")
    assert browser.get("/api/v1/users/self").json["id"] == school.id("student")
    assert sign_in(Browser(school), "student", NEW).status == 302
    assert sign_in(Browser(school), "student", PASSWORD).status == 400


def test_a_new_password_signs_everybody_else_out(school: School) -> None:
    thief = Browser(school)
    sign_in(thief, "student")
    choose(Browser(school), link_for(school))
    assert thief.get("/api/v1/users/self").status == 401


def test_nonce_reuse_a_link_works_once_and_takes_its_like_with_it(school: School) -> None:
    first, second = link_for(school), link_for(school)
    assert choose(Browser(school), second).status == 302
    for used in (first, second):
        assert Browser(school).get(used).status == 404
        stale = Browser(school)
        form = stale.get("/login/canvas")
        token = form.text.split('name="authenticity_token" value="')[1].split('"')[0]
        assert stale.post(used, {"authenticity_token": token, "pseudonym": {"password": "another one"}}).status == 404
    assert sign_in(Browser(school), "student", NEW).status == 302


def test_a_mail_program_that_looks_at_links_does_not_use_them_up(school: School) -> None:
    link = link_for(school)
    for _ in range(3):
        assert Browser(school).get(link).status == 200
    assert choose(Browser(school), link).status == 302


def test_expired_nonce_a_link_is_too_old_after_an_hour(school: School) -> None:
    link = link_for(school)
    browser = Browser(school)
    browser.get(link)
    school.write(lambda db: db.execute(update(PasswordReset).values(expires_at=clock.now() - timedelta(seconds=1))))
    assert browser.get(link).status == 404
    school.write(password_resets.sweep)
    assert school.read(lambda db: db.execute(select(PasswordReset)).all()) == []


@pytest.mark.parametrize(
    "change",
    [
        update(Login).values(state="suspended"),
        update(Login).values(state="deleted"),
        update(User).values(state="deleted"),
    ],
)
def test_a_link_dies_with_its_login(school: School, change: Any) -> None:
    link = link_for(school)
    school.write(lambda db: db.execute(change))
    assert Browser(school).get(link).status == 404


@pytest.mark.parametrize("nonce", ["x", "A" * 43, "..%2f..", "%00", "\u00e9"])
def test_a_made_up_link_is_no_page(school: School, nonce: str) -> None:
    assert Browser(school).get(f"/login/canvas/reset/{nonce}").status in (400, 404)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "The password can&#39;t be blank."),
        ("short", "The password is too short (minimum is 8 characters)."),
        ("x" * 256, "The password is too long (maximum is 255 characters)."),
        ("Student@School.test", "The password can&#39;t be the same as the login."),
    ],
)
def test_a_password_that_breaks_the_accounts_policy_is_not_taken(school: School, password: str, sentence: str) -> None:
    link = link_for(school)
    reply = choose(Browser(school), link, password)
    assert reply.status == 400
    assert sentence in reply.text
    assert 'role="alert"' in reply.text
    assert sign_in(Browser(school), "student").status == 302
    assert choose(Browser(school), link).status == 302


def test_who_asks_learns_nothing(school: School) -> None:
    def text(typed: str) -> str:
        return ask(school, typed).replace(typed, "WHO")

    school.write(
        lambda db: db.execute(
            update(CommunicationChannel)
            .where(CommunicationChannel.c.user_id == school.id("observer"))
            .values(state="unconfirmed")
        )
    )
    known, unknown, unconfirmed = map(text, ("student@school.test", "nobody@school.test", "observer@school.test"))
    assert known == unknown == unconfirmed
    assert [mail.recipient for mail in mails(school)] == ["student@school.test"]


def test_an_empty_form_is_shown_again(school: School) -> None:
    assert "Enter your login or e-mail address" in ask(school, "  ")


def test_a_family_that_shares_an_address_gets_a_link_for_each(school: School) -> None:
    def share(db: Connection) -> None:
        now = clock.now()
        for who in ("student", "observer"):
            db.execute(
                insert(CommunicationChannel).values(
                    user_id=school.id(who), type="email", address="Family@home.test",
                    address_key=address_key("family@home.test"), state="active", trusted=True, position=2,
                    created_at=now, updated_at=now,
                )
            )  # fmt: skip

    school.write(share)
    ask(school, "FAMILY@home.test")
    assert {(mail.user_id, mail.recipient) for mail in mails(school)} == {
        (school.id("student"), "Family@home.test"),
        (school.id("observer"), "Family@home.test"),
    }


def test_who_signs_in_elsewhere_gets_no_link(school: School) -> None:
    school.write(lambda db: db.execute(update(Login).values(authentication_provider_id=7, provider_key=7)))
    ask(school, "student@school.test")
    assert mails(school) == []


def test_nobodys_mailbox_is_filled(school: School) -> None:
    for _ in range(password_resets.MAILS_PER_LOGIN + 2):
        ask(school, "student@school.test")
    assert len(mails(school)) == password_resets.MAILS_PER_LOGIN
    school.write(lambda db: db.execute(update(AttemptCount).values(ends_at=clock.real_now())))
    school.write(attempts.sweep)
    ask(school, "student@school.test")
    assert len(mails(school)) == password_resets.MAILS_PER_LOGIN + 1


@pytest.mark.parametrize(
    ("server", "host", "public", "address"),
    [
        (("127.0.0.1", "8000"), "evil.test", None, "http://127.0.0.1:8000"),
        (("127.0.0.1", "8000"), "localhost.evil.test", None, "http://127.0.0.1:8000"),
        (("127.0.0.1", "8000"), "localhost:8000", None, "http://localhost:8000"),
        (("127.0.0.1", "8000"), "localhost:18000", None, "http://127.0.0.1:8000"),
        (("127.0.0.1", "8000"), "127.0.0.1", None, "http://127.0.0.1:8000"),
        (("0.0.0.0", "8000"), "127.0.0.1:9", None, "http://127.0.0.1:8000"),
        (("::", "8000"), "[::1]:8001", None, "http://127.0.0.1:8000"),
        (("10.0.0.5", "80"), "10.0.0.5:80", None, "http://10.0.0.5:80"),
        (("0.0.0.0", "8000"), "evil.test", None, "http://127.0.0.1:8000"),
        (("::", "8000"), "[::1]:8000", None, "http://[::1]:8000"),
        (("fe80::1", "8000"), "evil.test", None, "http://[fe80::1]:8000"),
        (("127.0.0.1", "8000"), "evil.test", "https://homeroom.school.test/", "https://homeroom.school.test"),
    ],
)
def test_a_host_that_the_client_made_up_is_in_no_link_by_mail(
    school: School, server: tuple[str, str], host: str, public: str | None, address: str
) -> None:
    settings = school.with_settings(public_url=public).settings
    scope = {
        "method": "POST", "path": "/", "query_string": b"", "scheme": "http", "server": server,
        "headers": [(b"host", host.encode())],
    }  # fmt: skip
    assert Request(scope, settings).address_for_mail == address


@pytest.mark.parametrize("page", [FORGOT, "link"])
def test_csrf_every_form_about_passwords_needs_its_token(school: School, page: str) -> None:
    url = link_for(school) if page == "link" else page
    form = {"pseudonym": {"password": NEW}, "pseudonym_session": {"unique_id_forgot": "teacher@school.test"}}
    assert Browser(school).post(url, form).status == 422
    assert sign_in(Browser(school), "student", NEW).status == 400
    assert not any(mail.recipient == "teacher@school.test" for mail in mails(school))
