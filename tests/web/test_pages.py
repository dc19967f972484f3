"""Pages at the addresses that answers hand out, settings, terms (homeroom.md §4, identity.md §11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in, token_in

from homeroom import clock
from homeroom.school.accounts.settings import change_settings
from homeroom.school.accounts.terms_of_service import TermsChange, change_terms
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.schema import (
    AttemptCount,
    CommunicationChannel,
    Course,
    PasswordReset,
    User,
    WebSession,
)
from homeroom.school.sign_in import sessions
from homeroom.school.sign_in.password_resets import ask_for_reset
from homeroom.web.safe_html import safe_html
from homeroom.web.user_agents import name_of_browser

# --- the first page ----------------------------------------------------------------------------------------------


def test_the_dashboard_shows_courses_that_one_may_look_into(school: School) -> None:
    student = browser_of(school, "student")
    assert f'href="/courses/{school.id("biology")}"' in student.get("/").text
    assert "History" not in student.get("/").text
    school.write(lambda db: db.execute(update(Course).values(state="claimed")))
    assert "You are in no course yet." in student.get("/").text
    assert "Biology" in browser_of(school, "teacher").get("/").text


def test_names_are_text_on_every_page(school: School) -> None:
    hostile = '<img src=x onerror="alert(1)">'

    def rename(db: Connection) -> None:
        db.execute(update(User).where(User.c.id == school.id("student")).values(name=hostile, pronouns=hostile))
        db.execute(update(Course).values(name=hostile, course_code=hostile, public_description=hostile))

    school.write(rename)
    student = browser_of(school, "student")
    for page in ("/", "/profile", f"/courses/{school.id('biology')}", f"/users/{school.id('student')}"):
        shown = student.get(page)
        assert shown.status == 200
        assert "<img src=x" not in shown.text
        assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in shown.text


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
def test_settings_are_for_who_is_signed_in(school: School) -> None:
    away = browser_of(school, "anonymous").get("/profile")
    assert (away.status, away.headers["location"]) == (302, "/login")


def test_settings_show_name_login_addresses_and_sessions(school: School) -> None:
    def add_address(db: Connection) -> None:
        now = clock.now()
        db.execute(
            insert(CommunicationChannel).values(
                user_id=school.id("student"), type="email", address="new@home.test", position=2,
                address_key=address_key("new@home.test"), state="unconfirmed", created_at=now, updated_at=now,
            )
        )  # fmt: skip

    school.write(add_address)
    student = Browser(school)
    student.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    sign_in(student, "student")
    text = student.get("/profile").text
    for shown in ("Stella Student", "Student, Stella", "student@school.test", "new@home.test", "Firefox on Linux"):
        assert shown in text
    assert text.count(">confirmed<") == 1
    assert text.count(">not confirmed yet<") == 1
    assert "this browser" in text
    assert "Sign out everywhere else" not in text


def test_one_can_sign_out_everywhere_else(school: School) -> None:
    here, there = browser_of(school, "student"), browser_of(school, "student")
    teacher = browser_of(school, "teacher")
    assert here.post("/profile/sessions").status == 422
    assert here.submit("/profile", {}, to="/profile/sessions").headers["location"] == "/profile?ended=1"
    assert "You are signed out everywhere else." in here.get("/profile?ended=1").text
    assert there.get("/profile").status == 302
    assert teacher.get("/profile").status == 200


def masquerading(school: School) -> Browser:
    """An admin who acts as the student."""
    browser = Browser(school)
    browser.cookies["homeroom_session"] = school.write(
        lambda db: sessions.start(db, school.id("student"), real_user_id=school.id("admin"))
    )
    return browser


def test_who_acts_as_somebody_does_not_end_their_sessions(school: School) -> None:
    student, admin = browser_of(school, "student"), masquerading(school)
    assert admin.submit("/logout", {}, to="/profile/sessions").status == 403
    assert student.get("/profile").status == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("python-requests/2", "A browser"),
        ("", "A browser"),
    ],
)
def test_browsers_have_names(agent: str, name: str) -> None:
    assert name_of_browser(agent) == name


# --- people and courses ------------------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("student", 200),
        ("classmate", 404),
        ("outsider", 404),
        ("teacher", 200),
        ("other_teacher", 404),
        ("admin", 200),
        ("sub_admin", 200),
        ("narrow_admin", 200),
        ("admin_of_another_school", 404),
        ("site_admin", 200),
    ],
)
def test_who_may_see_the_page_of_a_student(school: School, who: str, status: int) -> None:
    assert browser_of(school, who).get(f"/users/{school.id('student')}").status == status


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("student", 200),
        ("teacher", 200),
        ("observer", 200),
        ("outsider", 403),
        ("other_teacher", 403),
        ("admin", 200),
        ("admin_of_another_school", 403),
    ],
)
def test_who_may_see_the_page_of_a_course(school: School, who: str, status: int) -> None:
    page = browser_of(school, who).get(f"/courses/{school.id('biology')}")
    assert page.status == status
    assert ("BIO 101" in page.text) is (status == 200)


def test_a_public_course_is_a_page_for_everybody(school: School) -> None:
    school.write(lambda db: db.execute(update(Course).values(is_public=True)))
    assert browser_of(school, "anonymous").get(f"/courses/{school.id('biology')}").status == 200


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(
    ("who", "of", "status"),
    [
        ("student", "teacher", 200),
        ("student", "classmate", 200),
        ("student", "outsider", 404),
        ("student", "other_teacher", 404),
        ("observer", "teacher", 404),
        ("observer", "observer", 200),
        ("outsider", "teacher", 403),
        ("anonymous", "teacher", 302),
        ("admin", "student", 200),
    ],
)
def test_who_may_see_the_page_of_somebody_in_a_course(school: School, who: str, of: str, status: int) -> None:
    page = browser_of(school, who).get(f"/courses/{school.id('biology')}/users/{school.id(of)}")
    assert page.status == status
    if of == "teacher" and status == 200:
        assert "Tina Teacher" in page.text
        assert ">Teacher<" in page.text


@pytest.mark.parametrize("url", ["/users/0", "/users/999999", "/users/x", "/courses/0", "/courses/x", "/courses/1e9"])
def test_what_is_not_there_is_a_page_that_says_so(school: School, url: str) -> None:
    page = browser_of(school, "site_admin").get(url)
    assert (page.status, "There is no such page" in page.text) == (404, True)


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(("url", "status"), [("/users/999999", 404), ("/courses/{biology}", 403)])
def test_a_page_that_says_no_still_says_who_one_is(school: School, url: str, status: int) -> None:
    browser = Browser(school)
    sign_in(browser, "outsider")
    reply = browser.get(url.format(biology=school.id("biology")))
    assert reply.status == status
    assert ">Otto Outsider</a>" in reply.text
    assert browser.post("/logout", {"authenticity_token": token_in(reply)}).headers["location"] == "/login"


def test_a_profile_is_shown_where_the_account_has_profiles(school: School) -> None:
    def write(db: Connection) -> None:
        db.execute(update(User).where(User.c.id == school.id("student")).values(title="Head girl", bio="Likes\nfrogs"))

    school.write(write)
    student = browser_of(school, "student")
    url = f"/users/{school.id('student')}"
    assert "Head girl" not in student.get(url).text
    school.write(lambda db: change_settings(db, 1, {"profiles": True}))
    assert "Head girl" in student.get(url).text
    assert "<img" in student.get(url).text.split("<main")[1]
    school.write(lambda db: change_settings(db, 1, {"avatars": False}))
    assert "<img" not in student.get(url).text.split("<main")[1]


# --- terms -------------------------------------------------------------------------------------------------------


def require_terms(school: School, content: str = "<p>Be kind.</p>") -> None:
    change = TermsChange(terms_type="custom", content=content, passive=False)
    school.write(lambda db: change_terms(db, 1, change))


@pytest.mark.spec("identity.md#11")
def test_terms_that_were_not_accepted_block_pages_and_not_token_calls(school: School) -> None:
    student = browser_of(school, "student")
    require_terms(school)
    away = student.get("/profile?a=b")
    assert (away.status, away.headers["location"]) == (302, "/terms")
    assert school.as_("student").get("/api/v1/users/self").status == 200
    assert student.get("/login").headers["location"] == "/login/canvas"
    assert student.get("/logout").status == 200
    page = student.get("/terms")
    assert "<p>Be kind.</p>" in page.text
    assert "I accept" in page.text
    accepted = student.submit("/terms", {})
    assert (accepted.status, accepted.headers["location"]) == (302, "/profile?a=b")
    assert student.get("/profile").status == 200
    assert "I accept" not in student.get("/terms").text


def test_terms_are_for_everybody_to_read(school: School) -> None:
    page = browser_of(school, "anonymous").get("/terms")
    assert (page.status, "I accept" in page.text) == (200, False)
    assert browser_of(school, "anonymous").submit("/login/canvas", {}, to="/terms").headers["location"] == "/login"


def test_an_admin_who_acts_as_somebody_is_neither_asked_nor_able_to_accept(school: School) -> None:
    require_terms(school)
    admin = masquerading(school)
    page = admin.get("/profile")
    assert page.status == 200
    assert admin.post("/terms", {"authenticity_token": token_in(page)}).status == 403
    accepted = select(User.c.terms_accepted_at).where(User.c.id == school.id("student"))
    assert school.read(lambda db: db.execute(accepted).scalar_one()) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p>Be <b>kind</b><br>now</p>", "<p>Be <b>kind</b><br>now</p>"),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ("<script>alert(1)</script>after", "after"),
        ("<SCRIPT SRC=//evil.test></SCRIPT >x", "x"),
        ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
        ('<p onclick="x()" style="x">a', "<p>a</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("</p></div>x", "<p></p>x"),
        ("<img src=x onerror=alert(1)>x", "x"),
        ("<svg><a href='javascript:alert(1)'>x</a></svg>y", "y"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href=" javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="java\nscript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="data:text/html,x">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="//evil.test">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="http://[">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="https://a.test/?a=1&amp;b=%22">x</a>',
         '<a href="https://a.test/?a=1&amp;b=%22" rel="noopener noreferrer">x</a>'),
        ('<a href="https://a.test/&quot;onclick=x">x</a>',
         '<a href="https://a.test/&quot;onclick=x" rel="noopener noreferrer">x</a>'),
        ("<!-- a --><![CDATA[x]]><?php x ?>y", "y"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<br/><hr/><script/>x", "<br><hr>"),
        ("<style>p{}</style><title>t</title>z", "z"),
        ("<div>" * 101 + "x", "&lt;div&gt;" * 101 + "x"),
        ("<div>" * 100 + "x", "x"),
        ("<p>a" * 200, "<p>a</p>" * 200),
        ("<iframe srcdoc='<script>'></iframe>z", "z"),
    ],
)  # fmt: skip
def test_html_that_somebody_wrote_keeps_its_words_and_no_code(written: str, shown: str) -> None:
    assert safe_html(written) == shown


# --- housekeeping ------------------------------------------------------------------------------------------------


def test_rows_that_are_over_are_swept_up(school: School) -> None:
    jobs = school.server.services.jobs
    browser_of(school, "student")
    browser = browser_of(school, "teacher")
    school.write(lambda db: ask_for_reset(db, "student@school.test", "", ""))
    jobs.run_due()
    past = clock.now() - timedelta(seconds=1)

    def age(db: Connection) -> None:
        db.execute(update(WebSession).where(WebSession.c.user_id == school.id("student")).values(expires_at=past))
        db.execute(update(PasswordReset).values(expires_at=past))
        db.execute(update(AttemptCount).values(ends_at=clock.real_now() - timedelta(seconds=1)))

    school.write(age)
    jobs.run_due()

    def left(table: Any) -> int:
        return len(school.read(lambda db: db.execute(select(table)).all()))

    assert (left(WebSession), left(PasswordReset), left(AttemptCount)) == (1, 0, 0)
    assert browser.get("/profile").status == 200
