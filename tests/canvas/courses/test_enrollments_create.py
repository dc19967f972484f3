"""POST /courses/:id/enrollments and /sections/:id/enrollments (learning-resources.md §3)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.client import Reply
from tests.support.courses import change, change_course, days, end_term, enrollment_of, enrollments_of

from homeroom.db import insert_returning_id
from homeroom.school.courses.events import EnrollmentChanged
from homeroom.school.ground.events import _listeners
from homeroom.school.schema import Course, CourseSection, Enrollment, Role, UserAccountAssociation

pytestmark = pytest.mark.spec("learning-resources.md#3")
TYPES = {
    "student": "StudentEnrollment",
    "teacher": "TeacherEnrollment",
    "ta": "TaEnrollment",
    "designer": "DesignerEnrollment",
    "observer": "ObserverEnrollment",
}


def url(school: School, course: str = "biology") -> str:
    return f"/api/v1/courses/{school.id(course)}/enrollments"


def enroll(school: School, who: str = "teacher", whom: str = "outsider", **enrollment: Any) -> Reply:
    return school.as_(who).post(url(school), {"enrollment": {"user_id": school.id(whom), **enrollment}})


def count(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(Enrollment)).scalar_one()))


def make(school: School, table: Any, **values: Any) -> int:
    row = insert(table).values(**values, created_at=THEN, updated_at=THEN)
    return int(school.write(lambda db: insert_returning_id(db, row)))


def make_section(school: School, name: str = "Evening") -> int:
    return make(school, CourseSection, course_id=school.id("biology"), root_account_id=1, name=name, state="active")


def make_role(school: School, base: str = "TaEnrollment", state: str = "active", account: int = 1) -> int:
    return make(school, Role, account_id=account, name=f"Special {base}", base_role_type=base, state=state)


def test_a_new_enrollment_as_its_maker_sees_it(school: School) -> None:
    reply = enroll(school, "admin")
    assert reply.status == 200
    body = reply.json
    assert body.pop("created_at") == body.pop("updated_at")
    enrollment_id = body.pop("id")
    assert body == {
        "user_id": school.id("outsider"),
        "course_id": school.id("biology"),
        "course_section_id": school.id("biology_section"),
        "root_account_id": 1,
        "type": "StudentEnrollment",
        "role": "StudentEnrollment",
        "role_id": school.id("role_StudentEnrollment"),
        "enrollment_state": "invited",
        "limit_privileges_to_course_section": False,
        "associated_user_id": None,
        "start_at": None,
        "end_at": None,
        "last_activity_at": None,
        "last_attended_at": None,
        "total_activity_time": 0,
        "html_url": f"http://school.test/courses/{school.id('biology')}/users/{school.id('outsider')}",
        "grades": {
            "html_url": f"http://school.test/courses/{school.id('biology')}/grades/{school.id('outsider')}",
            "current_score": None,
            "current_grade": None,
            "final_score": None,
            "final_grade": None,
            "unposted_current_score": None,
            "unposted_current_grade": None,
            "unposted_final_score": None,
            "unposted_final_grade": None,
        },
        "user": {
            "id": school.id("outsider"),
            "name": "Otto Outsider",
            "created_at": "2026-01-05T09:00:00Z",
            "sortable_name": "Outsider, Otto",
            "short_name": "Otto Outsider",
            "sis_user_id": "sis-outsider",
            "integration_id": None,
            "sis_import_id": None,
        },
        "sis_account_id": "sis-northern",
        "sis_course_id": "sis-biology",
        "course_integration_id": None,
        "sis_section_id": None,
        "section_integration_id": None,
        "sis_user_id": "sis-outsider",
        "sis_import_id": None,
    }
    assert enrollment_of(school, enrollment_id).state == "invited"


@pytest.mark.parametrize(
    ("who", "student", "ta"),
    [
        ("anonymous", 401, 401),
        ("student", 403, 403),
        ("observer", 403, 403),
        ("outsider", 403, 403),
        ("ta", 403, 403),
        ("designer", 403, 403),
        ("other_teacher", 403, 403),
        ("narrow_admin", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("teacher", 200, 200),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
    ],
)
def test_who_may_enroll(school: School, who: str, student: int, ta: int) -> None:
    before = count(school)
    assert enroll(school, who).status == student
    assert enroll(school, who, type="TaEnrollment").status == ta
    assert count(school) - before == [student, ta].count(200)


@pytest.mark.parametrize("kind", list(TYPES))
def test_each_type_needs_its_own_right(school: School, kind: str) -> None:
    allow(school, "ta", f"add_{kind}_to_course")
    for other, type_ in TYPES.items():
        assert enroll(school, "ta", type=type_).status == (200 if other == kind else 403)


def allow(school: School, who: str, permission: str) -> None:
    from homeroom.school.schema import RoleOverride

    role = school.id(f"role_{TYPES[who]}")
    make(school, RoleOverride, account_id=1, role_id=role, permission=permission, enabled=True)


@pytest.mark.parametrize("state", ["active", "invited", "inactive"])
def test_the_state_can_be_chosen(school: School, state: str) -> None:
    assert enroll(school, enrollment_state=state).json["enrollment_state"] == state


@pytest.mark.parametrize("form", ["sis_user_id:sis-outsider", "sis_login_id:OUTSIDER@school.test"])
def test_people_can_be_named_by_sis_ids(school: School, form: str) -> None:
    reply = school.as_("teacher").post(url(school), {"enrollment": {"user_id": form}})
    assert reply.json["user_id"] == school.id("outsider")


def test_json_bodies_do_as_well(school: School) -> None:
    body = {"enrollment": {"user_id": school.id("outsider"), "type": "TaEnrollment", "enrollment_state": "active"}}
    reply = school.as_("teacher").post(url(school), json=body)
    assert (reply.status, reply.json["type"]) == (200, "TaEnrollment")


def test_a_section_can_be_named_in_the_path_or_beside(school: School) -> None:
    section = make_section(school)
    form = {"enrollment": {"user_id": school.id("outsider")}}
    assert (
        school.as_("teacher").post(f"/api/v1/sections/{section}/enrollments", form).json["course_section_id"] == section
    )
    assert enroll(school, whom="classmate", course_section_id=section).json["course_section_id"] == section
    assert len(enrollments_of(school, "classmate")) == 2
    other = school.id("history_section")
    before = count(school)
    assert enroll(school, course_section_id=other).status == 404
    assert enroll(school, course_section_id="junk").status == 404
    assert count(school) == before


def test_the_section_of_the_address_wins(school: School) -> None:
    evening = make_section(school)
    for named in (school.id("biology_section"), school.id("history_section"), "junk"):
        form = {"enrollment": {"user_id": school.id("outsider"), "course_section_id": named}}
        made = school.as_("teacher").post(f"/api/v1/sections/{evening}/enrollments", form)
        assert (made.status, made.json["course_section_id"]) == (200, evening)


def test_a_course_without_a_section_gets_one(school: School) -> None:
    change(school, CourseSection, school.id("biology_section"), state="deleted")
    section = enroll(school).json["course_section_id"]
    assert section != school.id("biology_section")
    assert enroll(school, whom="other_teacher").json["course_section_id"] == section


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "No parameters given"),
        ({"enrollment": {"type": "StudentEnrollment"}}, "Can't create an enrollment without a user. "
         "Include enrollment[user_id] to create an enrollment"),
        ({"enrollment": {"user_id": ""}}, "Can't create an enrollment without a user. "
         "Include enrollment[user_id] to create an enrollment"),
        ({"enrollment": {"enrollment_state": "invited"}}, "Can't create an enrollment without a user. "
         "Include enrollment[user_id] to create an enrollment"),
        ({"enrollment": {"user_id": "1", "type": "Pupil"}}, "Invalid type"),
        ({"enrollment": {"user_id": "1", "type": "student"}}, "Invalid type"),
        ({"enrollment": {"user_id": "1", "role_id": 999}}, "Invalid role"),
        ({"enrollment": {"user_id": "1", "role": "Nobody"}}, "Invalid role"),
        ({"enrollment": {"user_id": "1", "role_id": 2, "type": "TaEnrollment"}},
         "The specified type must match the base type for the role"),
    ],
)  # fmt: skip
def test_refusals_are_400_with_their_sentence(school: School, form: dict[str, Any], message: str) -> None:
    before = count(school)
    reply = school.as_("admin").post(url(school), form)
    assert (reply.status, reply.json) == (400, {"message": message})
    assert count(school) == before


def test_an_account_role_is_no_role_in_a_course(school: School) -> None:
    assert enroll(school, "admin", role_id=school.id("narrow_role")).json == {"message": "Invalid role"}
    southern = make_role(school, account=school.id("southern"))
    assert enroll(school, "admin", role_id=southern).json == {"message": "Invalid role"}


def test_a_role_of_the_account_brings_its_type(school: School) -> None:
    role = make_role(school)
    body = enroll(school, role_id=role).json
    assert (body["type"], body["role"], body["role_id"]) == ("TaEnrollment", "Special TaEnrollment", role)
    by_name = enroll(school, whom="other_teacher", role="Special TaEnrollment", type="TaEnrollment").json
    assert by_name["role_id"] == role


def test_an_inactive_role_is_given_to_nobody(school: School) -> None:
    role = make_role(school, state="inactive")
    message = "Cannot create an enrollment with this role because it is inactive."
    assert enroll(school, role_id=role).json == {"message": message}
    change(school, Role, role, state="deleted")
    assert enroll(school, role_id=role).json == {"message": "Invalid role"}


@pytest.mark.parametrize("user", ["999", "sis_user_id:nobody", "junk"])
def test_the_unknown_cannot_be_enrolled(school: School, user: str) -> None:
    before = count(school)
    assert school.as_("teacher").post(url(school), {"enrollment": {"user_id": user}}).status == 404
    assert count(school) == before


def test_the_deleted_cannot_be_enrolled(school: School) -> None:
    from homeroom.school.schema import User

    change(school, User, school.id("outsider"), state="deleted")
    assert enroll(school).status == 404


@pytest.mark.parametrize("who", ["teacher", "admin"])
def test_nobody_comes_into_a_concluded_course(school: School, who: str) -> None:
    before = count(school)
    concluded = {"message": "Can't add an enrollment to a concluded course."}
    change_course(school, state="completed")
    assert (enroll(school, who).status, enroll(school, who).json) == (400, concluded)
    change_course(school, state="available")
    end_term(school)
    assert enroll(school, who).json == concluded
    assert count(school) == before
    assert school.as_(who).post(url(school, "history"), {}).status == 400


def test_a_section_that_goes_on_takes_people_after_the_term(school: School) -> None:
    end_term(school)
    section = make_section(school)
    change(school, CourseSection, section, restrict_enrollments_to_section_dates=True, end_at=days(10))
    assert enroll(school, "admin", course_section_id=section).status == 200
    assert enroll(school, "admin").status == 400


def test_dates_must_be_dates(school: School) -> None:
    before = count(school)
    assert enroll(school, start_at="tomorrow").status == 400
    assert enroll(school, enrollment_state="sleepy").status == 400
    assert count(school) == before
    body = enroll(school, start_at="2026-09-01", end_at="2027-06-01T10:00:00Z").json
    assert (body["start_at"], body["end_at"]) == ("2026-09-01T00:00:00Z", "2027-06-01T10:00:00Z")


def test_an_end_is_not_before_the_start(school: School) -> None:
    before = count(school)
    fault = {"attribute": "end_at", "type": "invalid", "message": "End date cannot be before start date"}
    refused = enroll(school, start_at="2027-02-01", end_at="2027-01-01")
    assert (refused.status, refused.json) == (400, {"errors": {"end_at": [fault]}})
    assert count(school) == before
    # What is not given again counts as it was.
    enroll(school, start_at="2027-02-01")
    assert enroll(school, end_at="2027-01-01").json == {"errors": {"end_at": [fault]}}
    assert enroll(school, start_at="2026-12-01", end_at="2027-01-01").status == 200


def test_who_may_not_enroll_does_not_learn_who_there_is(school: School) -> None:
    nobody = school.as_("student").post(url(school), {"enrollment": {"user_id": "999999"}})
    assert nobody.status == enroll(school, "student").status == 403


# Somebody who is in already.


def test_enrolling_twice_is_enrolling_once(school: School) -> None:
    first = enroll(school).json
    again = enroll(school)
    assert (again.status, again.json["id"]) == (200, first["id"])
    assert len(enrollments_of(school, "outsider")) == 1


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("active", None, "active"),
        ("active", "invited", "active"),
        ("active", "inactive", "inactive"),
        ("invited", "active", "active"),
        ("rejected", None, "invited"),
        ("completed", "active", "active"),
        ("inactive", None, "invited"),
    ],
)
def test_what_becomes_of_the_state_when_somebody_is_enrolled_again(
    school: School, before: str, wanted: str | None, after: str
) -> None:
    mine = school.id("enrollment_of_student")
    change(school, Enrollment, mine, state=before)
    body = enroll(school, whom="student", **({"enrollment_state": wanted} if wanted else {})).json
    assert (body["id"], body["enrollment_state"]) == (mine, after)


def test_other_sections_roles_and_types_are_other_enrollments(school: School) -> None:
    ids = {
        enroll(school).json["id"],
        enroll(school, course_section_id=make_section(school)).json["id"],
        enroll(school, type="TaEnrollment").json["id"],
        enroll(school, role_id=make_role(school)).json["id"],
    }
    assert len(ids) == 4


def test_a_deleted_enrollment_is_not_the_same_one(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_student"), state="deleted")
    assert enroll(school, whom="student").json["id"] != school.id("enrollment_of_student")


def test_what_is_given_again_changes_and_what_is_not_stays(school: School) -> None:
    enroll(school, limit_privileges_to_course_section=True, end_at="2027-06-01")
    body = enroll(school, end_at="").json
    assert (body["limit_privileges_to_course_section"], body["end_at"]) == (True, None)


def test_two_enrollments_of_the_same_person_at_once_make_one_row(school: School) -> None:
    wanted = {"enrollment": {"user_id": school.id("outsider")}}
    replies = school.as_("teacher").at_once(*[lambda client: client.post(url(school), wanted)] * 6)
    assert [reply.status for reply in replies] == [200] * 6
    assert len({reply.json["id"] for reply in replies}) == 1
    assert len(enrollments_of(school, "outsider")) == 1


# What follows.


def test_the_first_teacher_claims_a_course(school: School) -> None:
    def state() -> str:
        return str(school.read(lambda db: db.execute(select(Course.c.state).where(Course.c.id == 1)).scalar_one()))

    change_course(school, state="created")
    enroll(school, "admin")
    assert state() == "created"
    enroll(school, "admin", type="TeacherEnrollment")
    assert state() == "claimed"


def test_enrolling_brings_people_into_the_accounts_above(school: School) -> None:
    rows = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == school.id("outsider"))
    enroll(school)
    assert set(school.read(lambda db: db.execute(rows).scalars().all())) == {1, school.id("northern")}


def test_it_is_announced(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[EnrollmentChanged] = []
    monkeypatch.setitem(_listeners, EnrollmentChanged, [lambda _db, event: heard.append(event)])
    enrollment_id = enroll(school).json["id"]
    assert heard == [EnrollmentChanged(enrollment_id, school.id("outsider"), school.id("biology"))]


def test_an_invited_student_may_look_and_has_no_rights_yet(school: School) -> None:
    enroll(school)
    outsider = school.as_("outsider")
    assert outsider.get(f"/api/v1/courses/{school.id('biology')}").status == 200
    assert outsider.get(f"/api/v1/courses/{school.id('biology')}/users").status == 403


# Observers.


def test_an_observer_observes_a_student(school: School) -> None:
    body = enroll(school, type="ObserverEnrollment", associated_user_id=school.id("student")).json
    assert body["associated_user_id"] == school.id("student")
    other = enroll(school, type="ObserverEnrollment", associated_user_id=school.id("classmate")).json
    alone = enroll(school, type="ObserverEnrollment").json
    assert len({body["id"], other["id"], alone["id"]}) == 3
    again = enroll(school, type="ObserverEnrollment", associated_user_id="sis_user_id:sis-student").json
    assert again["id"] == body["id"]


def test_nobody_observes_themselves(school: School) -> None:
    before = count(school)
    reply = enroll(school, type="ObserverEnrollment", associated_user_id=school.id("outsider"))
    assert reply.status == 400
    assert reply.json["errors"]["associated_user_id"][0]["message"] == "Cannot observe yourself"
    assert enroll(school, type="ObserverEnrollment", associated_user_id=999).status == 404
    assert count(school) == before


def test_only_observers_observe(school: School) -> None:
    assert enroll(school, associated_user_id=school.id("student")).json["associated_user_id"] is None


# One's own section only.


def test_staff_limited_to_a_section_enrolls_there(school: School) -> None:
    other = make_section(school)
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    assert enroll(school, course_section_id=other).status == 403
    assert enroll(school, course_section_id=school.id("biology_section")).status == 200


def test_attack_staff_limited_to_a_section_lifts_the_limit(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    section = school.id("biology_section")
    lifted: dict[str, Any] = {"course_section_id": section, "limit_privileges_to_course_section": False}
    for whom in ("teacher", "outsider"):
        for kind in ("TeacherEnrollment", "StudentEnrollment"):
            assert enroll(school, whom=whom, type=kind, **lifted).status == 403
            body = enroll(school, whom=whom, type=kind, course_section_id=section, enrollment_state="active").json
            assert body["limit_privileges_to_course_section"], (whom, kind)
    # Who was in already stays as they were.
    body = enroll(school, whom="ta", type="TaEnrollment", limit_privileges_to_course_section=True).json
    assert (body["id"], body["limit_privileges_to_course_section"]) == (school.id("enrollment_of_ta"), False)
    assert not enroll(school, "admin", "student", **lifted).json["limit_privileges_to_course_section"]


def test_attack_an_observers_enrollment_shows_somebody_whom_its_maker_does_not_know(school: School) -> None:
    def observing(who: str, whom: str) -> Reply:
        values = {"user_id": school.id("outsider"), "type": "ObserverEnrollment", "associated_user_id": school.id(whom)}
        return school.as_(who).post(url(school), {"enrollment": values, "include": ["observed_users"]})

    assert observing("teacher", "admin").status == observing("teacher", "other_teacher").status == 404
    assert observing("sub_admin", "other_teacher").status == 404
    assert enrollments_of(school, "outsider") == []
    assert observing("teacher", "student").json["observed_user"]["login_id"] == "student@school.test"
    assert observing("admin", "other_teacher").json["observed_user"]["id"] == school.id("other_teacher")


# By a code.


def test_who_knows_the_code_comes_in(school: School) -> None:
    change_course(school, self_enrollment=True, self_enrollment_code="ABCDEFGH")
    outsider = school.as_("outsider")
    form = {"enrollment": {"user_id": "self", "self_enrollment_code": "abcdefgh"}}
    body = outsider.post(url(school), form).json
    assert (body["type"], body["enrollment_state"], body["user_id"]) == (
        "StudentEnrollment",
        "active",
        school.id("outsider"),
    )


@pytest.mark.parametrize(
    "enrollment",
    [
        {"user_id": "self", "self_enrollment_code": "WRONG"},
        {"user_id": "self", "self_enrollment_code": "ABCDEFGH", "type": "TeacherEnrollment"},
        {"user_id": "sis_user_id:sis-other_teacher", "self_enrollment_code": "ABCDEFGH"},
    ],
)
def test_a_code_brings_in_oneself_as_a_student(school: School, enrollment: dict[str, str]) -> None:
    change_course(school, self_enrollment=True, self_enrollment_code="ABCDEFGH")
    before = count(school)
    reply = school.as_("outsider").post(url(school), {"enrollment": enrollment})
    assert (reply.status, reply.json) == (400, {"message": "enrollment[self_enrollment_code] is invalid"})
    assert count(school) == before


def test_a_code_of_a_closed_course_is_none(school: School) -> None:
    change_course(school, self_enrollment=False, self_enrollment_code="ABCDEFGH")
    form = {"enrollment": {"user_id": "self", "self_enrollment_code": "ABCDEFGH"}}
    assert school.as_("outsider").post(url(school), form).status == 400
    assert school.as_("outsider").post(url(school), {"enrollment": {"user_id": "self"}}).status == 403


@pytest.mark.parametrize("state", ["inactive", "completed"])
def test_a_code_does_not_bring_back_who_was_shut_out(school: School, state: str) -> None:
    change_course(school, self_enrollment=True, self_enrollment_code="ABCDEFGH")
    change(school, Enrollment, school.id("enrollment_of_student"), state=state)
    form = {"enrollment": {"user_id": "self", "self_enrollment_code": "ABCDEFGH"}}
    school.as_("student").post(url(school), form)
    assert enrollment_of(school, school.id("enrollment_of_student")).state == state
