"""Cross-listing of sections (learning-resources.md §1)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.conftest import School
from tests.support.courses import change_course, enrollment_of

from homeroom.school.schema import UserAccountAssociation

pytestmark = pytest.mark.spec("learning-resources.md#1")


def crosslist(school: School, course: str = "history") -> str:
    return f"/api/v1/sections/{school.id('biology_section')}/crosslist/{school.id(course)}"


def back(school: School) -> str:
    return f"/api/v1/sections/{school.id('biology_section')}/crosslist"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("ta", 403),
        ("teacher", 403),  # of the one course
        ("other_teacher", 403),  # of the other one
        ("sub_admin", 403),
        ("narrow_admin", 403),
        ("admin", 200),
    ],
)
def test_who_may_cross_list(school: School, who: str, status: int) -> None:
    assert school.as_(who).post(crosslist(school)).status == status
    if status != 200:
        school.as_("admin").post(crosslist(school))
    # The teacher of the course that the section is in may edit it, and not the one that it goes back to.
    assert school.as_(who).delete(back(school)).status == status


def test_a_section_moves_with_everybody_in_it_and_comes_back(school: School) -> None:
    admin = school.as_("admin")
    before = admin.get(f"/api/v1/sections/{school.id('biology_section')}").json
    moved = admin.post(crosslist(school))
    there = {"course_id": school.id("history"), "nonxlist_course_id": school.id("biology")}
    assert (moved.status, moved.json) == (200, {**before, **there, "sis_course_id": "sis-history"})
    assert enrollment_of(school, school.id("enrollment_of_student")).course_id == school.id("history")
    (course,) = school.as_("student").get("/api/v1/courses").json
    assert course["id"] == school.id("history")
    assert [one["id"] for one in school.as_("observer").get("/api/v1/courses").json] == [school.id("history")]
    rows = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == school.id("student"))
    assert set(school.read(lambda db: db.execute(rows).scalars().all())) == {1, school.id("southern")}
    returned = admin.delete(back(school))
    assert (returned.status, returned.json) == (200, before)
    assert enrollment_of(school, school.id("enrollment_of_student")).course_id == school.id("biology")


def test_a_section_remembers_its_first_course(school: School) -> None:
    admin = school.as_("admin")
    third = admin.post("/api/v1/accounts/1/courses", {"course": {"name": "Third"}}).json["id"]
    admin.post(crosslist(school))
    again = admin.post(f"/api/v1/sections/{school.id('biology_section')}/crosslist/{third}").json
    assert (again["course_id"], again["nonxlist_course_id"]) == (third, school.id("biology"))
    home = admin.post(crosslist(school, "biology")).json
    assert (home["course_id"], home["nonxlist_course_id"]) == (school.id("biology"), None)
    assert admin.post(crosslist(school, "biology")).json == home, "Where it is already nothing changes."


def test_what_cannot_be_moved(school: School) -> None:
    admin = school.as_("admin")
    reply = admin.delete(back(school))
    assert (reply.status, reply.json) == (400, {"message": "The section is not cross-listed"})
    assert admin.post(f"/api/v1/sections/{school.id('biology_section')}/crosslist/999").status == 404
    assert admin.post(f"/api/v1/sections/999/crosslist/{school.id('history')}").status == 404
    admin.post(crosslist(school))
    change_course(school, state="deleted")
    assert admin.delete(back(school)).status == 404
    by_sis = f"/api/v1/sections/{school.id('biology_section')}/crosslist/sis_course_id:sis-biology"
    assert admin.post(by_sis).status == 404
