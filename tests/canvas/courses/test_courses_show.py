"""GET /courses/:id and the Course object (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.courses import change_course, days, end_term, make_students

from homeroom.school.schema import CourseNickname, Favorite

pytestmark = pytest.mark.spec("learning-resources.md#1")


def biology(school: School, include: str = "") -> str:
    query = "".join(f"&include[]={name}" for name in include.split())
    return f"/api/v1/courses/{school.id('biology')}?{query}"


def test_the_whole_course_as_an_admin_sees_it(school: School) -> None:
    reply = school.as_("admin").get(biology(school))
    assert reply.status == 200
    body = reply.json
    uuid = body.pop("uuid")
    assert len(uuid) == 40
    assert body == {
        "id": school.id("biology"),
        "name": "Biology",
        "course_code": "BIO 101",
        "account_id": school.id("northern"),
        "root_account_id": 1,
        "enrollment_term_id": 1,
        "workflow_state": "available",
        "start_at": None,
        "end_at": None,
        "created_at": "2026-01-05T09:00:00Z",
        "default_view": "modules",
        "is_public": None,
        "is_public_to_auth_users": False,
        "public_syllabus": False,
        "public_syllabus_to_auth": False,
        "license": None,
        "grading_standard_id": None,
        "grade_passback_setting": None,
        "storage_quota_mb": 500,
        "hide_final_grades": False,
        "apply_assignment_group_weights": False,
        "restrict_enrollments_to_course_dates": False,
        "time_zone": "Etc/UTC",
        "blueprint": False,
        "template": False,
        "homeroom_course": False,
        "course_color": None,
        "friendly_name": None,
        "calendar": {"ics": f"http://school.test/feeds/calendars/course_{uuid}.ics"},
        "sis_course_id": "sis-biology",
        "integration_id": None,
        "sis_import_id": None,
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("observer", 200),
        ("teacher", 200),
        ("ta", 200),
        ("designer", 200),
        ("outsider", 403),
        ("other_teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_a_course(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(biology(school)).status == status
    by_account = f"/api/v1/accounts/{school.id('northern')}/courses/{school.id('biology')}"
    assert school.as_(who).get(by_account).status == status


def test_a_public_course_is_seen_by_anybody(school: School) -> None:
    change_course(school, is_public=True)
    for who in ("anonymous", "outsider"):
        body = school.as_(who).get(biology(school)).json
        assert body["name"] == "Biology"
        assert "sis_course_id" not in body
        assert "enrollments" not in body
    change_course(school, state="claimed")
    assert school.as_("anonymous").get(biology(school)).status == 401


def test_students_do_not_see_a_course_that_is_not_published(school: School) -> None:
    change_course(school, state="claimed")
    assert school.as_("student").get(biology(school)).status == 403
    assert school.as_("teacher").get(biology(school)).json["workflow_state"] == "unpublished"


@pytest.mark.parametrize("form", ["sis_course_id:sis-biology", "hex:sis_course_id:7369732d62696f6c6f6779"])
def test_other_forms_of_its_id(school: School, form: str) -> None:
    assert school.as_("student").get(f"/api/v1/courses/{form}").json["id"] == school.id("biology")


@pytest.mark.parametrize("form", ["999", "sis_course_id:none", "junk", "self", "10000000000999"])
def test_no_such_course(school: School, form: str) -> None:
    reply = school.as_("admin").get(f"/api/v1/courses/{form}")
    assert (reply.status, reply.json) == (404, {"errors": [{"message": "The specified resource does not exist."}]})


def test_a_deleted_course_and_one_of_another_account_are_not_there(school: School) -> None:
    southern = f"/api/v1/accounts/{school.id('southern')}/courses/{school.id('biology')}"
    assert school.as_("admin").get(southern).status == 404
    assert school.as_("admin").get(f"/api/v1/accounts/1/courses/{school.id('biology')}").status == 200
    change_course(school, state="deleted")
    assert school.as_("admin").get(biology(school)).status == 404


@pytest.mark.parametrize(("who", "sees"), [("teacher", True), ("ta", False), ("student", False), ("observer", False)])
def test_sis_ids_are_for_those_who_may_read_them(school: School, who: str, sees: bool) -> None:
    body = school.as_(who).get(biology(school)).json
    assert ("sis_course_id" in body, "integration_id" in body, "sis_import_id" in body) == (sees, sees, False)


def test_a_member_sees_the_own_enrollments(school: School) -> None:
    assert school.as_("observer").get(biology(school)).json["enrollments"] == [
        {
            "type": "observer",
            "role": "ObserverEnrollment",
            "role_id": school.id("role_ObserverEnrollment"),
            "user_id": school.id("observer"),
            "enrollment_state": "active",
            "limit_privileges_to_course_section": False,
            "associated_user_id": school.id("student"),
        }
    ]


@pytest.mark.spec("learning-resources.md#14")
def test_outside_the_dates_a_student_sees_the_course_in_full(school: School) -> None:
    before = school.as_("student").get(biology(school)).json
    end_term(school)
    assert school.as_("student").get(biology(school)).json == before
    assert before["enrollments"][0]["enrollment_state"] == "active"
    assert school.as_("student").get("/api/v1/courses").json == [before]
    assert school.as_("student").get("/api/v1/courses?enrollment_state=active").json == []


def test_a_course_that_is_closed_after_its_end_is_a_stub_for_students(school: School) -> None:
    end_term(school)
    change_course(school, restrict_student_past_view=True)
    restricted = {"id": school.id("biology"), "access_restricted_by_date": True}
    for who in ("student", "observer"):
        assert school.as_(who).get(biology(school)).json == restricted
        assert school.as_(who).get("/api/v1/courses").json == [restricted]
    for who in ("teacher", "admin"):
        assert school.as_(who).get(biology(school)).json["name"] == "Biology"


def test_a_course_that_has_not_begun(school: School) -> None:
    change_course(school, start_at=days(2), restrict_enrollments_to_course_dates=True)
    assert school.as_("student").get(biology(school)).json["name"] == "Biology"
    change_course(school, restrict_student_future_view=True)
    assert school.as_("student").get(biology(school)).json["access_restricted_by_date"] is True
    assert "access_restricted_by_date" not in school.as_("teacher").get(biology(school)).json


@pytest.mark.spec("users-core.md#13")
def test_the_viewer_s_nickname_is_the_name(school: School) -> None:
    row = {"user_id": school.id("student"), "course_id": school.id("biology"), "nickname": "Frogs 🐸"}
    school.write(lambda db: db.execute(insert(CourseNickname).values(**row, created_at=THEN, updated_at=THEN)))
    mine = school.as_("student").get(biology(school)).json
    assert (mine["name"], mine["original_name"], mine["course_code"]) == ("Frogs 🐸", "Biology", "BIO 101")
    others = school.as_("teacher").get(biology(school)).json
    assert others["name"] == "Biology"
    assert "original_name" not in others


INCLUDES: list[tuple[str, str, Any]] = [
    ("syllabus_body", "syllabus_body", "<p>All</p>"),
    ("public_description", "public_description", "Cells"),
    ("storage_quota_used_mb", "storage_quota_used_mb", 0.0),
    ("total_students", "total_students", 2),
    ("passback_status", "passback_status", None),
    ("favorites", "is_favorite", False),
    ("course_image", "image_download_url", None),
    ("concluded", "concluded", False),
    ("permissions", "permissions", {"create_discussion_topic": True, "create_announcement": True}),
]


@pytest.mark.parametrize(("include", "key", "value"), INCLUDES)
def test_what_can_be_included(school: School, include: str, key: str, value: Any) -> None:
    change_course(school, syllabus_body="<p>All</p>", public_description="Cells")
    assert key not in school.as_("teacher").get(biology(school)).json
    body = school.as_("teacher").get(biology(school, include)).json
    assert body[key] == value


def test_term_account_sections_and_teachers(school: School) -> None:
    body = school.as_("student").get(biology(school, "term account sections teachers tabs course_progress")).json
    assert body["term"]["name"] == "Default Term"
    assert "sis_term_id" not in body["term"]
    assert body["account"] == {
        "id": school.id("northern"),
        "name": "Northern",
        "workflow_state": "active",
        "parent_account_id": 1,
        "root_account_id": 1,
        "default_time_zone": "Etc/UTC",
    }
    assert body["sections"] == [
        {
            "id": school.id("biology_section"),
            "name": "Biology",
            "start_at": None,
            "end_at": None,
            "enrollment_role": "StudentEnrollment",
        }
    ]
    assert body["teachers"] == [
        {
            "id": school.id("teacher"),
            "display_name": "Tina Teacher",
            "avatar_image_url": "http://school.test/images/messages/avatar-50.png",
            "html_url": f"http://school.test/courses/{school.id('biology')}/users/{school.id('teacher')}",
            "pronouns": None,
        }
    ]
    assert body["tabs"][0]["full_url"] == f"http://school.test/courses/{school.id('biology')}"
    assert "message" in body["course_progress"]["error"]


def test_grading_is_counted_for_those_who_grade(school: School) -> None:
    assert school.as_("teacher").get(biology(school, "needs_grading_count")).json["needs_grading_count"] == 0
    assert "needs_grading_count" not in school.as_("student").get(biology(school, "needs_grading_count")).json


def test_scores_are_on_student_enrollments_and_final_ones_can_be_hidden(school: School) -> None:
    include = "total_scores current_grading_period_scores"
    mine = school.as_("student").get(biology(school, include)).json["enrollments"][0]
    assert (mine["computed_current_score"], mine["computed_final_score"]) == (None, None)
    assert mine["has_grading_periods"] is False
    change_course(school, hide_final_grades=True)
    mine = school.as_("student").get(biology(school, include)).json["enrollments"][0]
    assert "computed_current_score" in mine
    assert "computed_final_score" not in mine
    assert "computed_current_score" not in school.as_("teacher").get(biology(school, include)).json["enrollments"][0]


def test_an_observer_sees_whom_they_observe(school: School) -> None:
    body = school.as_("observer").get(biology(school, "observed_users")).json
    assert body["enrollments"][0]["observed_user"]["name"] == "Stella Student"


def test_a_favorite(school: School) -> None:
    row = {"user_id": school.id("student"), "context_type": "Course", "context_id": school.id("biology")}
    school.write(lambda db: db.execute(insert(Favorite).values(**row, created_at=THEN, updated_at=THEN)))
    assert school.as_("student").get(biology(school, "favorites")).json["is_favorite"] is True
    assert school.as_("classmate").get(biology(school, "favorites")).json["is_favorite"] is False


def test_only_editors_learn_the_code_for_self_enrollment(school: School) -> None:
    change_course(school, self_enrollment_code="ABC")
    assert school.as_("teacher").get(biology(school, "self_enrollment_code")).json["self_enrollment_code"] == "ABC"
    assert "self_enrollment_code" not in school.as_("student").get(biology(school, "self_enrollment_code")).json


def test_a_large_course_costs_no_more_statements(school: School, queries_of: Callable[..., int]) -> None:
    url = biology(school, " ".join([name for name, _, _ in INCLUDES] + ["term", "sections", "teachers"]))
    small = queries_of(school.as_("teacher").get, url)
    make_students(school, 30)
    make_students(school, 5, kind="teacher")
    assert queries_of(school.as_("teacher").get, url) == small


def test_the_calendar_of_a_course_is_one(school: School) -> None:
    address = school.as_("student").get(biology(school)).json["calendar"]["ics"]
    feed = school.as_("anonymous").get(address)
    assert (feed.status, feed.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "X-WR-CALNAME:Biology Calendar" in feed.text
    assert school.as_("anonymous").get("/feeds/calendars/course_nobody.ics").status == 404
    change_course(school, state="deleted")
    assert school.as_("anonymous").get(address).status == 404


def test_more_teachers_than_are_wanted_are_only_counted(school: School) -> None:
    url = f"/api/v1/courses/{school.id('biology')}?include[]=teachers&teacher_limit="
    few, many = (school.as_("student").get(url + limit).json for limit in ("1", "0"))
    assert (few["teachers"][0]["display_name"], "teacher_count" in few) == ("Tina Teacher", False)
    assert (many["teacher_count"], "teachers" in many) == (1, False)
