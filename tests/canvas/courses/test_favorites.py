"""Favorite courses (learning-resources.md §15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.courses import change, end_term, make_courses

from homeroom.school.schema import Enrollment, Favorite

pytestmark = pytest.mark.spec("learning-resources.md#15")
ALL = "/api/v1/users/self/favorites/courses"


def one(school: School, course: str = "biology") -> str:
    return f"{ALL}/{school.id(course)}"


def ids(school: School, who: str = "teacher") -> list[int]:
    return [course["id"] for course in school.as_(who).get(ALL).json]


def test_with_none_chosen_all_current_courses_are_there(school: School) -> None:
    made = make_courses(school, 2)
    assert ids(school) == [school.id("biology"), *made]
    assert ids(school, "outsider") == []


def test_choosing_and_letting_go(school: School) -> None:
    made = make_courses(school, 2)
    teacher = school.as_("teacher")
    favorite = {"context_id": school.id("biology"), "context_type": "Course"}
    for _ in range(2):
        added = teacher.post(one(school))
        assert (added.status, added.json) == (200, favorite)
    assert ids(school) == [school.id("biology")]
    assert teacher.get(f"{ALL}?include[]=favorites").json[0]["is_favorite"] is True
    removed = teacher.delete(one(school))
    assert (removed.status, removed.json) == (200, favorite)
    assert ids(school) == [school.id("biology"), *made]
    assert school.read(lambda db: db.execute(select(func.count()).select_from(Favorite)).scalar_one()) == 0


def test_all_at_once(school: School) -> None:
    teacher = school.as_("teacher")
    teacher.post(one(school))
    school.as_("student").post(one(school))
    cleared = teacher.delete(ALL)
    assert (cleared.status, cleared.json) == (200, {"message": "OK"})
    rows = select(Favorite.c.user_id)
    assert school.read(lambda db: db.execute(rows).scalars().all()) == [school.id("student")]


def test_with_none_chosen_letting_one_go_chooses_all_others(school: School) -> None:
    made = make_courses(school, 2)
    teacher = school.as_("teacher")
    gone = teacher.delete(one(school))
    assert (gone.status, gone.json) == (200, {"context_id": school.id("biology"), "context_type": "Course"})
    assert ids(school) == made
    again = teacher.delete(one(school))
    assert (again.status, again.json) == (200, {})
    assert ids(school) == made
    assert teacher.delete(f"{ALL}/{made[0]}").json["context_id"] == made[0]
    assert ids(school) == made[1:]


def test_letting_go_of_what_one_does_not_see_changes_nothing(school: School) -> None:
    reply = school.as_("teacher").delete(one(school, "history"))
    assert (reply.status, reply.json) == (200, {})
    assert ids(school) == [school.id("biology")]
    assert school.read(lambda db: db.execute(select(func.count()).select_from(Favorite)).scalar_one()) == 0


@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("outsider", 200), ("admin", 200), ("student", 200)])
def test_anybody_chooses_and_sees_only_courses_they_are_in(school: School, who: str, status: int) -> None:
    assert school.as_(who).post(one(school)).status == status
    if status == 200:
        assert ids(school, who) == ([school.id("biology")] if who == "student" else [])
    assert school.as_(who).get(ALL).status == (401 if who == "anonymous" else 200)
    assert school.as_(who).delete(one(school)).status == status


@pytest.mark.parametrize("course", ["999", "junk", "sis_course_id:none"])
def test_no_such_course(school: School, course: str) -> None:
    assert school.as_("teacher").post(f"{ALL}/{course}").status == 404
    assert school.as_("teacher").delete(f"{ALL}/{course}").status == 404


def test_sis_ids_do_as_well(school: School) -> None:
    added = school.as_("student").post(f"{ALL}/sis_course_id:sis-biology").json
    assert added["context_id"] == school.id("biology")


def test_a_favorite_of_old_is_not_shown_and_does_not_bring_the_others_back(school: School) -> None:
    make_courses(school, 1)
    school.as_("teacher").post(one(school))
    change(school, Enrollment, school.id("enrollment_of_teacher"), state="completed")
    assert ids(school) == []


def test_what_the_term_has_ended_is_not_current(school: School) -> None:
    end_term(school)
    assert ids(school) == ids(school, "student") == []


def test_a_course_comes_with_the_own_enrollments_and_includes(school: School) -> None:
    (course,) = school.as_("student").get(f"{ALL}?include[]=term").json
    assert course["enrollments"][0]["type"] == "student"
    assert course["term"]["name"] == "Default Term"


def test_a_list_costs_the_same_for_few_and_many(school: School, queries_of: Callable[..., int]) -> None:
    make_courses(school, 12)
    teacher = school.as_("teacher")
    url = f"{ALL}?include[]=term&include[]=favorites"
    assert queries_of(teacher.get, f"{url}&per_page=2") == queries_of(teacher.get, f"{url}&per_page=100")
    assert len(teacher.pages(f"{ALL}?per_page=5")) == 13
