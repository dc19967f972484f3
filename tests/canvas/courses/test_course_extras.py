"""Routes that clients call on courses beside the main ones (learning-resources.md §1, §17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.courses import change_course, end_term, enrollments_of, make_courses, make_students

from homeroom.school.people import directory
from homeroom.school.schema import Login

pytestmark = pytest.mark.spec("learning-resources.md#1")
CARDS = "/api/v1/dashboard/dashboard_cards"


def course(school: School, rest: str = "") -> str:
    return f"/api/v1/courses/{school.id('biology')}{rest}"


def statuses(school: School, method: str, url: str, *who: str) -> dict[str, int]:
    return {name: school.as_(name).call(method, url).status for name in who}


EVERYBODY = ("anonymous", "outsider", "student", "observer", "ta", "designer", "teacher", "narrow_admin", "admin")


# The dashboard.


def test_a_card_a_current_course(school: School) -> None:
    school.as_("student").put(f"/api/v1/users/self/course_nicknames/{school.id('biology')}", {"nickname": "Frogs"})
    assert school.as_("student").get(CARDS).json == [
        {
            "id": school.id("biology"),
            "assetString": f"course_{school.id('biology')}",
            "shortName": "Frogs",
            "originalName": "Biology",
            "courseCode": "BIO 101",
            "href": f"/courses/{school.id('biology')}",
            "term": None,
            "enrollmentType": "StudentEnrollment",
            "position": None,
            "image": None,
            "published": True,
            "links": [],
        }
    ]
    assert school.as_("outsider").get(CARDS).json == []
    assert school.as_("anonymous").get(CARDS).status == 401


def test_cards_are_the_favorites_where_the_person_has_put_them(school: School, queries_of: Callable[..., int]) -> None:
    made = make_courses(school, 3)
    teacher = school.as_("teacher")
    teacher.put("/api/v1/users/self/dashboard_positions", {"dashboard_positions": {f"course_{made[2]}": 1}})
    teacher.put("/api/v1/users/self/dashboard_positions", json={"dashboard_positions": {f"course_{made[1]}": 2}})
    cards = teacher.get(CARDS).json
    assert [card["id"] for card in cards] == [made[2], made[1], school.id("biology"), made[0]]
    assert [card["position"] for card in cards] == [1, 2, None, None]
    few = queries_of(teacher.get, CARDS)
    make_courses(school, 10)
    assert queries_of(teacher.get, CARDS) == few
    teacher.post(f"/api/v1/users/self/favorites/courses/{made[0]}")
    assert [card["id"] for card in teacher.get(CARDS).json] == [made[0]]
    end_term(school)
    assert teacher.get(CARDS).json == []


def test_a_card_shows_the_role_that_may_do_most_and_the_term(school: School) -> None:
    admin = school.as_("admin")
    term = admin.post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Spring"}}).json["id"]
    change_course(school, enrollment_term_id=term, state="claimed")
    again = {"user_id": school.id("teacher"), "enrollment_state": "active"}
    admin.post(course(school, "/enrollments"), {"enrollment": again})
    (card,) = school.as_("teacher").get(CARDS).json
    assert (card["enrollmentType"], card["term"], card["published"]) == ("TeacherEnrollment", "Spring", False)


# Tabs.


def test_tabs_of_a_course(school: School) -> None:
    url = course(school, "/tabs")
    found = statuses(school, "GET", url, *EVERYBODY)
    assert found == {**dict.fromkeys(EVERYBODY, 200), "anonymous": 401, "outsider": 403, "narrow_admin": 403}
    page = f"/courses/{school.id('biology')}"
    home = {"id": "home", "html_url": page, "full_url": f"http://school.test{page}", "position": 1,
            "visibility": "public", "label": "Home", "type": "internal"}  # fmt: skip
    assert school.as_("student").get(url).json == [home]
    assert school.as_("admin").get("/api/v1/courses/999/tabs").status == 404


# Recent students.


def test_students_by_their_last_visit(school: School) -> None:
    url = course(school, "/recent_students")
    found = statuses(school, "GET", url, *EVERYBODY)
    allowed = {"ta", "designer", "teacher", "admin"}
    assert found == {who: 401 if who == "anonymous" else 200 if who in allowed else 403 for who in EVERYBODY}

    def visit(db: Any) -> None:
        mine = update(Login).where(Login.c.user_id == school.id("student"))
        db.execute(mine.values(current_login_at=Login.c.created_at))
        directory.refresh(db, [school.id("student")])

    school.write(visit)
    make_students(school, 3)
    listed = school.as_("teacher").pages(f"{url}?per_page=2")
    assert [user["name"] for user in listed[:1]] == ["Stella Student"]
    assert (listed[0]["last_login"], listed[1]["last_login"], len(listed)) == ("2026-01-05T09:00:00Z", None, 5)


# The test student.


def test_the_test_student_is_made_once_and_listed_on_request(school: School) -> None:
    url = course(school, "/student_view_student")
    allowed = {"ta", "designer", "teacher", "admin"}
    found = statuses(school, "GET", url, *(who for who in EVERYBODY if who not in allowed))
    assert found == {"anonymous": 401, "outsider": 403, "student": 403, "observer": 403, "narrow_admin": 403}
    assert school.as_("teacher").get(course(school, "/users?enrollment_type[]=student_view")).json == []
    made = school.as_("teacher").get(url)
    assert made.status == 200
    assert {name: made.json[name] for name in ("name", "sortable_name")} == {
        "name": "Test Student",
        "sortable_name": "Student, Test",
    }
    assert {school.as_(who).get(url).json["id"] for who in sorted(allowed)} == {made.json["id"]}
    teacher, admin = school.as_("teacher"), school.as_("admin")

    def seen(client: Any, path: str) -> bool:
        return made.json["id"] in [one.get("user_id", one["id"]) for one in client.pages(path)]

    asked = (
        "/users?enrollment_type[]=student_view",
        "/users?include[]=test_student",
        "/users?enrollment_type[]=ta&include[]=test_student",
        "/enrollments?type[]=StudentViewEnrollment",
    )
    for path in asked:
        assert seen(teacher, course(school, f"{path}&per_page=50")), path
    for path in ("/users", "/users?enrollment_type[]=student", "/enrollments", "/recent_students"):
        assert not seen(teacher, course(school, path)), path
    assert made.json["id"] not in [one["id"] for one in teacher.get(course(school, "/students")).json]
    assert not seen(admin, "/api/v1/accounts/1/users?search_term=test")
    assert admin.get(f"/api/v1/users/{made.json['id']}").status == 404
    assert teacher.get(course(school, "?include[]=total_students")).json["total_students"] == 2


def test_the_test_student_is_in_every_section_and_hinders_nobody(school: School) -> None:
    teacher, url = school.as_("teacher"), course(school, "/student_view_student")
    teacher.get(url)
    section = teacher.post(course(school, "/sections"), {"course_section": {"name": "Evening"}}).json["id"]
    teacher.get(url)
    listed = teacher.get(course(school, "/enrollments?type[]=StudentViewEnrollment")).json
    assert {one["course_section_id"] for one in listed} == {school.id("biology_section"), section}
    assert {(one["role"], one["enrollment_state"]) for one in listed} == {("StudentEnrollment", "active")}
    assert teacher.delete(f"/api/v1/sections/{section}").status == 200
    assert len(teacher.get(course(school, "/enrollments?type[]=StudentViewEnrollment")).json) == 1


# Starting afresh.


@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("student", 403), ("ta", 403), ("narrow_admin", 403),
                                             ("teacher", 200), ("designer", 200), ("admin", 200)])  # fmt: skip
def test_who_may_reset_a_course(school: School, who: str, status: int) -> None:
    assert school.as_(who).post(course(school, "/reset_content")).status == status
    assert school.as_("admin").get(course(school)).status == (404 if status == 200 else 200)


def test_a_reset_course_keeps_its_people_and_loses_its_content(school: School) -> None:
    change_course(
        school, syllabus_body="<p>Old</p>", license="cc_by", self_enrollment=True, self_enrollment_code="CODE1234"
    )
    school.as_("student").put(f"/api/v1/users/self/course_nicknames/{school.id('biology')}", {"nickname": "Frogs"})
    before = school.as_("admin").get(course(school)).json
    reply = school.as_("admin").post(course(school, "/reset_content"), {"include": ["syllabus_body"]})
    assert reply.status == 200
    fresh = reply.json
    new = {"id": fresh["id"], "uuid": fresh["uuid"], "calendar": fresh["calendar"], "created_at": fresh["created_at"]}
    assert fresh == {**before, **new, "workflow_state": "unpublished", "syllabus_body": None}
    assert fresh["id"] != before["id"]
    assert fresh["uuid"] != before["uuid"]
    assert {row.course_id for row in enrollments_of(school, "student")} == set()
    url = f"/api/v1/courses/{fresh['id']}"
    assert len(school.as_("teacher").pages(f"{url}/users?per_page=50")) == 6
    assert [one["id"] for one in school.as_("teacher").get(f"{url}/sections").json] == [school.id("biology_section")]
    school.as_("teacher").put(url, {"offer": True})
    mine = school.as_("student").get("/api/v1/courses?include[]=self_enrollment_code").json
    assert [(one["name"], one.get("sis_course_id")) for one in mine] == [("Frogs", None)]
    assert school.as_("admin").get("/api/v1/courses/sis_course_id:sis-biology").json["id"] == fresh["id"]
    assert school.as_("admin").post(course(school, "/reset_content")).status == 404


# Where courses can be made, and where one signs in.


def test_accounts_in_which_one_makes_courses(school: School) -> None:
    url = "/api/v1/course_creation_accounts"
    found = {who: [one["id"] for one in school.as_(who).get(url).json] for who in ("admin", "sub_admin", "teacher")}
    assert found == {"admin": [1, school.id("northern"), school.id("southern")], "sub_admin": [school.id("northern")],
                     "teacher": []}  # fmt: skip
    assert school.as_("narrow_admin").get(url).json == []
    assert school.as_("anonymous").get(url).status == 401
    assert school.as_("sub_admin").get(url).json == school.as_("sub_admin").get("/api/v1/manageable_accounts").json


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("name=HOME", True), ("domain=school", True), ("name=home&domain=school.test", True),
     ("name=other", False), ("name=home&domain=elsewhere", False)],
)  # fmt: skip
def test_where_one_signs_in_is_found_by_anybody(school: School, query: str, found: bool) -> None:
    here = {"name": "Homeroom", "domain": "school.test", "authentication_provider": None}
    for who in ("anonymous", "student"):
        assert school.as_(who).get(f"/api/v1/accounts/search?{query}").json == ([here] if found else [])
    school.as_("admin").post(
        "/api/v1/accounts/1/authentication_providers", {"auth_type": "cas", "auth_base": "https://cas.test"}
    )
    named = school.as_("anonymous").get("/api/v1/accounts/search").json
    assert [one["authentication_provider"] for one in named] == ["cas"]


def test_the_brand_s_colors_are_a_file(school: School) -> None:
    client = school.as_("anonymous")
    away = client.get("/api/v1/brand_variables")
    assert away.status == 302
    assert away.headers["location"].startswith("http://school.test/static/brand_variables.json?v=")
    file = client.get(away.headers["location"])
    assert (file.status, file.headers["content-type"]) == (200, "application/json")
    assert file.json["ic-brand-primary"] == "#2f5d50"
