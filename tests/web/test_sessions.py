"""What a session's cookie opens, and what ends it (homeroom.md §4, identity.md §1)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Connection, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in

from homeroom import clock
from homeroom.app import FACES
from homeroom.school.schema import Login, User, WebSession
from homeroom.school.sign_in import sessions
from homeroom.wire.browser.pages import by_session


@pytest.fixture
def browser(school: School) -> Browser:
    browser = Browser(school)
    assert sign_in(browser, "student").status == 302
    return browser


def token_of(browser: Browser) -> str:
    return unquote(browser.cookies["_csrf_token"])


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/api/v1/users/self").status == 200


# --- cookies -----------------------------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_cookies_have_the_flags_that_keep_them_from_thieves(school: School, scheme: str, secure: bool) -> None:
    browser = Browser(school)
    page = f"{scheme}://school.test/login/canvas"
    form = {"pseudonym_session": {"unique_id": "student@school.test", "password": "correct horse"}}
    cookies = {cookie.split("=")[0]: cookie for cookie in browser.submit(page, form).set_cookies}
    session, token = cookies["__Host-homeroom_session" if secure else "homeroom_session"], cookies["_csrf_token"]
    for cookie in (session, token):
        assert "Path=/" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure
        assert "Max-Age" not in cookie
        assert "Domain" not in cookie
    assert "HttpOnly" in session
    assert "HttpOnly" not in token


def test_to_stay_signed_in_the_cookie_outlives_the_window(school: School) -> None:
    browser = Browser(school)
    reply = sign_in(browser, "student", remember_me="1")
    cookie = next(cookie for cookie in reply.set_cookies if cookie.startswith("homeroom_session"))
    assert f"Max-Age={90 * 86400}" in cookie


def test_the_secret_is_not_in_the_database(school: School, browser: Browser) -> None:
    row = school.read(lambda db: db.execute(select(WebSession)).one())
    secret = browser.cookies["homeroom_session"]
    assert all(secret not in str(value) and secret.encode() != value for value in row)


@pytest.mark.spec("homeroom.md#4")
def test_session_fixation_signing_in_makes_a_new_session(school: School) -> None:
    planted = Browser(school)
    planted.get("/login/canvas")
    secret = planted.cookies["homeroom_session"]
    sign_in(planted, "student")
    assert planted.cookies["homeroom_session"] != secret
    attacker = Browser(school)
    attacker.cookies["homeroom_session"] = secret
    assert not is_signed_in(attacker)


def test_session_fixation_signing_in_again_ends_the_old_session(school: School, browser: Browser) -> None:
    stolen = Browser(school)
    stolen.cookies = dict(browser.cookies)
    assert is_signed_in(stolen)
    sign_in(browser, "teacher")
    assert not is_signed_in(stolen)
    assert browser.get("/api/v1/users/self").json["id"] == school.id("teacher")


@pytest.mark.parametrize("secret", ["", "a", "A" * 43, "A" * 44, "\u00e9" * 43, "../../etc/passwd", "' OR 1=1 --"])
def test_a_session_that_we_never_gave_out_is_nobodys(school: School, browser: Browser, secret: str) -> None:
    stranger = Browser(school)
    stranger.headers["cookie"] = f"homeroom_session={secret}"
    assert not is_signed_in(stranger)
    assert stranger.get("/").headers["location"] == "/login"


# --- the API by cookie -------------------------------------------------------------------------------------------


@pytest.mark.spec("identity.md#1")
@pytest.mark.spec("basics.md#1")
@pytest.mark.spec("basics.md#8")
def test_a_session_opens_the_api_without_cost_headers(school: School, browser: Browser) -> None:
    reply = browser.get("/api/v1/users/self")
    assert (reply.status, reply.json["id"]) == (200, school.id("student"))
    assert "x-request-cost" not in reply.headers
    assert "x-rate-limit-remaining" not in reply.headers


def test_a_session_is_found_in_one_statement(browser: Browser, queries_of: Any) -> None:
    assert queries_of(browser.get, "/api/v1/users/self") == 2


@pytest.mark.spec("identity.md#1")
def test_a_token_goes_before_a_session(school: School, browser: Browser) -> None:
    browser.headers["authorization"] = school.as_("teacher").headers["authorization"]
    assert browser.get("/api/v1/users/self").json["id"] == school.id("teacher")
    browser.headers["authorization"] = "Bearer nonsense"
    assert browser.get("/api/v1/users/self").status == 401


WRITE = "/api/v1/users/self/custom_data/wall"
SENT = {"ns": "edu.test", "data": "1"}


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.spec("identity.md#1")
@pytest.mark.spec("basics.md#2")
def test_csrf_a_write_by_cookie_needs_the_token(browser: Browser) -> None:
    refused = browser.put(WRITE, SENT)
    assert refused.status == 401
    assert refused.json == {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}
    assert browser.get(WRITE + "?ns=edu.test").status == 400
    assert browser.put(WRITE, SENT, headers={"X-CSRF-Token": token_of(browser)}).status == 201
    assert browser.put(WRITE, {**SENT, "authenticity_token": token_of(browser)}).status == 200


@pytest.mark.parametrize("wrong", ["", "x", "AAAA", "A" * 88, "é", "[]"])
def test_csrf_a_made_up_token_is_refused(browser: Browser, wrong: str) -> None:
    assert browser.put(WRITE, SENT, headers={"X-CSRF-Token": wrong}).status == 401
    assert browser.put(WRITE, {**SENT, "authenticity_token": wrong}).status == 401
    assert browser.put(WRITE, {**SENT, "authenticity_token": {"a": [wrong]}}).status == 401


def test_csrf_a_token_is_bound_to_its_session(school: School, browser: Browser) -> None:
    attacker = Browser(school)
    sign_in(attacker, "outsider")
    planted = token_of(attacker)
    browser.cookies["_csrf_token"] = attacker.cookies["_csrf_token"]
    assert browser.put(WRITE, SENT, headers={"X-CSRF-Token": planted}).status == 401


def test_csrf_the_token_is_masked_anew_on_each_page(browser: Browser) -> None:
    tokens = set()
    for _ in range(3):
        browser.get("/")
        tokens.add(token_of(browser))
    assert len(tokens) == 3
    for token in tokens:
        assert browser.put(WRITE, SENT, headers={"X-CSRF-Token": token}).status in (200, 201)


@pytest.mark.spec("basics.md#7")
def test_as_user_id_works_with_a_session(school: School) -> None:
    admin = Browser(school)
    sign_in(admin, "admin")
    url = f"/api/v1/users/self?as_user_id={school.id('student')}"
    assert admin.get(url).json["id"] == school.id("student")
    student = Browser(school)
    sign_in(student, "student")
    refused = student.get(f"/api/v1/users/self?as_user_id={school.id('admin')}")
    assert (refused.status, refused.json) == (401, {"errors": "Invalid as_user_id"})


def test_as_user_id_means_nothing_on_pages(school: School) -> None:
    admin = Browser(school)
    sign_in(admin, "admin")
    assert "Hello, Ada Admin" in admin.get(f"/?as_user_id={school.id('student')}").text


# --- what ends a session -----------------------------------------------------------------------------------------


@pytest.mark.spec("identity.md#1")
def test_a_suspended_login_stops_its_sessions(school: School, browser: Browser) -> None:
    school.write(lambda db: db.execute(update(Login).values(state="suspended")))
    assert not is_signed_in(browser)
    school.write(lambda db: db.execute(update(Login).values(state="active")))
    assert is_signed_in(browser)


@pytest.mark.spec("identity.md#1")
def test_a_suspended_login_does_not_stop_an_admin_who_acts_as_its_owner(school: School) -> None:
    def act_as_the_student(db: Connection) -> str:
        db.execute(update(Login).where(Login.c.user_id == school.id("student")).values(state="suspended"))
        return sessions.start(db, school.id("student"), real_user_id=school.id("admin"))

    admin = Browser(school)
    admin.cookies["homeroom_session"] = school.write(act_as_the_student)
    assert admin.get("/api/v1/users/self").json["id"] == school.id("student")
    school.write(lambda db: sessions.end_all_of(db, school.id("admin")))
    assert not is_signed_in(admin)


def test_signing_out_everywhere_ends_every_session(school: School, browser: Browser) -> None:
    other = Browser(school)
    sign_in(other, "student")
    teacher = Browser(school)
    sign_in(teacher, "teacher")
    school.write(lambda db: sessions.end_all_of(db, school.id("student")))
    assert not is_signed_in(browser)
    assert not is_signed_in(other)
    assert is_signed_in(teacher)


def test_a_session_older_than_the_last_signing_out_is_over(school: School, browser: Browser) -> None:
    later = clock.now() + timedelta(seconds=1)
    school.write(
        lambda db: db.execute(update(User).where(User.c.id == school.id("student")).values(last_logged_out_at=later))
    )
    assert not is_signed_in(browser)


@pytest.mark.spec("identity.md#5")
def test_an_admin_ends_the_sessions_of_a_person(school: School, browser: Browser) -> None:
    assert school.as_("admin").delete(f"/api/v1/users/{school.id('student')}/sessions").status == 200
    assert not is_signed_in(browser)
    assert sign_in(browser, "student").status == 302


@pytest.mark.spec("homeroom.md#3")
def test_deleting_a_person_ends_their_sessions(school: School, browser: Browser) -> None:
    assert school.as_("admin").delete(f"/api/v1/accounts/1/users/{school.id('student')}").status == 200
    assert school.read(lambda db: db.execute(select(WebSession.c.id)).all()) == []
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("remember", "idle", "alive"),
    [
        (False, timedelta(hours=23), True),
        (False, timedelta(hours=25), False),
        (True, timedelta(days=29), True),
        (True, timedelta(days=31), False),
    ],
)
def test_a_session_that_nobody_uses_is_over(school: School, remember: bool, idle: timedelta, alive: bool) -> None:
    browser = Browser(school)
    sign_in(browser, "student", remember_me=remember)
    school.write(lambda db: db.execute(update(WebSession).values(last_seen_at=clock.now() - idle)))
    assert is_signed_in(browser) is alive


def test_a_session_is_over_at_its_expiry_however_busy(school: School, browser: Browser) -> None:
    school.write(lambda db: db.execute(update(WebSession).values(expires_at=clock.now() - timedelta(seconds=1))))
    assert not is_signed_in(browser)
    assert sign_in(browser, "student").status == 302
    assert is_signed_in(browser)
    school.write(sessions.sweep)
    assert len(school.read(lambda db: db.execute(select(WebSession.c.id)).all())) == 1


# --- what waits in a session -------------------------------------------------------------------------------------


def test_what_waits_in_a_session_survives_signing_in(school: School) -> None:
    def keep(db: Connection) -> None:
        secret = sessions.new_secret()
        session = sessions.find(db, secret)
        sessions.keep(db, secret, session, "oauth", {"client_id": 7})
        sessions.keep(db, secret, session, "other", 1)
        sessions.keep(db, secret, session, "other", None)
        waiting = sessions.find(db, secret)
        assert (waiting.data, waiting.actor.is_signed_in) == ({"oauth": {"client_id": 7}}, False)
        new = sessions.start(db, school.id("student"), replaces=waiting)
        assert sessions.find(db, secret).id is None
        found = sessions.find(db, new)
        assert (found.data, found.actor.id) == ({"oauth": {"client_id": 7}}, school.id("student"))

    school.write(keep)


def test_something_new_may_wait_under_the_secret_of_a_session_that_is_over(school: School, browser: Browser) -> None:
    def keep(db: Connection) -> None:
        db.execute(update(WebSession).values(expires_at=clock.now() - timedelta(seconds=1)))
        secret = browser.cookies["homeroom_session"]
        sessions.keep(db, secret, sessions.find(db, secret), "oauth", 1)
        session = sessions.find(db, secret)
        assert (session.data, session.actor.is_signed_in) == ({"oauth": 1}, False)

    school.write(keep)


# --- pages that need a session -----------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
def test_after_signing_in_comes_the_page_that_was_wanted(school: School) -> None:
    browser = Browser(school)
    away = browser.get("/?tab=1")
    assert (away.status, away.headers["location"]) == (302, "/login")
    assert sign_in(browser, "student").headers["location"] == "/?tab=1"
    assert sign_in(browser, "student").headers["location"] == "/?login_success=1"


@pytest.mark.parametrize("return_to", ["/profile", "http://school.test/profile?a=b#c"])
def test_a_link_to_the_form_may_say_where_to_go_afterwards(school: School, return_to: str) -> None:
    browser = Browser(school)
    browser.get("/login", {"return_to": return_to})
    assert sign_in(browser, "student").headers["location"].startswith("/profile")


HOSTILE = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https://evil.test",
    "https:evil.test",
    "https:/evil.test",
    "http://school.test.evil.test/",
    "http://school.test@evil.test/",
    "http://school.test:80@evil.test/",
    "http://school.test",
    "https://school.test/profile",
    "javascript:alert(1)",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    "/profile\r\nSet-Cookie: a=b",
    "/ /evil.test",
    "http://school.test//evil.test",
    "http://school.test/\\evil.test",
    "profile",
    "",
    "/" + "a" * 3000,
    "/\u2028/evil.test",
]


@pytest.mark.parametrize("return_to", HOSTILE)
def test_open_redirect_return_to_never_leads_to_another_host(school: School, return_to: str) -> None:
    browser = Browser(school)
    browser.get("/login/canvas", {"return_to": return_to})
    assert sign_in(browser, "student").headers["location"] == "/?login_success=1"


@pytest.mark.parametrize("planted", HOSTILE)
def test_open_redirect_a_planted_cookie_never_leads_to_another_host(school: School, planted: str) -> None:
    from urllib.parse import quote

    browser = Browser(school)
    browser.cookies["homeroom_wanted"] = quote(planted, safe="")
    assert sign_in(browser, "student").headers["location"] == "/?login_success=1"


# --- terms -------------------------------------------------------------------------------------------------------


PAGES = ["/login/canvas", "/", "/logout", "/nowhere", "/images/nothing.png"]


@pytest.mark.parametrize("page", PAGES)
def test_clickjacking_and_sniffing_are_forbidden_on_every_page(browser: Browser, page: str) -> None:
    reply = browser.get(page)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["referrer-policy"] == "same-origin"
    assert reply.headers["cache-control"] == "no-store"
    policy = reply.headers["content-security-policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy.split("; ")
    assert "unsafe" not in policy
    assert not re.search(r"<script|style=|\son\w+=", reply.text)


@pytest.mark.parametrize("url", ["/login/canvas", "/logout"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_csrf_every_form_needs_its_token(school: School, url: str, signed_in: bool) -> None:
    browser = Browser(school)
    if signed_in:
        sign_in(browser, "student")
    form = {"pseudonym_session": {"unique_id": "teacher@school.test", "password": "correct horse"}}
    refused = browser.post(url, form)
    assert refused.status == 422
    assert "This form is too old" in refused.text
    assert browser.post(url, {**form, "authenticity_token": "A" * 88}).status == 422
    assert is_signed_in(browser) is signed_in


CHANGING = [
    (face.prefix + route.path, route.method)
    for face in FACES
    if face.authenticate is by_session
    for route in face.routes
    if route.method != "GET"
]


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(("path", "method"), CHANGING)
@pytest.mark.parametrize("signed_in", [False, True])
def test_csrf_no_page_changes_anything_without_its_token(
    school: School, path: str, method: str, signed_in: bool
) -> None:
    browser = Browser(school)
    if signed_in:
        sign_in(browser, "student")
    else:
        browser.get("/login/canvas")
    reply = browser.call(method, re.sub(r":\w+", "1", path), {"authenticity_token": "A" * 88})
    assert reply.status == 422


def test_a_page_with_an_endless_address_is_not_remembered(school: School) -> None:
    away = Browser(school).get("/?" + "a" * 3000)
    assert (away.status, away.set_cookies) == (302, ())


def test_a_missing_icon_does_not_spoil_the_form_of_a_new_browser(school: School) -> None:
    browser = Browser(school)
    assert not browser.get("/favicon.ico").set_cookies
    browser.get("/login/canvas")
    assert not browser.get("/favicon.ico").set_cookies
