"""Lists of courses: one's own, another person's, an account's (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.courses import change, change_course, end_term, make_courses, make_students

from homeroom.db import insert_returning_id
from homeroom.school.people import directory
from homeroom.school.schema import Course, CourseNickname, Enrollment, EnrollmentTerm, Role, RoleOverride

pytestmark = pytest.mark.spec("learning-resources.md#1")
OWN = "/api/v1/courses"


def ids(school: School, who: str, url: str) -> list[int]:
    reply = school.as_(who).get(url)
    assert reply.status == 200, reply.text
    return [course["id"] for course in reply.json]


def own(school: School, who: str, query: str = "") -> list[str]:
    names = {school.id("biology"): "biology", school.id("history"): "history"}
    return [names[id] for id in ids(school, who, f"{OWN}?{query}")]


def set_state(school: School, who: str, state: str) -> None:
    change(school, Enrollment, school.id(f"enrollment_of_{who}"), state=state)


def test_own_courses_come_with_own_enrollments(school: School) -> None:
    (course,) = school.as_("student").get(OWN).json
    assert course["name"] == "Biology"
    assert course["enrollments"] == [
        {
            "type": "student",
            "role": "StudentEnrollment",
            "role_id": school.id("role_StudentEnrollment"),
            "user_id": school.id("student"),
            "enrollment_state": "active",
            "limit_privileges_to_course_section": False,
        }
    ]


def test_somebody_without_courses_has_none(school: School) -> None:
    assert own(school, "outsider") == own(school, "admin") == []
    assert school.as_("anonymous").get(OWN).status == 401


@pytest.mark.parametrize(
    ("state", "query", "seen"),
    [
        ("active", "", True),
        ("invited", "", True),
        ("completed", "", False),
        ("inactive", "", False),
        ("deleted", "", False),
        ("rejected", "", False),
        ("active", "enrollment_state=active", True),
        ("invited", "enrollment_state=active", False),
        ("invited", "enrollment_state=invited_or_pending", True),
        ("active", "enrollment_state=invited_or_pending", False),
        ("completed", "enrollment_state=completed", True),
        ("active", "enrollment_state=completed", False),
        ("active", "enrollment_type=student", True),
        ("active", "enrollment_type[]=StudentEnrollment", True),
        ("active", "enrollment_type=teacher", False),
        ("active", "enrollment_role=StudentEnrollment", True),
        ("active", "enrollment_role=Grader", False),
        ("active", "enrollment_role_id=2", True),
        ("active", "enrollment_role_id=10000000000002", True),
        ("active", "enrollment_role_id=99", False),
        ("active", "state[]=available", True),
        ("active", "state[]=completed", False),
        ("active", "state[]=unpublished", False),
        ("active", "state[]=nonsense", True),
    ],
)
def test_which_enrollments_bring_a_course_into_the_list(school: School, state: str, query: str, seen: bool) -> None:
    assert school.id("role_StudentEnrollment") == 2
    set_state(school, "student", state)
    assert own(school, "student", query) == (["biology"] if seen else [])


@pytest.mark.parametrize(
    ("course_state", "query", "student", "teacher"),
    [
        ("claimed", "", False, True),
        ("claimed", "state[]=unpublished", False, True),
        ("claimed", "state[]=all", False, True),
        ("completed", "", False, True),
        ("completed", "state[]=completed", True, True),
        ("completed", "state[]=available", False, False),
        ("completed", "enrollment_state=completed", True, True),
        ("completed", "enrollment_state=active", False, False),
        ("available", "enrollment_state=active", True, True),
    ],
)
def test_the_course_s_state_and_the_list(
    school: School, course_state: str, query: str, student: bool, teacher: bool
) -> None:
    change_course(school, state=course_state)
    assert (bool(own(school, "student", query)), bool(own(school, "teacher", query))) == (student, teacher)


@pytest.mark.spec("learning-resources.md#14")
def test_the_term_s_end_moves_a_course_from_active_to_completed(school: School) -> None:
    end_term(school)
    assert own(school, "teacher", "enrollment_state=active") == []
    assert own(school, "teacher", "enrollment_state=completed") == ["biology"]
    (course,) = school.as_("teacher").get(OWN).json
    assert course["enrollments"][0]["enrollment_state"] == "active", "Dates do not change what was decided."


def test_a_deleted_course_is_listed_for_its_staff_on_request(school: School) -> None:
    school.as_("admin").delete(f"{OWN}/{school.id('biology')}?event=delete")
    assert own(school, "teacher") == []
    assert own(school, "teacher", "state[]=deleted") == ["biology"]
    assert own(school, "student", "state[]=deleted") == []


def test_an_unknown_type_or_state_is_refused(school: School) -> None:
    assert school.as_("student").get(f"{OWN}?enrollment_type=pupil").json == {
        "message": "Invalid enrollment_type: pupil"
    }
    assert school.as_("student").get(f"{OWN}?enrollment_state=sleepy").status == 400


def test_custom_roles_are_named(school: School) -> None:
    values = {"account_id": 1, "name": "Grader", "base_role_type": "TaEnrollment", "state": "active"}
    new_role = insert(Role).values(**values, created_at=THEN, updated_at=THEN)
    role = school.write(lambda db: insert_returning_id(db, new_role))
    change(school, Enrollment, school.id("enrollment_of_ta"), role_id=role)
    assert own(school, "ta", "enrollment_role=Grader") == ["biology"]
    (course,) = school.as_("ta").get(OWN).json
    assert (course["enrollments"][0]["type"], course["enrollments"][0]["role"]) == ("ta", "Grader")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("observer", 200),
        ("classmate", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
def test_who_may_list_the_courses_of_a_student(school: School, who: str, status: int) -> None:
    reply = school.as_(who).get(f"/api/v1/users/{school.id('student')}/courses")
    assert reply.status == status
    if status == 200:
        assert [course["enrollments"][0]["user_id"] for course in reply.json] == [school.id("student")]


def test_an_admin_of_a_part_sees_the_courses_of_that_part(school: School) -> None:
    both = {"user_id": school.id("student")}
    change(school, Enrollment, school.id("enrollment_of_other_teacher"), **both)
    school.write(lambda db: directory.associate(db, [school.id("student")]))
    url = f"/api/v1/users/{school.id('student')}/courses"
    assert ids(school, "admin", url) == [school.id("biology"), school.id("history")]
    assert ids(school, "sub_admin", url) == [school.id("biology")]
    assert ids(school, "observer", url) == [school.id("biology")]


def test_nobody_s_courses(school: School) -> None:
    assert school.as_("admin").get("/api/v1/users/999/courses").status == 404
    assert ids(school, "student", "/api/v1/users/self/courses") == [school.id("biology")]


def test_a_list_shows_the_viewer_s_nicknames(school: School) -> None:
    row = {"user_id": school.id("admin"), "course_id": school.id("biology"), "nickname": "Frogs"}
    school.write(lambda db: db.execute(insert(CourseNickname).values(**row, created_at=THEN, updated_at=THEN)))
    url = f"/api/v1/users/{school.id('student')}/courses"
    assert school.as_("admin").get(url).json[0]["name"] == "Frogs"
    assert school.as_("student").get(url).json[0]["name"] == "Biology"


def test_own_courses_are_paged_in_a_constant_number_of_statements(
    school: School, queries_of: Callable[..., int]
) -> None:
    made = make_courses(school, 12)
    teacher = school.as_("teacher")
    assert {c["id"] for c in teacher.pages(f"{OWN}?per_page=5")} == {school.id("biology"), *made}
    for include in ("", "term", "term&include[]=teachers&include[]=total_students&include[]=sections"):
        few, many = (queries_of(teacher.get, f"{OWN}?include[]={include}&per_page={n}") for n in (2, 100))
        assert few == many
    assert queries_of(teacher.get, OWN) == 5


def test_own_courses_come_by_what_one_calls_them_and_are_counted(school: School) -> None:
    made = make_courses(school, 3)  # "Course 3" and so on
    teacher, nicknames = school.as_("teacher"), "/api/v1/users/self/course_nicknames"
    teacher.put(f"{nicknames}/{made[0]}", {"nickname": "Zebras"})
    teacher.put(f"{nicknames}/{made[2]}", {"nickname": "ants"})
    by_name = [made[2], school.id("biology"), made[1], made[0]]
    for sort in ("", "&sort=nickname"):
        assert [course["id"] for course in teacher.pages(f"{OWN}?per_page=2{sort}")] == by_name
    first = teacher.get(f"{OWN}?per_page=3")
    assert list(first.links) == ["current", "next", "first", "last"]
    assert "page=2&" in first.links["last"]
    # Another person's nicknames order another person's lists.
    assert ids(school, "admin", f"/api/v1/users/{school.id('teacher')}/courses") == [school.id("biology"), *made]
    teacher.put(f"{nicknames}/{made[2]}", {"nickname": "zzz"})
    assert ids(school, "teacher", OWN)[-1] == made[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("account_id=self", ["biology"]),
        ("account_id=sis_account_id:sis-northern", ["biology"]),
        ("account_id=sis_account_id:sis-southern", []),
        ("homeroom=true", []),
        ("homeroom=false", ["biology"]),
        ("enrollment_type[]=student_view", []),
        ("enrollment_type=student_view", []),
    ],
)
def test_own_courses_of_an_account_and_homerooms(school: School, query: str, found: list[str]) -> None:
    assert own(school, "student", query) == found
    url = f"/api/v1/users/{school.id('student')}/courses?{query}"
    assert ids(school, "observer", url) == [school.id(name) for name in found]


def test_enrollments_can_be_left_out(school: School) -> None:
    (course,) = school.as_("student").get(f"{OWN}?exclude[]=enrollments").json
    assert "enrollments" not in course
    assert school.as_("student").get(f"{OWN}?account_id=999").status == 404


def test_a_state_that_nobody_knows_does_not_narrow_a_list(school: School) -> None:
    """Both mobile apps send ``current_and_concluded``."""
    for state, student, teacher in (("available", True, True), ("completed", True, True), ("claimed", False, True),
                                    ("deleted", False, False)):  # fmt: skip
        change_course(school, state=state)
        for who, seen in (("student", student), ("observer", student), ("teacher", teacher)):
            assert bool(own(school, who, "state[]=current_and_concluded")) is seen, (who, state)
        listed = ids(school, "admin", "/api/v1/accounts/1/courses?state[]=current_and_concluded")
        assert (school.id("biology") in listed) is teacher
    change_course(school, state="completed")
    assert own(school, "student", "state[]=available&state[]=nonsense") == []


# The courses of an account.


def in_account(school: School, query: str = "", who: str = "admin", account: str = "1") -> list[Any]:
    reply = school.as_(who).get(f"/api/v1/accounts/{account}/courses?{query}")
    assert reply.status == 200, reply.text
    return [course["name"] for course in reply.json]


@pytest.mark.parametrize(
    ("who", "root", "northern"),
    [
        ("anonymous", 401, 401),
        ("student", 403, 403),
        ("teacher", 403, 403),
        ("narrow_admin", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("sub_admin", 403, 200),
        ("admin", 200, 200),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_list_the_courses_of_an_account(school: School, who: str, root: int, northern: int) -> None:
    for account, status in ((1, root), (school.id("northern"), northern)):
        assert school.as_(who).get(f"/api/v1/accounts/{account}/courses").status == status


def test_an_account_s_courses_are_those_below_it_too(school: School) -> None:
    assert in_account(school) == ["Biology", "History"]
    assert in_account(school, account=str(school.id("northern"))) == ["Biology"]
    assert "enrollments" not in school.as_("admin").get("/api/v1/accounts/1/courses").json[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search_term=bio", ["Biology"]),
        ("search_term=HIS%20101", ["History"]),
        ("search_term=sis-bio", ["Biology"]),
        ("search_term=%25o", []),
        ("search_term=_i", []),
        ("search_term=", ["Biology", "History"]),
        ("published=true", ["Biology"]),
        ("published=false", ["History"]),
        ("state[]=available", ["Biology"]),
        ("state[]=unpublished", ["History"]),
        ("state[]=claimed&state[]=available", ["Biology", "History"]),
        ("state[]=all", ["Biology", "History"]),
        ("enrollment_type[]=ta", ["Biology"]),
        ("enrollment_type[]=teacher", ["Biology", "History"]),
        ("enrollment_workflow_state[]=active", ["Biology", "History"]),
        ("enrollment_workflow_state[]=pending", []),
        ("enrollment_type[]=student&enrollment_workflow_state[]=active", ["Biology"]),
        ("search_by=teacher&search_term=tina", ["Biology"]),
        ("search_by=teacher&search_term=bio", []),
        ("search_by=teacher&search_term=stella", []),
        ("search_by=course&search_term=bio", ["Biology"]),
        ("public=true", []),
        ("public=false", ["Biology", "History"]),
        ("blueprint=true", []),
        ("blueprint=false", ["Biology", "History"]),
        ("blueprint_associated=true", []),
        ("homeroom=true", []),
        ("homeroom=false", ["Biology", "History"]),
        ("sort=course_status&order=desc", ["Biology", "History"]),
        ("sort=course_name&order=desc", ["History", "Biology"]),
        ("sort=sis_course_id&order=desc", ["History", "Biology"]),
        ("sort=account_name&order=desc", ["History", "Biology"]),
        ("sort=teacher", ["Biology", "History"]),
        ("sort=term&order=desc", ["History", "Biology"]),
        ("sort=nonsense&order=desc", ["History", "Biology"]),
    ],
)
def test_filters_and_sorts_of_an_account_s_courses(school: School, query: str, found: list[str]) -> None:
    change_course(school, "history", state="claimed")
    assert in_account(school, query) == found


def test_more_filters_of_an_account_s_courses(school: School) -> None:
    admin = school.as_("admin")
    term = {"name": "Spring", "sis_term_id": "spring", "end_at": "2020-01-01"}
    admin.post("/api/v1/accounts/1/terms", {"enrollment_term": term})
    admin.post(
        "/api/v1/accounts/1/courses", {"course": {"name": "Past", "term_id": "sis_term_id:spring"}, "offer": True}
    )
    admin.post("/api/v1/accounts/1/courses", {"course": {"name": "Done"}})
    done = admin.get("/api/v1/accounts/1/courses?search_term=done").json[0]["id"]
    admin.delete(f"/api/v1/courses/{done}?event=conclude")
    change_course(school, "history", start_at=datetime(2026, 7, 1, tzinfo=UTC))
    admin.put(f"/api/v1/courses/{done}", {"course": {"is_public": True}})
    teacher, southern = school.id("teacher"), school.id("southern")
    expected = {
        "with_enrollments=true": ["Biology", "History"],
        "with_enrollments=false": ["Past", "Done"],
        "completed=true": ["Past", "Done"],
        "completed=false": ["Biology", "History"],
        "enrollment_term_id=sis_term_id:spring": ["Past"],
        "enrollment_term_id=default": ["Biology", "History", "Done"],
        "enrollment_term_id[]=default&enrollment_term_id[]=sis_term_id:spring": ["Biology", "History", "Past", "Done"],
        "hide_enrollmentless_courses=1": ["Biology", "History"],
        "public=true": ["Done"],
        "starts_before=2026-06-01": ["Biology", "Past", "Done"],
        "starts_before=2026-08-01": ["Biology", "History", "Past", "Done"],
        "ends_after=2019-12-31": ["Biology", "History", "Past", "Done"],
        "ends_after=2020-01-01T00:00:01Z": ["Biology", "History", "Done"],
        f"by_teachers[]={teacher}": ["Biology"],
        f"by_teachers[]={10**13 + teacher}&by_teachers[]={school.id('student')}": ["Biology"],
        f"by_teachers[]={school.id('student')}": [],
        f"by_subaccounts[]={southern}": ["History"],
        f"by_subaccounts[]={southern}&by_subaccounts[]={school.id('northern')}": ["Biology", "History"],
        "by_subaccounts[]=1": ["Biology", "History", "Past", "Done"],
        f"by_subaccounts[]={southern}&completed=true": [],
    }
    assert {query: in_account(school, query) for query in expected} == expected
    assert admin.get("/api/v1/accounts/1/courses?enrollment_term_id=99").status == 404
    assert admin.get("/api/v1/accounts/1/courses?by_teachers[]=junk").status == 400


def test_a_search_finds_names_in_other_alphabets_and_the_id(school: School) -> None:
    school.as_("admin").post("/api/v1/accounts/1/courses", {"course": {"name": "Führung ФИЗИКА"}})
    for term in ("führung", "FUHRUNG", "физика"):
        assert in_account(school, f"search_term={term}") == ["Führung ФИЗИКА"]
    (number,) = make_courses(school, 9)[-1:]
    change(school, Course, number, name="X", sort_key="x", course_code="Y")
    assert number == 12
    assert in_account(school, "search_term=12") == ["X"]


def test_a_search_term_of_one_letter_is_refused(school: School) -> None:
    reply = school.as_("admin").get("/api/v1/accounts/1/courses?search_term=b")
    assert reply.status == 400
    assert reply.json["errors"][0]["field"] == "search_term"


def test_sis_ids_are_not_spelled_out_to_those_who_may_not_read_them(school: School) -> None:
    values = {"account_id": 1, "role_id": school.id("narrow_role"), "permission": "read_course_list", "enabled": True}
    school.write(lambda db: db.execute(insert(RoleOverride).values(**values, created_at=THEN, updated_at=THEN)))
    assert in_account(school, "search_term=sis-", who="narrow_admin") == []
    assert in_account(school, "search_term=biol", who="narrow_admin") == ["Biology"]
    assert in_account(school, "sort=sis_course_id&order=desc", who="narrow_admin") == ["History", "Biology"]


def test_deleted_courses_are_listed_on_request(school: School) -> None:
    change_course(school, "history", state="deleted")
    assert in_account(school) == ["Biology"]
    assert in_account(school, "state[]=deleted") == ["History"]
    assert in_account(school, "state[]=all") == ["Biology", "History"]


@pytest.mark.parametrize("sort", ["", "course_name", "sis_course_id", "teacher", "account_name", "term"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("deep", [4, 1000])
def test_every_sort_can_be_paged_to_its_end(
    school: School, monkeypatch: pytest.MonkeyPatch, sort: str, order: str, deep: int
) -> None:
    monkeypatch.setattr("homeroom.wire.params.paging.DEEP", deep)
    make_courses(school, 7)
    change(school, EnrollmentTerm, 1, name="All year")
    client = school.as_("admin")
    found = client.pages(f"/api/v1/accounts/1/courses?sort={sort}&order={order}&per_page=2")
    assert len({course["id"] for course in found}) == len(found) == 9


def test_an_account_s_list_costs_the_same_for_few_and_many(school: School, queries_of: Callable[..., int]) -> None:
    make_courses(school, 12)
    make_students(school, 5)
    url = "/api/v1/accounts/1/courses?include[]=term&include[]=teachers&include[]=total_students"
    few, many = (queries_of(school.as_("admin").get, f"{url}&per_page={n}") for n in (1, 100))
    assert few == many
