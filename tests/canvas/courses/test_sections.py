"""Sections (learning-resources.md §2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.client import Reply
from tests.support.courses import change, change_course, make_students

from homeroom import clock
from homeroom.school.schema import CourseSection, Enrollment

pytestmark = pytest.mark.spec("learning-resources.md#2")


def of_course(school: School) -> str:
    return f"/api/v1/courses/{school.id('biology')}/sections"


def one(school: School, section: Any = None) -> str:
    return f"/api/v1/sections/{section or school.id('biology_section')}"


def create(school: School, who: str = "teacher", **values: Any) -> Reply:
    return school.as_(who).post(of_course(school), {"course_section": {"name": "Evening", **values}})


def count(school: School) -> int:
    live = select(func.count()).select_from(CourseSection).where(CourseSection.c.state != "deleted")
    return int(school.read(lambda db: db.execute(live).scalar_one()))


def test_a_section_as_an_admin_sees_it(school: School) -> None:
    body = {
        "id": school.id("biology_section"),
        "course_id": school.id("biology"),
        "name": "Biology",
        "start_at": None,
        "end_at": None,
        "created_at": "2026-01-05T09:00:00Z",
        "restrict_enrollments_to_section_dates": False,
        "nonxlist_course_id": None,
        "sis_section_id": None,
        "sis_course_id": "sis-biology",
        "integration_id": None,
        "sis_import_id": None,
    }
    admin = school.as_("admin")
    assert admin.get(one(school)).json == body
    assert admin.get(f"{of_course(school)}/{school.id('biology_section')}").json == body
    assert admin.get(of_course(school)).json == [body]


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("outsider", 403, 403),
        ("other_teacher", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("student", 200, 403),
        ("observer", 200, 403),
        ("ta", 200, 403),
        ("designer", 200, 200),
        ("narrow_admin", 200, 403),
        ("teacher", 200, 200),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
    ],
)
def test_who_may_see_and_change_sections(school: School, who: str, reads: int, writes: int) -> None:
    client = school.as_(who)
    for url in (of_course(school), one(school), f"{of_course(school)}/{school.id('biology_section')}"):
        assert client.get(url).status == reads
    made = create(school, "admin").json["id"]
    assert create(school, who).status == writes
    assert client.put(one(school, made), {"course_section": {"name": "Night"}}).status == writes
    assert client.delete(one(school, made)).status == writes
    assert school.as_("admin").get(one(school, made)).status == (404 if writes == 200 else 200)


def test_sis_ids_are_shown_with_the_right_and_heard_from_those_who_manage_them(school: School) -> None:
    assert "sis_section_id" not in school.as_("student").get(one(school)).json
    assert "sis_course_id" in school.as_("teacher").get(one(school)).json
    assert create(school, sis_section_id="S1").json["sis_section_id"] is None
    made = create(school, "admin", sis_section_id="S1", integration_id="I1").json
    assert (made["sis_section_id"], made["integration_id"]) == ("S1", "I1")
    for form in ("sis_section_id:S1", "sis_integration_id:I1"):
        assert school.as_("teacher").get(one(school, form)).json["id"] == made["id"]
    cleared = school.as_("admin").put(one(school, made["id"]), {"course_section": {"sis_section_id": ""}}).json
    assert cleared["sis_section_id"] is None


def test_a_new_section_has_what_was_sent_and_keeps_what_is_not_changed(school: School) -> None:
    made = create(
        school,
        start_at="2026-09-01T08:00:00Z",
        end_at="2027-01-31",
        restrict_enrollments_to_section_dates=True,
    ).json
    assert (made["name"], made["start_at"], made["end_at"]) == (
        "Evening",
        "2026-09-01T08:00:00Z",
        "2027-01-31T00:00:00Z",
    )
    assert made["restrict_enrollments_to_section_dates"] is True
    changed = school.as_("teacher").put(one(school, made["id"]), {"course_section": {"end_at": ""}}).json
    assert changed == {**made, "end_at": None}
    assert school.as_("teacher").put(one(school, made["id"]), {}).json == changed


@pytest.mark.parametrize(
    ("values", "attribute", "fault"),
    [
        ({"name": "x" * 256}, "name", "too_long"),
        ({"start_at": "2026-02-01", "end_at": "2026-01-01"}, "end_at", "invalid"),
        ({"sis_section_id": "taken"}, "sis_source_id", "taken"),
        ({"integration_id": "taken"}, "integration_id", "taken"),
        ({"sis_section_id": "x" * 256}, "sis_source_id", "too_long"),
        ({"integration_id": "x" * 256}, "integration_id", "too_long"),
    ],
)
def test_what_a_section_may_not_be(school: School, values: dict[str, Any], attribute: str, fault: str) -> None:
    create(school, "admin", sis_section_id="taken", integration_id="taken")
    before = count(school)
    changed = school.as_("admin").put(one(school), {"course_section": values})
    for reply in (create(school, "admin", **values), changed):
        assert reply.status == 400
        assert reply.json["errors"][attribute][0]["type"] == fault
    assert count(school) == before


def test_a_section_without_a_name_is_called_by_its_course_and_the_day(school: School) -> None:
    today = clock.now().date().isoformat()
    for form in ({}, {"course_section": {"name": " "}}):
        assert school.as_("teacher").post(of_course(school), form).json["name"] == f"Biology {today}"
    change_course(school, time_zone="Pacific/Kiritimati", name="x" * 255)
    there = clock.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date().isoformat()
    assert school.as_("teacher").post(of_course(school), {}).json["name"] == "x" * 244 + f" {there}"


def test_a_section_keeps_a_name_and_its_dates_are_dates(school: School) -> None:
    before = count(school)
    renamed = school.as_("teacher").put(one(school), {"course_section": {"name": ""}})
    assert (renamed.status, renamed.json["errors"]["name"][0]["type"]) == (400, "blank")
    assert create(school, start_at="soon").status == 400
    assert count(school) == before


@pytest.mark.parametrize("section", ["999", "junk", "sis_section_id:none"])
def test_no_such_section(school: School, section: str) -> None:
    for url in (one(school, section), f"{of_course(school)}/{section}"):
        assert school.as_("admin").get(url).status == 404
    assert school.as_("admin").delete(one(school, section)).status == 404


def test_a_section_belongs_to_its_course_and_goes_with_it(school: School) -> None:
    assert school.as_("admin").get(f"{of_course(school)}/{school.id('history_section')}").status == 404
    change_course(school, state="deleted")
    assert school.as_("admin").get(one(school)).status == 404


def test_a_section_with_people_in_it_stays(school: School) -> None:
    reply = school.as_("teacher").delete(one(school))
    assert (reply.status, reply.json) == (400, {"message": "You can't delete a section that has enrollments"})
    made = create(school).json
    gone = school.as_("teacher").delete(one(school, made["id"]))
    assert (gone.status, gone.json) == (200, made)
    assert [section["id"] for section in school.as_("teacher").get(of_course(school)).json] == [
        school.id("biology_section")
    ]


def test_of_several_who_delete_a_section_one_does(school: School) -> None:
    section = one(school, create(school).json["id"])
    replies = school.as_("teacher").at_once(*[lambda client: client.delete(section)] * 4)
    assert sorted(reply.status for reply in replies) == [200, 404, 404, 404]


def test_students_and_counts(school: School) -> None:
    create(school)
    url = f"{of_course(school)}?include[]=students&include[]=total_students&include[]=passback_status"
    full, empty = school.as_("teacher").get(url).json
    assert [student["name"] for student in full["students"]] == ["Claude Mate", "Stella Student"]
    assert (full["total_students"], empty["total_students"], empty["students"]) == (2, 0, [])
    assert full["students"][0]["login_id"] == "classmate@school.test"
    assert full["passback_status"] is None
    more = school.as_("teacher").get(f"{url}&include[]=enrollments&include[]=avatar_url").json[0]["students"][1]
    assert more["enrollments"][0]["id"] == school.id("enrollment_of_student")
    assert more["enrollments"][0]["sis_user_id"] == "sis-student"
    assert "avatar_url" in more
    assert "students" not in school.as_("observer").get(url).json[0], "Observers do not see the roster."
    assert "login_id" not in school.as_("student").get(url).json[0]["students"][0]


def test_somebody_limited_to_a_section_sees_and_changes_that_one(school: School) -> None:
    made = create(school).json["id"]
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    teacher = school.as_("teacher")
    assert [section["id"] for section in teacher.get(of_course(school)).json] == [school.id("biology_section")]
    assert teacher.get(one(school, made)).status == 404
    assert teacher.put(one(school, made), {"course_section": {"name": "Night"}}).status == 403
    assert teacher.delete(one(school, made)).status == 403


def test_sections_can_be_searched_and_paged(school: School, queries_of: Callable[..., int]) -> None:
    for number in range(11):
        create(school, name=f"Group {number}")
    make_students(school, 10)
    teacher = school.as_("teacher")
    assert len(teacher.get(f"{of_course(school)}?search_term=group").json) == 10
    assert len(teacher.pages(f"{of_course(school)}?per_page=5")) == 12
    url = f"{of_course(school)}?include[]=students&include[]=total_students&include[]=enrollments"
    few, many = (queries_of(teacher.get, f"{url}&per_page={n}") for n in (1, 100))
    assert few == many


def test_a_deleted_section_comes_back_by_its_sis_id(school: School) -> None:
    admin, path = school.as_("admin"), f"/api/v1/courses/{school.id('biology')}/sections"
    form = {"course_section": {"name": "Lab", "sis_section_id": "lab"}, "enable_sis_reactivation": True}
    first = admin.post(path, form).json["id"]
    assert admin.post(path, form).status == 400, "It is there."
    admin.delete(f"/api/v1/sections/{first}")
    back = admin.post(path, form | {"course_section": {"name": "New lab", "sis_section_id": "lab"}}).json
    assert (back["id"], back["name"]) == (first, "New lab")
    admin.delete(f"/api/v1/sections/{first}")
    assert admin.post(path, {"course_section": form["course_section"]}).json["id"] != first, "Only when asked to."
    assert admin.post(f"/api/v1/courses/{school.id('history')}/sections", form).status == 400
