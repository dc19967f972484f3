"""Course nicknames (users-core.md §13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.courses import change_course, end_term, make_courses

from homeroom.school.schema import CourseNickname

pytestmark = pytest.mark.spec("users-core.md#13")
ALL = "/api/v1/users/self/course_nicknames"


def one(school: School, course: str = "biology") -> str:
    return f"{ALL}/{school.id(course)}"


def count(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(CourseNickname)).scalar_one()))


def test_a_nickname_is_set_shown_changed_and_removed(school: School) -> None:
    student = school.as_("student")
    none = {"course_id": school.id("biology"), "name": "Biology", "nickname": None}
    assert student.get(one(school)).json == none
    put = student.put(one(school), {"nickname": "Frogs"})
    assert (put.status, put.json) == (200, {**none, "nickname": "Frogs"})
    assert student.get(one(school)).json == put.json
    assert student.get(ALL).json == [put.json]
    assert student.put(one(school), {"nickname": "Newts"}).json["nickname"] == "Newts"
    assert student.get(ALL).json == [{**none, "nickname": "Newts"}]
    removed = student.delete(one(school))
    assert (removed.status, removed.json) == (200, none)
    assert student.get(ALL).json == []


def test_there_is_nobody_without_a_user(school: School) -> None:
    anonymous = school.as_("anonymous")
    replies = [
        anonymous.get(ALL),
        anonymous.get(one(school)),
        anonymous.put(one(school), {"nickname": "Frogs"}),
        anonymous.delete(one(school)),
        anonymous.delete(ALL),
    ]
    assert {reply.status for reply in replies} == {401}
    assert replies[0].json["status"] == "unauthenticated"


@pytest.mark.parametrize(
    ("who", "status"),
    [("student", 200), ("observer", 200), ("teacher", 200), ("admin", 200), ("outsider", 403), ("other_teacher", 403)],
)
def test_a_course_that_may_be_read_can_have_a_nickname(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(one(school)).status == status
    # The right is asked about first.
    assert client.put(one(school), {"nickname": ""}).status == (400 if status == 200 else 403)
    assert client.put(one(school), {"nickname": "Frogs"}).status == status


@pytest.mark.parametrize("body", [{}, {"nickname": ""}, {"nickname": "  \t "}])
def test_a_nickname_must_be_something(school: School, body: dict[str, str]) -> None:
    for reply in (school.as_("student").put(one(school), body), school.as_("student").put(one(school), json=body)):
        assert (reply.status, reply.json) == (400, {"message": "missing nickname"})
    assert school.as_("student").put(one(school), json={"nickname": None}).json == {"message": "missing nickname"}
    assert count(school) == 0


@pytest.mark.parametrize("letter", ["x", "é", "字", "🐸"])
def test_fifty_nine_characters_are_enough(school: School, letter: str) -> None:
    student = school.as_("student")
    assert student.put(one(school), {"nickname": letter * 59}).json["nickname"] == letter * 59
    refused = student.put(one(school), {"nickname": letter * 60})
    assert (refused.status, refused.json) == (400, {"message": "nickname too long"})
    assert student.get(one(school)).json["nickname"] == letter * 59


@pytest.mark.parametrize("course", ["999", "sis_course_id:none", "junk"])
def test_no_such_course(school: School, course: str) -> None:
    student = school.as_("student")
    standard = {"errors": [{"message": "The specified resource does not exist."}]}
    for reply in (
        student.get(f"{ALL}/{course}"),
        student.put(f"{ALL}/{course}", {"nickname": "x"}),
        student.delete(f"{ALL}/{course}"),
    ):
        assert (reply.status, reply.json) == (404, standard)


def test_sis_ids_do_as_well(school: School) -> None:
    put = school.as_("student").put(f"{ALL}/sis_course_id:sis-biology", {"nickname": "Frogs"})
    assert put.json["course_id"] == school.id("biology")


def test_removing_what_is_not_there(school: School) -> None:
    reply = school.as_("student").delete(one(school))
    assert (reply.status, reply.json) == (404, {"message": "no nickname exists for course"})


def test_a_nickname_can_be_removed_when_the_course_can_no_longer_be_read(school: School) -> None:
    student = school.as_("student")
    student.put(one(school), {"nickname": "Frogs"})
    end_term(school)
    change_course(school, restrict_student_past_view=True)
    assert student.get(one(school)).status == 403
    assert student.delete(one(school)).status == 200


def test_all_of_one_s_own_at_once(school: School) -> None:
    school.as_("teacher").put(one(school), {"nickname": "Mine"})
    student = school.as_("student")
    student.put(one(school), {"nickname": "Frogs"})
    cleared = student.delete(ALL)
    assert (cleared.status, cleared.json) == (200, {"message": "OK"})
    assert student.get(ALL).json == []
    assert school.as_("teacher").get(ALL).json[0]["nickname"] == "Mine"
    assert student.delete(ALL).json == {"message": "OK"}


def test_the_list_is_counted_and_in_order_of_creation(school: School, queries_of: Callable[..., int]) -> None:
    teacher = school.as_("teacher")
    courses = make_courses(school, 5)
    for course in reversed(courses):
        teacher.put(f"{ALL}/{course}", {"nickname": f"N{course}"})
    teacher.put(f"{ALL}/{courses[0]}", {"nickname": "changed"})
    first = teacher.get(f"{ALL}?per_page=2")
    assert [item["course_id"] for item in first.json] == [courses[4], courses[3]]
    assert "page=3&" in first.links["last"]
    assert [item["course_id"] for item in teacher.pages(f"{ALL}?per_page=2")] == courses[::-1]
    assert queries_of(teacher.get, f"{ALL}?per_page=1") == queries_of(teacher.get, f"{ALL}?per_page=100")


def test_a_deleted_course_has_no_name_any_more(school: School) -> None:
    school.as_("student").put(one(school), {"nickname": "Frogs"})
    change_course(school, state="deleted")
    assert school.as_("student").get(ALL).json == []


def test_wherever_the_course_is_shown_it_has_the_nickname(school: School) -> None:
    student = school.as_("student")
    student.put(one(school), {"nickname": "Frogs"})
    shown = [
        student.get("/api/v1/courses").json[0],
        student.get(f"/api/v1/courses/{school.id('biology')}").json,
        student.get("/api/v1/users/self/favorites/courses").json[0],
        student.get("/api/v1/users/self/courses").json[0],
    ]
    assert {(course["name"], course["original_name"]) for course in shown} == {("Frogs", "Biology")}
    found = school.as_("admin").get("/api/v1/accounts/1/courses?search_term=frogs").json
    assert found == [], "Others search by the name."
