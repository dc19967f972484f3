"""Pages of courses and of the people in them, at the addresses that answers hand out (homeroom.md §4)."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.browser import browser_of
from tests.support.cast import PEOPLE
from tests.support.learning import change

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
