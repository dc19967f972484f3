"""Pages of courses and of the people in them, at the addresses that answers hand out (homeroom.md §4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.conftest import School
from tests.support.browser import Browser, browser_of, token_in
from tests.support.cast import PEOPLE
from tests.support.courses import change, change_course, enrollment_of

from homeroom.school.schema import Enrollment


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize(
    ("who", "of", "status"),
    [
        ("student", "student", 200),
        ("student", "classmate", 404),
        ("student", "teacher", 404),
        ("observer", "student", 200),
        ("observer", "classmate", 404),
        ("teacher", "classmate", 200),
        ("teacher", "teacher", 404),
        ("designer", "student", 404),
        ("outsider", "student", 403),
        ("anonymous", "student", 302),
        ("admin", "student", 200),
    ],
)
def test_who_may_see_the_page_of_grades(school: School, who: str, of: str, status: int) -> None:
    page = browser_of(school, who).get(f"/courses/{school.id('biology')}/grades/{school.id(of)}")
    assert page.status == status
    if status == 200:
        assert f"Grades of {PEOPLE[of]}" in page.text


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize("state", ["active", "invited", "completed", "inactive"])
def test_every_address_of_an_enrollment_leads_to_a_page(school: School, state: str) -> None:
    change(school, Enrollment, school.id("enrollment_of_student"), state=state)
    listed = school.as_("teacher").get(f"/api/v1/courses/{school.id('biology')}/enrollments?state[]={state}").json
    (enrollment,) = (one for one in listed if one["user_id"] == school.id("student"))
    teacher = browser_of(school, "teacher")
    for address in (enrollment["html_url"], enrollment["grades"]["html_url"]):
        assert teacher.get(address).status == 200
    # Who was shut out is not their classmates' business, on pages as in lists.
    seen = browser_of(school, "classmate").get(enrollment["html_url"])
    assert seen.status == (404 if state == "inactive" else 200)


def test_staff_limited_to_a_section_sees_the_pages_of_that_section(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), course_section_id=school.id("history_section"))
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    teacher = browser_of(school, "teacher")
    for page in ("users", "grades"):
        of_whom = {
            who: teacher.get(f"/courses/{school.id('biology')}/{page}/{school.id(who)}").status
            for who in ("student", "classmate")
        }
        assert of_whom == {"student": 200, "classmate": 404}


@pytest.mark.spec("users-core.md#13")
def test_pages_call_a_course_by_the_viewer_s_nickname(school: School) -> None:
    url = f"/api/v1/users/self/course_nicknames/{school.id('biology')}"
    assert school.as_("student").put(url, {"nickname": "Frogs"}).status == 200
    for page in (
        "",
        f"courses/{school.id('biology')}",
        f"courses/{school.id('biology')}/grades/{school.id('student')}",
    ):
        assert "Frogs" in browser_of(school, "student").get(f"/{page}").text
        assert "Frogs" not in browser_of(school, "teacher").get(f"/{page}").text


def invite(school: School, course_state: str = "available") -> Browser:
    change_course(school, state=course_state)
    change(school, Enrollment, school.id("enrollment_of_student"), state="invited")
    return browser_of(school, "student")


@pytest.mark.parametrize("course_state", ["available", "claimed"])
@pytest.mark.parametrize(("answer", "state", "goes_to"), [("accept", "active", "course"), ("decline", "rejected", "/")])
def test_who_is_invited_answers_on_the_course_s_page(
    school: School, answer: str, state: str, goes_to: str, course_state: str
) -> None:
    student, page = invite(school, course_state), f"/courses/{school.id('biology')}"
    shown = student.get(page)
    assert shown.status == 200
    for text in ("You are invited to this course", "Your role will be: Student.", ">Accept<", ">Decline<"):
        assert text in shown.text
    # Before it is published a course shows its name and nothing else.
    assert ("BIO 101" in shown.text) is (course_state == "available")
    reply = student.submit(page, {"answer": answer}, f"{page}/invitation")
    assert (reply.status, reply.headers["location"]) == (302, page if goes_to == "course" else goes_to)
    assert enrollment_of(school, school.id("enrollment_of_student")).state == state
    assert "You are invited" not in student.get(page).text


def test_nobody_else_is_asked(school: School) -> None:
    invite(school)
    page = f"/courses/{school.id('biology')}"
    for who in ("classmate", "teacher", "admin"):
        assert "You are invited" not in browser_of(school, who).get(page).text
    assert browser_of(school, "outsider").get(page).status == 403
    teacher = browser_of(school, "teacher")
    token = {"authenticity_token": token_in(teacher.get("/profile"))}
    assert teacher.post(f"{page}/invitation", {"answer": "accept", **token}).status == 302
    assert enrollment_of(school, school.id("enrollment_of_student")).state == "invited"


def test_attack_a_foreign_page_cannot_answer_an_invitation(school: School) -> None:
    student = invite(school)
    forged = student.post(f"/courses/{school.id('biology')}/invitation", {"answer": "accept"})
    assert forged.status == 422
    assert enrollment_of(school, school.id("enrollment_of_student")).state == "invited"


def test_times_are_shown_in_the_viewer_s_zone(school: School) -> None:
    change_course(school, start_at=datetime(2026, 1, 5, 2, 30, tzinfo=UTC), is_public=True)
    page = f"/courses/{school.id('biology')}"

    def begins(who: str) -> str:
        text = browser_of(school, who).get(page).text
        return text.partition("<dt>Begins</dt><dd>")[2].partition("</dd>")[0]

    assert begins("student") == "5 January 2026, 02:30 UTC"
    school.as_("student").put("/api/v1/users/self", {"user": {"time_zone": "Mountain Time (US & Canada)"}})
    assert begins("student") == "4 January 2026, 19:30 MST"
    assert begins("teacher") == begins("anonymous") == "5 January 2026, 02:30 UTC"
    # Who has chosen none reads times as the school does.
    school.as_("admin").put("/api/v1/accounts/1", {"account": {"default_time_zone": "Tokyo"}})
    assert begins("teacher") == begins("anonymous") == "5 January 2026, 11:30 JST"
    assert begins("student") == "4 January 2026, 19:30 MST"
    school.as_("student").put("/api/v1/users/self", {"user": {"time_zone": "Asia/Tokyo"}})
    assert " JST" in browser_of(school, "student").get("/profile").text
