"""Lists of enrollments, and one (learning-resources.md §3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.courses import change, change_course, end_term, make_courses, make_students

from homeroom.db import insert_returning_id
from homeroom.school.people import directory
from homeroom.school.schema import CourseSection, Enrollment

pytestmark = pytest.mark.spec("learning-resources.md#3")


def of_course(school: School, query: str = "") -> str:
    return f"/api/v1/courses/{school.id('biology')}/enrollments?{query}"


def of_user(school: School, who: str = "student", query: str = "") -> str:
    return f"/api/v1/users/{school.id(who)}/enrollments?{query}"


def people(school: School, who: str, url: str) -> list[str]:
    names = {id: name for name, id in school.ids.items() if name in _CAST}
    reply = school.as_(who).get(url)
    assert reply.status == 200, reply.text
    return [names[enrollment["user_id"]] for enrollment in reply.json]


_CAST = ("teacher", "ta", "designer", "student", "classmate", "observer", "other_teacher")
EVERYBODY = ["designer", "observer", "classmate", "student", "ta", "teacher"]


def set_state(school: School, who: str, state: str) -> None:
    change(school, Enrollment, school.id(f"enrollment_of_{who}"), state=state)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("outsider", 403),
        ("observer", 403),
        ("other_teacher", 403),
        ("admin_of_another_school", 403),
        ("student", 200),
        ("teacher", 200),
        ("designer", 200),
        ("narrow_admin", 200),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
def test_who_may_see_the_enrollments_of_a_course(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(of_course(school)).status == status
    by_section = f"/api/v1/sections/{school.id('biology_section')}/enrollments"
    assert school.as_(who).get(by_section).status == status


def test_they_come_by_type_and_name(school: School) -> None:
    assert people(school, "teacher", of_course(school)) == EVERYBODY
    assert people(school, "student", of_course(school)) == EVERYBODY


def test_without_the_roster_one_sees_oneself_and_whom_one_observes(school: School) -> None:
    assert people(school, "observer", of_course(school, "user_id=self")) == ["observer"]
    student = school.id("student")
    assert people(school, "observer", of_course(school, f"user_id={student}")) == ["student"]
    assert school.as_("observer").get(of_course(school, f"user_id={school.id('classmate')}")).status == 403
    assert school.as_("outsider").get(of_course(school, "user_id=self")).status == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type[]=StudentEnrollment", ["classmate", "student"]),
        ("type[]=StudentEnrollment&type[]=TaEnrollment", ["classmate", "student", "ta"]),
        ("role[]=TeacherEnrollment", ["teacher"]),
        ("user_id=sis_user_id:sis-ta", ["ta"]),
        ("user_id=junk", []),
        ("state[]=active", EVERYBODY),
        ("state[]=invited", []),
        ("state[]=current_and_invited", EVERYBODY),
        ("state[]=completed", []),
        ("state[]=nonsense", []),
        ("sis_user_id[]=sis-ta&sis_user_id[]=sis-student", ["student", "ta"]),
        ("sis_user_id=sis-ta", ["ta"]),
        ("sis_user_id[]=nobody", []),
        ("sis_course_id[]=sis-biology", EVERYBODY),
        ("sis_course_id[]=sis-history", []),
        ("sis_account_id[]=sis-northern&type[]=TaEnrollment", ["ta"]),
        ("sis_account_id[]=sis-southern", []),
        ("sis_section_id[]=none", []),
        ("enrollment_term_id=1", EVERYBODY),
        ("enrollment_term_id=default", EVERYBODY),
    ],
)
def test_filters(school: School, query: str, found: list[str]) -> None:
    assert people(school, "teacher", of_course(school, query)) == found


_SIS_FILTERS = ("sis_user_id[]=sis-student", "sis_course_id[]=sis-biology", "sis_account_id[]=x", "sis_section_id[]=y")


@pytest.mark.parametrize("query", _SIS_FILTERS)
def test_sis_ids_cannot_be_guessed_by_filtering_enrollments(school: School, query: str) -> None:
    """Hit or miss, whoever may not read SIS ids gets the same refusal."""
    refusal = {"message": "Only those who may read SIS ids can filter by them"}
    lists = {
        "student": (of_course(school, query), of_user(school, query=query)),
        "designer": (of_course(school, query), of_user(school, "designer", query)),
        "observer": (of_user(school, query=query),),
        "narrow_admin": (of_user(school, query=query), of_course(school, query)),
    }
    for who, urls in lists.items():
        for url in urls:
            reply = school.as_(who).get(url)
            assert (reply.status, reply.json) == (400, refusal), (who, url)
    for who, url in (("teacher", of_course(school, query)), ("sub_admin", of_user(school, query=query))):
        assert school.as_(who).get(url).status == 200


def test_filters_by_section_and_term(school: School) -> None:
    change(school, CourseSection, school.id("biology_section"), sis_section_id="s1")
    assert people(school, "teacher", of_course(school, "sis_section_id[]=s1&role_id[]=4")) == ["ta"]
    admin = school.as_("admin")
    term = admin.post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Spring", "sis_term_id": "t"}}).json[
        "id"
    ]
    in_term = of_user(school, query="enrollment_term_id=sis_term_id:t")
    assert people(school, "student", in_term) == []
    change_course(school, enrollment_term_id=term)
    assert people(school, "student", in_term) == ["student"]
    assert people(school, "observer", in_term) == ["student"]
    assert school.as_("student").get(of_user(school, query="enrollment_term_id=99")).status == 404


def test_an_unknown_type_or_role_is_refused(school: School) -> None:
    assert school.as_("teacher").get(of_course(school, "type[]=Pupil")).status == 400
    for url in (of_course(school, "role[]=TaEnrollment&role[]=Nobody"), of_user(school, query="role[]=Nobody")):
        reply = school.as_("student").get(url)
        assert (reply.status, reply.json) == (400, {"message": "Invalid role"})


@pytest.mark.parametrize(
    ("state", "default", "own", "students", "staff"),
    [
        ("active", True, True, True, True),
        ("invited", True, True, True, True),
        ("completed", False, True, True, True),
        ("inactive", False, True, False, True),
        ("rejected", False, True, False, True),
        ("deleted", False, True, False, True),
    ],
)
def test_which_states_are_seen_by_whom(
    school: School, state: str, default: bool, own: bool, students: bool, staff: bool
) -> None:
    set_state(school, "classmate", state)
    asked = f"state[]={state}"
    assert ("classmate" in people(school, "student", of_course(school))) is default
    # Those who manage people are shown whom they shut out; nobody's own list is.
    by_default = default or state == "inactive"
    section = f"/api/v1/sections/{school.id('biology_section')}/enrollments"
    for who in ("teacher", "sub_admin"):
        for listed in (of_course(school), section):
            assert ("classmate" in people(school, who, listed)) is by_default
    assert ("classmate" in people(school, "admin", of_user(school, "classmate"))) is default
    assert ("classmate" in people(school, "teacher", of_course(school, asked))) is staff
    assert ("classmate" in people(school, "student", of_course(school, asked))) is students
    assert ("classmate" in people(school, "classmate", of_user(school, "classmate", asked))) is own


def test_a_student_sees_the_own_grades_and_activity_only(school: School) -> None:
    for who in ("student", "classmate"):
        change(school, Enrollment, school.id(f"enrollment_of_{who}"), total_activity_time=60, last_activity_at=THEN)
    url = of_course(school, "type[]=StudentEnrollment")
    theirs, mine = school.as_("student").get(url).json
    assert (mine["total_activity_time"], theirs["total_activity_time"]) == (60, 0)
    assert (mine["last_activity_at"], theirs["last_activity_at"]) == ("2026-01-05T09:00:00Z", None)
    assert "grades" in mine
    assert "grades" not in theirs
    assert "login_id" not in mine["user"]
    assert "sis_course_id" not in mine
    both = school.as_("teacher").get(url).json
    assert all("grades" in one and one["total_activity_time"] == 60 for one in both)


def test_an_observer_sees_the_grades_of_the_student(school: School) -> None:
    (one,) = school.as_("observer").get(of_course(school, f"user_id={school.id('student')}")).json
    assert one["grades"]["html_url"].endswith(f"/courses/{school.id('biology')}/grades/{school.id('student')}")


def test_includes(school: School) -> None:
    url = of_course(school, "type[]=ObserverEnrollment&include[]=observed_users&include[]=avatar_url&include[]=uuid")
    (one,) = school.as_("teacher").get(url + "&include[]=can_be_removed").json
    assert one["observed_user"]["name"] == "Stella Student"
    assert one["user"]["avatar_url"].startswith("http://school.test/")
    assert len(one["user"]["uuid"]) == 40
    assert one["can_be_removed"] is True
    (one,) = school.as_("student").get(url + "&include[]=can_be_removed").json
    assert one["can_be_removed"] is False


def second_section(school: School) -> int:
    row = insert(CourseSection).values(
        course_id=school.id("biology"), root_account_id=1, name="Evening", state="active", created_at=THEN,
        updated_at=THEN,
    )  # fmt: skip
    return int(school.write(lambda db: insert_returning_id(db, row)))


def test_staff_limited_to_a_section_sees_that_section(school: School) -> None:
    evening = second_section(school)
    change(school, Enrollment, school.id("enrollment_of_classmate"), course_section_id=evening)
    assert people(school, "teacher", of_course(school)) == EVERYBODY
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    assert "classmate" not in people(school, "teacher", of_course(school))
    assert people(school, "teacher", f"/api/v1/sections/{evening}/enrollments") == []
    assert people(school, "admin", f"/api/v1/sections/{evening}/enrollments") == ["classmate"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("teacher", 403),
        ("observer", 200),
        ("outsider", 403),
        ("admin_of_another_school", 403),
        ("narrow_admin", 200),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
def test_who_may_see_the_enrollments_of_a_person(school: School, who: str, status: int) -> None:
    reply = school.as_(who).get(of_user(school))
    assert reply.status == status
    if status == 200:
        assert [one["course_id"] for one in reply.json] == [school.id("biology")]


def test_an_admin_of_a_part_sees_that_part(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_other_teacher"), user_id=school.id("student"))
    school.write(lambda db: directory.associate(db, [school.id("student")]))
    found = {who: len(school.as_(who).get(of_user(school)).json) for who in ("admin", "sub_admin", "observer")}
    assert found == {"admin": 2, "sub_admin": 1, "observer": 1}


def test_nobody_has_no_enrollments(school: School) -> None:
    assert school.as_("admin").get("/api/v1/users/999/enrollments").status == 404
    assert school.as_("outsider").get("/api/v1/users/self/enrollments").json == []


@pytest.mark.spec("learning-resources.md#14")
def test_after_the_term_the_own_list_is_empty_and_the_course_s_roster_stays(school: School) -> None:
    end_term(school)
    assert people(school, "student", of_user(school)) == []
    (over,) = school.as_("student").get(of_user(school, query="state[]=completed")).json
    assert over["enrollment_state"] == "completed"
    assert people(school, "teacher", of_course(school)) == EVERYBODY
    assert people(school, "teacher", of_course(school, "state[]=completed")) == EVERYBODY
    assert people(school, "admin", of_user(school, query="state[]=current_and_concluded")) == ["student"]


def test_a_concluded_course_s_enrollments_read_as_completed(school: School) -> None:
    change_course(school, state="completed")
    states = {one["enrollment_state"] for one in school.as_("teacher").get(of_course(school)).json}
    assert states == {"completed"}


def test_enrollments_of_a_deleted_course_are_gone(school: School) -> None:
    change_course(school, state="deleted")
    assert school.as_("admin").get(of_course(school)).status == 404
    assert people(school, "student", of_user(school)) == []
    url = f"/api/v1/accounts/1/enrollments/{school.id('enrollment_of_student')}"
    assert school.as_("admin").get(url).status == 404


@pytest.mark.parametrize(
    ("who", "account", "status"),
    [
        ("anonymous", "root", 401),
        ("student", "root", 403),
        ("teacher", "root", 403),
        ("narrow_admin", "root", 200),
        ("sub_admin", "root", 403),
        ("sub_admin", "northern", 200),
        ("admin", "root", 200),
        ("admin", "northern", 200),
        ("admin", "southern", 404),
    ],
)
def test_one_enrollment_by_its_number(school: School, who: str, account: str, status: int) -> None:
    url = f"/api/v1/accounts/{school.id(account)}/enrollments/{school.id('enrollment_of_student')}"
    reply = school.as_(who).get(url)
    assert reply.status == status
    if status == 200:
        assert reply.json["user"]["name"] == "Stella Student"


@pytest.mark.parametrize("number", ["999", "junk", "self"])
def test_no_such_enrollment(school: School, number: str) -> None:
    assert school.as_("admin").get(f"/api/v1/accounts/1/enrollments/{number}").status == 404


def test_a_list_costs_the_same_for_few_and_many(school: School, queries_of: Callable[..., int]) -> None:
    make_students(school, 30)
    make_courses(school, 12)
    include = "include[]=avatar_url&include[]=observed_users&include[]=can_be_removed"
    for url in (of_course(school, include), of_user(school, "teacher", include)):
        few, many = (queries_of(school.as_("admin").get, f"{url}&per_page={n}") for n in (2, 100))
        assert few == many
    assert queries_of(school.as_("teacher").get, of_course(school)) == 5


def test_pages_go_on_from_where_they_were(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homeroom.wire.params.paging.DEEP", 6)
    made = make_students(school, 15)
    listed = school.as_("teacher").pages(of_course(school, "per_page=3"))
    assert len(listed) == 21 == len({one["id"] for one in listed})
    assert {one["user_id"] for one in listed} >= set(made)


@pytest.mark.parametrize(
    "query", ["sis_user_id[]=sis-classmate", "sis_course_id[]=sis-biology", "sis_section_id[]=x", "sis_account_id[]=x"]
)
def test_attack_a_filter_by_sis_ids_tells_whose_they_are(school: School, query: str) -> None:
    section = f"/api/v1/sections/{school.id('biology_section')}/enrollments?{query}"
    for url in (of_course(school, query), section, of_user(school, "student", query)):
        reply = school.as_("student").get(url)
        assert (reply.status, reply.json) == (400, {"message": "Only those who may read SIS ids can filter by them"})
        assert school.as_("admin").get(url).status == 200
    assert school.as_("teacher").get(of_course(school, query)).status == 200
    assert school.as_("observer").get(of_user(school, "student", query)).status == 400
    assert school.as_("sub_admin").get(of_user(school, "student", query)).status == 200
