"""The people of a course and the caller's rights in it (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import School
from tests.support.courses import change, change_course, end_term, make_students
from tests.support.rights import deny

from homeroom.school.schema import Enrollment, Login

pytestmark = pytest.mark.spec("learning-resources.md#1")
EVERYBODY = ["Tariq Aide", "Dora Designer", "Claude Mate", "Olga Observer", "Stella Student", "Tina Teacher"]


def users(school: School, query: str = "", name: str = "users") -> str:
    return f"/api/v1/courses/{school.id('biology')}/{name}?{query}"


def names(school: School, query: str = "", who: str = "teacher") -> list[str]:
    reply = school.as_(who).get(users(school, query))
    assert reply.status == 200, reply.text
    return [user["name"] for user in reply.json]


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
        ("ta", 200),
        ("designer", 200),
        ("narrow_admin", 200),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
@pytest.mark.parametrize("name", ["users", "search_users", "students"])
def test_who_may_see_the_roster(school: School, name: str, who: str, status: int) -> None:
    assert school.as_(who).get(users(school, name=name)).status == status
    one = f"/api/v1/courses/{school.id('biology')}/users/{school.id('student')}"
    assert school.as_(who).get(one).status == status


def test_a_teacher_sees_logins_and_sis_ids_and_a_student_names(school: School) -> None:
    url = users(school, "enrollment_type[]=student&search_term=Stella")
    public = {
        "id": school.id("student"),
        "name": "Stella Student",
        "created_at": "2026-01-05T09:00:00Z",
        "sortable_name": "Student, Stella",
        "short_name": "Stella Student",
    }
    assert school.as_("classmate").get(url).json == [public]
    more = {"login_id": "student@school.test", "sis_user_id": "sis-student", "integration_id": None}
    more["email"] = "student@school.test"
    assert school.as_("teacher").get(url).json == [{**public, **more}]


def test_students_alone(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), state="invited")
    assert [user["name"] for user in school.as_("teacher").get(users(school, name="students")).json] == [
        "Stella Student"
    ]
    make_students(school, 12)
    everybody = school.as_("teacher").get(users(school, "per_page=5&page=2", name="students"))
    assert len(everybody.json) == 13, "All of them at once."
    assert "link" not in everybody.headers


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", EVERYBODY),
        ("enrollment_type[]=student", ["Claude Mate", "Stella Student"]),
        ("enrollment_type=ta", ["Tariq Aide"]),
        ("enrollment_type[]=TeacherEnrollment&enrollment_type[]=ta", ["Tariq Aide", "Tina Teacher"]),
        ("enrollment_role=DesignerEnrollment", ["Dora Designer"]),
        ("enrollment_role_id=2", ["Claude Mate", "Stella Student"]),
        ("enrollment_role_id=10000000000002", ["Claude Mate", "Stella Student"]),
        ("enrollment_state[]=active", EVERYBODY),
        ("enrollment_state[]=invited", []),
        ("search_term=TINA", ["Tina Teacher"]),
        ("search_term=student%40school", ["Stella Student"]),
        ("search_term=sis-ta", ["Tariq Aide"]),
        ("user_ids[]=999", []),
        ("user_ids=999,junk", []),
        ("user_uuids[]=nobody", []),
        ("section_ids[]=1", EVERYBODY),
        ("section_ids[]=999", []),
        ("user_id=sis_user_id:sis-teacher&per_page=4", EVERYBODY[4:]),
        ("user_id=sis_user_id:sis-teacher&per_page=4&page=3", EVERYBODY[4:]),
        ("user_id=sis_user_id:sis-ta&sort=username&order=desc&limit=2", ["Dora Designer", "Tariq Aide"]),
        ("user_id=sis_user_id:sis-outsider&per_page=4", EVERYBODY[:4]),
        ("sort=username&order=desc", EVERYBODY[::-1]),
        ("sort=nonsense&order=desc", EVERYBODY),
        ("sort=sis_id", ["Claude Mate", "Dora Designer", "Olga Observer", "Stella Student", "Tariq Aide",
                         "Tina Teacher"]),
    ],
)  # fmt: skip
def test_filters_and_sorts(school: School, query: str, found: list[str]) -> None:
    assert names(school, query) == found


def test_inactive_people_are_listed_when_staff_asks_for_them(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), state="inactive")
    without = [name for name in EVERYBODY if name != "Claude Mate"]
    assert (names(school, ""), names(school, "include_inactive=true")) == (without, EVERYBODY)
    assert names(school, "include_inactive=true", "student") == without


def test_the_page_of_a_person_says_which_it_is(school: School) -> None:
    reply = school.as_("teacher").get(users(school, f"user_id={school.id('teacher')}&per_page=4"))
    assert "page=2&" in reply.links["current"] and "page=1&" in reply.links["prev"]


def test_ids_of_people(school: School) -> None:
    uuid = school.as_("admin").get(f"/api/v1/users/{school.id('ta')}?include[]=uuid").json["uuid"]
    assert names(school, f"user_uuids[]={uuid}") == ["Tariq Aide"]
    assert names(school, f"user_ids={school.id('ta')},%20{school.id('designer')}") == ["Tariq Aide", "Dora Designer"]
    assert names(school, f"user_ids[]={school.id('ta')}&user_ids[]={school.id('outsider')}") == ["Tariq Aide"]
    assert names(school, f"user_ids[]={10_000_000_000_000 + school.id('ta')}") == ["Tariq Aide"]


def test_what_cannot_be_searched_or_filtered_by(school: School) -> None:
    assert school.as_("teacher").get(users(school, "search_term=x")).json["errors"][0]["field"] == "search_term"
    assert school.as_("teacher").get(users(school, "enrollment_type[]=pupil")).status == 400


def test_students_search_names_only(school: School) -> None:
    assert names(school, "search_term=sis-ta", who="student") == []
    assert names(school, "search_term=student%40school", who="student") == []


def test_students_cannot_sort_by_what_they_do_not_see(school: School) -> None:
    change(school, Login, _login_of(school, "teacher"), sis_user_id="0000")
    for sort in ("sis_id", "last_login", "email"):
        assert names(school, f"sort={sort}", who="student") == EVERYBODY


def test_who_sees_sis_ids_by_managing_them_also_finds_people_by_them(school: School) -> None:
    deny(school, "AccountAdmin", "read_sis")
    assert names(school, "search_term=sis-ta", who="admin") == ["Tariq Aide"]
    deny(school, "AccountAdmin", "manage_sis")
    assert names(school, "search_term=sis-ta", who="admin") == []


def _login_of(school: School, who: str) -> int:
    from sqlalchemy import select

    rows = select(Login.c.id).where(Login.c.user_id == school.id(who))
    return int(school.read(lambda db: db.execute(rows).scalar_one()))


@pytest.mark.parametrize("state", ["invited", "completed", "inactive", "rejected", "deleted"])
def test_states_of_people(school: School, state: str) -> None:
    change(school, Enrollment, school.id("enrollment_of_student"), state=state)
    assert ("Stella Student" in names(school)) is (state == "invited")
    assert names(school, f"enrollment_state[]={state}") == (["Stella Student"] if state != "deleted" else [])
    assert names(school, "enrollment_state[]=sleepy") == []


@pytest.mark.parametrize("state", ["inactive", "rejected"])
def test_who_was_shut_out_is_seen_by_those_who_manage_people(school: School, state: str) -> None:
    change(school, Enrollment, school.id("enrollment_of_student"), state=state)
    again = {"user_id": school.id("student"), "type": "ObserverEnrollment", "enrollment_state": "active"}
    school.as_("admin").post(f"/api/v1/courses/{school.id('biology')}/enrollments", {"enrollment": again})
    assert names(school, f"enrollment_state[]={state}", who="classmate") == []
    url = f"/api/v1/courses/{school.id('biology')}/users/{school.id('student')}?include[]=enrollments"
    shown = {"classmate": ["active"], "teacher": [state, "active"] if state == "inactive" else ["active"]}
    for who, states in shown.items():
        assert [one["enrollment_state"] for one in school.as_(who).get(url).json["enrollments"]] == states


@pytest.mark.parametrize("state", ["invited", "creation_pending", "rejected"])
@pytest.mark.parametrize("who", ["teacher", "admin"])
def test_an_invitation_does_not_reveal_anybody_s_login_and_address(school: School, who: str, state: str) -> None:
    change(school, Enrollment, school.id("enrollment_of_student"), state=state)
    client, course = school.as_(who), f"/api/v1/courses/{school.id('biology')}"
    asked = "include[]=email&include[]=enrollments"
    shown = [
        *client.get(users(school, f"enrollment_state[]={state}&{asked}")).json,
        *client.get(users(school, f"user_ids[]={school.id('student')}&{asked}", "search_users")).json,
        *(one["user"] for one in client.get(f"{course}/enrollments?state[]={state}").json),
        client.get(f"{course}/enrollments?include[]=observed_users&type[]=ObserverEnrollment").json[0]["observed_user"],
    ]
    if state == "invited":
        shown.append(client.get(f"{course}/users/{school.id('student')}?{asked}").json)
        (section,) = client.get(f"{course}/sections?include[]=students").json
        shown += [student for student in section["students"] if student["id"] == school.id("student")]
        assert names(school, "search_term=student%40school", who) == []
        assert names(school, "sort=email", who)[-1] == "Stella Student", "As if there were no address."
        assert names(school, "search_term=stella", who) == ["Stella Student"]
    assert {user["name"] for user in shown} == {"Stella Student"}
    assert len(shown) >= (6 if state == "invited" else 2)
    assert not any({"email", "login_id"} & user.keys() for user in shown)


def test_who_was_in_the_course_already_is_known_there(school: School) -> None:
    """A second enrollment that waits hides nothing."""
    again = {"user_id": school.id("student"), "type": "TaEnrollment", "enrollment_state": "invited"}
    school.as_("teacher").post(f"/api/v1/courses/{school.id('biology')}/enrollments", {"enrollment": again})
    (student,) = school.as_("teacher").get(users(school, "search_term=stella&include[]=email")).json
    assert (student["login_id"], student["email"]) == ("student@school.test", "student@school.test")
    listed = school.as_("teacher").get(f"/api/v1/courses/{school.id('biology')}/enrollments?state[]=invited").json
    assert [one["user"]["login_id"] for one in listed] == ["student@school.test"]


def test_includes(school: School) -> None:
    url = users(school, "search_term=Stella&include[]=email&include[]=avatar_url&include[]=enrollments&include[]=uuid")
    (student,) = school.as_("teacher").get(url).json
    assert student["email"] == "student@school.test"
    assert student["avatar_url"].startswith("http://school.test/")
    assert len(student["uuid"]) == 40
    (enrollment,) = student["enrollments"]
    assert (enrollment["id"], enrollment["role"]) == (school.id("enrollment_of_student"), "StudentEnrollment")
    assert "grades" in enrollment
    assert "user" not in enrollment
    assert (enrollment["sis_user_id"], enrollment["sis_course_id"]) == ("sis-student", "sis-biology")
    (seen,) = school.as_("classmate").get(url + "&include[]=last_login").json
    assert {"email", "last_login"} & seen.keys() == set()
    assert "grades" not in seen["enrollments"][0]


def test_one_person(school: School) -> None:
    url = f"/api/v1/courses/{school.id('biology')}/users"
    teacher = school.as_("teacher")
    assert teacher.get(f"{url}/sis_user_id:sis-student").json["name"] == "Stella Student"
    assert teacher.get(f"{url}/self?include[]=enrollments").json["enrollments"][0]["type"] == "TeacherEnrollment"
    for nobody in (school.id("outsider"), 999, "junk"):
        assert teacher.get(f"{url}/{nobody}").status == 404
    change(school, Enrollment, school.id("enrollment_of_student"), state="inactive")
    assert teacher.get(f"{url}/{school.id('student')}").status == 200


def test_a_teacher_limited_to_a_section_sees_that_section(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), course_section_id=school.id("history_section"))
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    assert names(school) == [name for name in EVERYBODY if name != "Claude Mate"]
    assert names(school, who="admin") == EVERYBODY
    url = f"/api/v1/courses/{school.id('biology')}/users/{school.id('classmate')}"
    assert school.as_("teacher").get(url).status == 404


def test_students_of_an_unpublished_or_closed_course_see_nobody(school: School) -> None:
    change_course(school, state="claimed")
    assert school.as_("student").get(users(school)).status == 403
    change_course(school, state="available")
    end_term(school)
    assert names(school, who="student") == EVERYBODY
    change_course(school, restrict_student_past_view=True)
    assert school.as_("student").get(users(school)).status == 403
    assert names(school) == EVERYBODY, "Last term's roster stays readable for the teacher."


def test_a_roster_costs_the_same_for_few_and_many(school: School, queries_of: Callable[..., int]) -> None:
    make_students(school, 30)
    url = users(school, "include[]=enrollments&include[]=email&include[]=avatar_url")
    few, many = (queries_of(school.as_("teacher").get, f"{url}&per_page={n}") for n in (2, 100))
    assert few == many
    assert queries_of(school.as_("teacher").get, users(school)) == 5


@pytest.mark.parametrize("sort", ["username", "email", "sis_id", "last_login"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_every_sort(school: School, monkeypatch: pytest.MonkeyPatch, sort: str, order: str) -> None:
    monkeypatch.setattr("homeroom.wire.params.paging.DEEP", 6)
    make_students(school, 8)
    listed = school.as_("teacher").pages(users(school, f"sort={sort}&order={order}&per_page=3"))
    assert len(listed) == 14 == len({user["id"] for user in listed})


# Rights.


@pytest.mark.spec("identity.md#10")
def test_permissions_of_the_caller(school: School) -> None:
    query = "permissions[]=manage_grades&permissions[]=read_roster&permissions[]=fly"
    url = f"/api/v1/courses/{school.id('biology')}/permissions"
    found = {
        who: list(school.as_(who).get(f"{url}?{query}").json.values())
        for who in ("student", "teacher", "outsider", "admin", "narrow_admin")
    }
    assert found == {
        "student": [False, True, False],
        "teacher": [True, True, False],
        "outsider": [False, False, False],
        "admin": [True, True, False],
        "narrow_admin": [False, True, False],
    }
    assert school.as_("anonymous").get(url).status == 401
    everything = school.as_("teacher").get(url).json
    assert (everything["manage_grades"], everything["become_user"]) == (True, False)
    assert school.as_("teacher").get("/api/v1/courses/999/permissions").status == 404
