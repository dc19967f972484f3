"""Signing in and out, and what a session opens (homeroom.md §4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Connection, event, insert, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.cast import PASSWORD

from homeroom import clock
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.people import passwords
from homeroom.school.schema import CommunicationChannel, Login, User, WebSession
from homeroom.school.sign_in import password_sign_in as access_sign_in
from homeroom.school.sign_in.password_sign_in import Checked


@pytest.fixture
def browser(school: School) -> Browser:
    return Browser(school)


def add_channel(db: Connection, user_id: int, address: str, state: str = "active") -> None:
    now = clock.now()
    db.execute(
        insert(CommunicationChannel).values(
            user_id=user_id, type="email", address=address, address_key=address_key(address), state=state,
            created_at=now, updated_at=now,
        )
    )  # fmt: skip


def statements_of(school: School, call: Any) -> list[str]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = school.server.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    return seen


@pytest.mark.spec("homeroom.md#4")
def test_the_way_to_sign_in_is_a_form_that_posts_to_itself(browser: Browser) -> None:
    first = browser.get("/login")
    assert (first.status, first.headers["location"]) == (302, "/login/canvas")
    page = browser.get("/login/canvas")
    assert page.status == 200
    assert '<form method="post" action="/login/canvas">' in page.text
    for name in ("pseudonym_session[unique_id]", "pseudonym_session[password]", "pseudonym_session[remember_me]"):
        assert f'name="{name}"' in page.text
    assert 'type="hidden" name="authenticity_token"' in page.text


@pytest.mark.spec("homeroom.md#4")
def test_the_right_password_opens_the_dashboard(browser: Browser) -> None:
    reply = sign_in(browser, "student")
    assert (reply.status, reply.headers["location"]) == (302, "/?login_success=1")
    page = browser.get("/?login_success=1")
    assert page.status == 200
    assert "Hello, Stella Student" in page.text
    assert "Biology" in page.text
    assert "You are signed in." in page.text


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize("login", ["STUDENT@school.test", "  student@school.test "])
def test_case_and_blanks_around_a_login_do_not_count(browser: Browser, login: str) -> None:
    assert sign_in(browser, login).status == 302


@pytest.mark.spec("homeroom.md#4")
def test_an_email_address_is_as_good_as_a_login(school: School, browser: Browser) -> None:
    school.write(lambda db: add_channel(db, school.id("student"), "stella@home.test"))
    assert sign_in(browser, "Stella@home.test").status == 302


def test_an_unconfirmed_address_signs_nobody_in(school: School, browser: Browser) -> None:
    school.write(lambda db: add_channel(db, school.id("student"), "stella@home.test", state="unconfirmed"))
    assert sign_in(browser, "stella@home.test").status == 400


def test_an_address_that_two_people_have_signs_nobody_in(school: School, browser: Browser) -> None:
    def share(db: Connection) -> None:
        for who in ("student", "observer"):
            add_channel(db, school.id(who), "family@home.test")

    school.write(share)
    assert sign_in(browser, "family@home.test").status == 400


def test_another_persons_login_goes_before_an_address(school: School, browser: Browser) -> None:
    school.write(lambda db: add_channel(db, school.id("outsider"), "student@school.test"))
    assert sign_in(browser, "student").status == 302
    assert browser.get("/api/v1/users/self").json["id"] == school.id("student")


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(
    ("login", "password"),
    [("student@school.test", "wrong"), ("nobody@school.test", PASSWORD), ("", ""), ("\ud800", "x")],
)
def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(browser: Browser, login: str, password: str) -> None:
    login = login.encode("utf-8", "replace").decode()
    reply = sign_in(browser, login or "@", password)
    assert reply.status == 400
    assert "That login and password do not go together." in reply.text
    assert 'role="alert"' in reply.text
    assert "Error: Sign in" in reply.text
    assert browser.get("/api/v1/users/self").status == 401


def test_a_failed_sign_in_shows_what_was_typed_but_not_the_password(browser: Browser) -> None:
    reply = sign_in(browser, '"><script>@x', "my secret")
    assert "&#34;&gt;&lt;script&gt;@x" in reply.text
    assert "my secret" not in reply.text


@pytest.mark.parametrize(
    "change",
    [
        update(Login).values(state="suspended"),
        update(Login).values(state="deleted"),
        update(Login).values(password_hash=None),
        update(User).values(state="deleted"),
    ],
    ids=["suspended", "deleted", "without a password", "of a deleted person"],
)
def test_such_a_login_signs_nobody_in(school: School, browser: Browser, change: Any) -> None:
    mine = change.table.c.get("user_id", change.table.c.id) == school.id("student")
    school.write(lambda db: db.execute(change.where(mine)))
    reply = sign_in(browser, "student")
    assert (reply.status, "do not go together" in reply.text) == (400, True)


def test_an_unknown_login_costs_the_same_work_as_a_wrong_password(
    school: School, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = passwords.verify_password

    def watched(stored: str, text: str) -> bool:
        hashed.append(stored.split("$")[1])
        return real(stored, text)

    monkeypatch.setattr(passwords, "verify_password", watched)
    monkeypatch.setattr(access_sign_in, "verify_password", watched)
    work = {}
    for login in ("student@school.test", "nobody@school.test"):
        statements = statements_of(school, lambda login=login: sign_in(browser, login, "wrong"))
        work[login] = (statements, hashed.copy())
        hashed.clear()
    assert work["student@school.test"] == work["nobody@school.test"]
    assert work["nobody@school.test"][1] == ["argon2id"]


def test_signing_in_is_noted_in_the_login_and_in_lists(school: School, browser: Browser) -> None:
    before = school.as_("admin").get(f"/api/v1/users/{school.id('student')}?include[]=last_login").json["last_login"]
    assert before is None
    for _ in range(2):
        assert sign_in(Browser(school), "student").status == 302
    login = school.read(lambda db: db.execute(select(Login).where(Login.c.user_id == school.id("student"))).one())
    assert login.login_count == 2
    assert login.last_login_at < login.current_login_at
    shown = school.as_("admin").get(f"/api/v1/users/{school.id('student')}?include[]=last_login").json["last_login"]
    assert shown == login.current_login_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_hash_of_other_costs_is_replaced_by_todays(school: School, browser: Browser) -> None:
    sign_in(browser, "student")
    stored = school.read(
        lambda db: db.execute(select(Login.c.password_hash).where(Login.c.user_id == school.id("student"))).scalar_one()
    )
    assert not passwords.needs_rehash(stored)
    assert sign_in(Browser(school), "student").status == 302


def test_a_login_suspended_while_its_password_is_checked_does_not_enter(school: School) -> None:
    with school.server.services.database.write() as db:
        candidate = access_sign_in.find_candidate(db, "student@school.test")
        assert candidate is not None
        db.execute(update(Login).where(Login.c.id == candidate.login_id).values(state="suspended"))
        assert not access_sign_in.enter(db, Checked(candidate, candidate.password_hash))


# --- signing out -------------------------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
def test_signing_out_by_form_ends_the_session(school: School, browser: Browser) -> None:
    sign_in(browser, "student")
    old = dict(browser.cookies)
    assert "Sign out?" in browser.get("/logout").text
    reply = browser.submit("/logout", {})
    assert (reply.status, reply.headers["location"]) == (302, "/login")
    assert "homeroom_session" not in browser.cookies
    browser.cookies = old
    assert browser.get("/api/v1/users/self").status == 401
    assert school.read(lambda db: db.execute(select(WebSession.c.id)).all()) == []


@pytest.mark.spec("homeroom.md#4")
def test_signing_out_by_delete_ends_the_session(browser: Browser) -> None:
    sign_in(browser, "student")
    reply = browser.delete("/logout", headers={"X-CSRF-Token": unquote(browser.cookies["_csrf_token"])})
    assert (reply.status, reply.headers["location"]) == (302, "/login")
    assert browser.get("/").headers["location"] == "/login"


def test_the_question_about_signing_out_is_for_people_who_are_signed_in(browser: Browser) -> None:
    assert browser.get("/logout").headers["location"] == "/login"
