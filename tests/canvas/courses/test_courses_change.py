"""Creating, changing and ending courses (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.client import Client, Reply
from tests.support.courses import change, change_course, enrollment_of, enrollments_of, make_courses
from tests.support.rights import allow

from homeroom.school.schema import Course, CourseSection, Enrollment, EnrollmentTerm, UserAccountAssociation

pytestmark = pytest.mark.spec("learning-resources.md#1")
COURSES = "/api/v1/accounts/1/courses"


def create(school: School, who: str = "admin", account: Any = 1, **form: Any) -> Reply:
    return school.as_(who).post(f"/api/v1/accounts/{account}/courses", form)


def biology(school: School) -> str:
    return f"/api/v1/courses/{school.id('biology')}"


def update(school: School, who: str = "teacher", **course: Any) -> Reply:
    return school.as_(who).put(biology(school), {"course": course})


def count(school: School, table: Any) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(table)).scalar_one()))


def state(school: School, course: str = "biology") -> str:
    return str(
        school.read(lambda db: db.execute(select(Course.c.state).where(Course.c.id == school.id(course))).scalar())
    )


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
def test_who_may_create_a_course(school: School, who: str, root: int, northern: int) -> None:
    before = count(school, Course)
    assert create(school, who, course={"name": "Chemistry"}).status == root
    assert create(school, who, school.id("northern"), course={"name": "Chemistry"}).status == northern
    assert count(school, Course) - before == [root, northern].count(200)


def test_a_new_course_has_what_was_sent(school: School) -> None:
    sent = {
        "name": "Chemistry",
        "course_code": "CHEM",
        "start_at": "2026-09-01T08:00:00Z",
        "end_at": "2027-01-31T18:00:00+01:00",
        "license": "cc_by",
        "is_public": True,
        "is_public_to_auth_users": True,
        "public_syllabus": True,
        "public_syllabus_to_auth": True,
        "public_description": "Atoms",
        "term_id": "default",
        "sis_course_id": "CH/1",
        "integration_id": "int-1",
        "hide_final_grades": True,
        "apply_assignment_group_weights": True,
        "time_zone": "Mountain Time (US & Canada)",
        "default_view": "syllabus",
        "syllabus_body": "<p>Read</p>",
        "grading_standard_id": 7,
        "restrict_enrollments_to_course_dates": True,
        "open_enrollment": True,
        "self_enrollment": True,
        "course_format": "online",
    }
    reply = create(school, course=sent, include=["syllabus_body", "public_description", "self_enrollment_code"])
    assert reply.status == 200
    body = reply.json
    shown = {name: body[name] for name in sent if name in body}
    expected = {name: sent[name] for name in shown}
    expected |= {"end_at": "2027-01-31T17:00:00Z", "time_zone": "America/Denver"}
    assert shown == expected
    assert (body["workflow_state"], body["enrollment_term_id"]) == ("unpublished", 1)
    assert len(body["self_enrollment_code"]) == 8
    assert school.as_("admin").get("/api/v1/courses/sis_course_id:CH%2F1").json["id"] == body["id"]


def test_defaults_of_a_new_course(school: School) -> None:
    for reply in (create(school), create(school, course={"name": ""})):
        body = reply.json
        assert (body["name"], body["course_code"]) == ("Unnamed Course", "Unnamed")
        assert (body["default_view"], body["workflow_state"]) == ("modules", "unpublished")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Introduction to Biology 101 Fall", "Introduction 101"),
        ("Biology", "Biology"),
        ("Art History", "Art"),
        ("101 Biology 2b 3", "101 2b"),
    ],
)
def test_a_course_without_a_code_is_called_by_words_of_its_name(school: School, name: str, code: str) -> None:
    assert create(school, course={"name": name}).json["course_code"] == code
    assert create(school, course={"name": name, "course_code": "C"}).json["course_code"] == "C"


def test_dates_of_a_new_course_are_kept_only_where_they_restrict(school: School) -> None:
    dates = {"start_at": "2026-09-01T08:00:00Z", "end_at": "2027-01-31T17:00:00Z"}
    for restrict, kept in ((False, None), (True, dates["start_at"])):
        made = create(school, course={**dates, "restrict_enrollments_to_course_dates": restrict}).json
        assert (made["start_at"] == kept, made["end_at"] is None) == (True, kept is None)
    changed = school.as_("admin").put(f"/api/v1/courses/{made['id']}", {"course": {"start_at": "2026-10-01"}}).json
    assert changed["start_at"] == "2026-10-01T00:00:00Z"


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_name_or_code_is_none(school: School, blank: str | None) -> None:
    made = school.as_("admin").post(
        "/api/v1/accounts/1/courses", json={"course": {"name": blank, "course_code": blank}}
    )
    assert (made.json["name"], made.json["course_code"]) == ("Unnamed Course", "Unnamed")
    changed = school.as_("teacher").put(biology(school), json={"course": {"name": blank, "course_code": blank}})
    assert (changed.status, changed.json["name"], changed.json["course_code"]) == (200, "Biology", "BIO 101")


def test_a_new_course_has_a_section_of_its_name(school: School) -> None:
    course_id = create(school, course={"name": "Chemistry"}).json["id"]
    sections = school.read(
        lambda db: db.execute(
            select(CourseSection.c.name, CourseSection.c.is_default).where(CourseSection.c.course_id == course_id)
        ).all()
    )
    assert sections == [("Chemistry", True)]


def test_offer_and_enroll_me(school: School) -> None:
    body = create(school, course={"name": "Chemistry"}, offer=True, enroll_me=True).json
    assert body["workflow_state"] == "available"
    assert [(e["type"], e["enrollment_state"]) for e in body["enrollments"]] == [("teacher", "active")]
    assert [course["id"] for course in school.as_("admin").get("/api/v1/courses").json] == [body["id"]]
    claimed = create(school, course={"name": "Physics"}, enroll_me=True).json["id"]
    assert (
        school.read(lambda db: db.execute(select(Course.c.state).where(Course.c.id == claimed)).scalar()) == "claimed"
    )


@pytest.mark.parametrize(
    ("course", "attribute", "fault"),
    [
        ({"name": "x" * 256}, "name", "too_long"),
        ({"course_code": "x" * 256}, "course_code", "too_long"),
        ({"license": "mine"}, "license", "inclusion"),
        ({"default_view": "disco"}, "default_view", "inclusion"),
        (
            {"start_at": "2026-02-01", "end_at": "2026-01-01", "restrict_enrollments_to_course_dates": True},
            "end_at",
            "invalid",
        ),
        ({"sis_course_id": "sis-history"}, "sis_source_id", "taken"),
        ({"sis_course_id": "x" * 256}, "sis_source_id", "too_long"),
        ({"integration_id": "x" * 256}, "integration_id", "too_long"),
        ({"course_format": "x" * 256}, "course_format", "too_long"),
        ({"storage_quota_mb": -1}, "storage_quota_mb", "inclusion"),
        ({"storage_quota_mb": 10**9 + 1}, "storage_quota_mb", "inclusion"),
    ],
)
def test_what_a_course_may_not_be(school: School, course: dict[str, Any], attribute: str, fault: str) -> None:
    before = count(school, Course), count(school, CourseSection)
    for reply in (create(school, course=course), update(school, "admin", **course)):
        assert reply.status == 400
        assert [f["type"] for f in reply.json["errors"][attribute]] == [fault]
    assert (count(school, Course), count(school, CourseSection)) == before


def test_a_taken_sis_id_is_named(school: School) -> None:
    fault = create(school, course={"sis_course_id": "sis-history"}).json["errors"]["sis_source_id"][0]
    assert fault["message"] == 'SIS ID "sis-history" is already in use'
    create(school, course={"integration_id": "i"})
    fault = create(school, course={"integration_id": "i"}).json["errors"]["integration_id"][0]
    assert fault["message"] == 'Integration ID "i" is already in use'


@pytest.mark.parametrize("course", [{"start_at": "soon"}, {"term_id": "99"}, {"term_id": "junk"}, {"event": "explode"}])
def test_what_cannot_be_read_or_found_makes_no_course(school: School, course: dict[str, Any]) -> None:
    before = count(school, Course)
    assert create(school, course=course).status in (400, 404)
    assert update(school, "admin", **course).status in (400, 404)
    assert count(school, Course) == before


def test_an_unknown_zone_is_the_account_s(school: School) -> None:
    assert create(school, course={"time_zone": "Atlantis"}).json["time_zone"] == "Etc/UTC"


def test_sis_ids_are_heard_from_those_who_manage_them(school: School) -> None:
    reply = update(school, sis_course_id="other", name="Life")
    assert (reply.status, reply.json["name"], reply.json["sis_course_id"]) == (200, "Life", "sis-biology")
    assert update(school, "admin", sis_course_id="other").json["sis_course_id"] == "other"
    assert update(school, "admin", sis_course_id="").json["sis_course_id"] is None


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("observer", 403),
        ("outsider", 403),
        ("other_teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("teacher", 200),
        ("ta", 200),
        ("designer", 200),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
def test_who_may_edit_a_course(school: School, who: str, status: int) -> None:
    assert update(school, who, name="Life").status == status
    assert school.as_("admin").get(biology(school)).json["name"] == ("Life" if status == 200 else "Biology")


def test_only_what_is_given_changes(school: School) -> None:
    before = school.as_("teacher").get(biology(school)).json
    after = update(school, is_public=True).json
    assert after == {**before, "is_public": True}
    assert update(school, name="").json["name"] == "Biology"
    dated = update(school, start_at="2026-02-01", end_at="2026-03-01").json
    assert (dated["start_at"], dated["end_at"]) == ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
    assert update(school, end_at="").json["end_at"] is None
    assert update(school, end_at="2026-01-01").status == 400, "The start is in the database already."


def test_a_new_name_is_found_and_sorted_anew(school: School) -> None:
    update(school, name="Zoology")
    url = "/api/v1/accounts/1/courses?sort=course_name"
    assert [course["name"] for course in school.as_("admin").get(url).json] == ["History", "Zoology"]


def test_where_a_course_belongs_is_the_account_s_business(school: School) -> None:
    term = school.as_("admin").post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Spring"}}).json["id"]
    assert update(school, term_id=term).status == 403
    assert update(school, term_id="default").status == 200, "It is there already."
    assert update(school, account_id=school.id("southern")).status == 403
    assert update(school, "sub_admin", account_id=school.id("southern")).status == 403
    assert update(school, "sub_admin", term_id=term).json["enrollment_term_id"] == term
    assert update(school, storage_quota_mb=9000).status == 403
    assert update(school, "admin", storage_quota_mb=9000).json["storage_quota_mb"] == 9000


def test_a_new_course_s_quota_needs_its_right(school: School) -> None:
    allow(school, "narrow_role", "manage_courses_add")
    assert create(school, "narrow_admin").status == 200
    before = count(school, Course)
    assert create(school, "narrow_admin", course={"storage_quota_mb": 9}).status == 403
    assert count(school, Course) == before
    assert create(school, course={"storage_quota_mb": 9}).json["storage_quota_mb"] == 9


def test_people_move_with_their_course(school: School) -> None:
    assert update(school, "admin", account_id=school.id("southern")).json["account_id"] == school.id("southern")
    assert accounts(school, "student") == {1, school.id("southern")}


def accounts(school: School, who: str) -> set[int]:
    rows = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == school.id(who))
    return set(school.read(lambda db: db.execute(rows).scalars().all()))


@pytest.mark.parametrize(
    ("event", "before", "after", "allowed"),
    [
        ("offer", "claimed", "available", {"teacher", "designer", "sub_admin", "admin"}),
        ("claim", "available", "unpublished", {"teacher", "designer", "sub_admin", "admin"}),
        ("conclude", "available", "completed", {"teacher", "designer", "sub_admin", "admin"}),
        ("delete", "available", "deleted", {"sub_admin", "admin"}),
    ],
)
def test_events_of_a_course(school: School, event: str, before: str, after: str, allowed: set[str]) -> None:
    for who in ("teacher", "designer", "ta", "student", "other_teacher", "narrow_admin", "sub_admin", "admin"):
        change_course(school, state=before)
        reply = update(school, who, event=event)
        assert reply.status == (200 if who in allowed else 403), who
        assert state(school) == (after.replace("unpublished", "claimed") if who in allowed else before)
        if who in allowed:
            assert reply.json["workflow_state"] == after


def test_offer_can_be_sent_beside_the_course(school: School) -> None:
    change_course(school, state="claimed")
    assert school.as_("teacher").put(biology(school), {"offer": True}).json["workflow_state"] == "available"


def test_nothing_happens_when_one_part_is_not_allowed(school: School) -> None:
    change_course(school, state="claimed")
    assert update(school, "ta", name="Life", event="offer").status == 403
    assert state(school) == "claimed"
    assert school.as_("teacher").get(biology(school)).json["name"] == "Biology"


@pytest.mark.parametrize(
    ("who", "delete", "conclude"),
    [
        ("anonymous", 401, 401),
        ("student", 403, 403),
        ("ta", 403, 403),
        ("teacher", 403, 200),
        ("other_teacher", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
    ],
)
def test_who_may_end_a_course(school: School, who: str, delete: int, conclude: int) -> None:
    for event, status, after in (("conclude", conclude, "completed"), ("delete", delete, "deleted")):
        change_course(school, state="available")
        reply = school.as_(who).delete(f"{biology(school)}?event={event}")
        assert reply.status == status
        assert state(school) == (after if status == 200 else "available")
        if status == 200:
            assert reply.json == {event: True}


@pytest.mark.parametrize("query", ["", "?event=", "?event=explode", "?event=offer"])
def test_a_course_is_not_ended_by_accident(school: School, query: str) -> None:
    reply = school.as_("admin").delete(biology(school) + query)
    assert (reply.status, reply.json) == (400, {"message": "The event must be 'delete' or 'conclude'."})
    assert state(school) == "available"


def test_with_a_course_its_people_leave_and_come_back(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), state="completed")
    admin = school.as_("admin")
    admin.delete(f"{biology(school)}?event=delete")
    assert {row.state for who in ("student", "classmate") for row in enrollments_of(school, who)} == {"deleted"}
    assert accounts(school, "student") == {1}
    assert admin.get(biology(school)).status == admin.delete(f"{biology(school)}?event=delete").status == 404
    assert update(school, "teacher", event="undelete").status == 403
    back = update(school, "admin", event="undelete")
    assert (back.status, back.json["workflow_state"]) == (200, "unpublished")
    assert enrollment_of(school, school.id("enrollment_of_student")).state == "active"
    assert enrollment_of(school, school.id("enrollment_of_classmate")).state == "completed"
    assert accounts(school, "student") == {1, school.id("northern")}


def test_nobody_comes_into_a_course_while_it_is_deleted(school: School) -> None:
    def delete(course: str) -> Callable[[Client], Reply]:
        return lambda client: client.delete(f"{course}?event=delete")

    def enroll(course: str, whom: str) -> Callable[[Client], Reply]:
        enrollment = {"user_id": school.id(whom), "enrollment_state": "active"}
        return lambda client: client.post(f"{course}/enrollments", {"enrollment": enrollment})

    courses = make_courses(school, 4)
    for number in courses:
        course = f"/api/v1/courses/{number}"
        comers = [enroll(course, whom) for whom in ("student", "outsider", "ta", "designer")]
        replies = school.as_("admin").at_once(*comers[:2], delete(course), delete(course), *comers[2:])
        assert sorted(reply.status for reply in replies[2:4]) == [200, 404]
        assert {reply.status for reply in replies} <= {200, 404}
    inside = select(Enrollment.c.id).where(Enrollment.c.course_id.in_(courses), Enrollment.c.state != "deleted")
    assert school.read(lambda db: db.execute(inside).all()) == []


def test_what_was_deleted_before_the_course_stays_deleted(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_classmate"), state="deleted")
    school.as_("admin").delete(f"{biology(school)}?event=delete")
    update(school, "admin", event="undelete")
    assert enrollment_of(school, school.id("enrollment_of_classmate")).state == "deleted"


def test_a_course_comes_back_without_the_people_who_were_deleted_meanwhile(school: School) -> None:
    admin = school.as_("admin")
    admin.delete(f"{biology(school)}?event=delete")
    assert admin.delete(f"/api/v1/accounts/1/users/{school.id('student')}").status == 200
    assert update(school, "admin", event="undelete").status == 200
    states = {who: {row.state for row in enrollments_of(school, who)} for who in ("student", "observer", "classmate")}
    assert states == {"student": {"deleted"}, "observer": {"deleted"}, "classmate": {"active"}}
    # Nor do they come back when the course is deleted and brought back again.
    admin.delete(f"{biology(school)}?event=delete")
    update(school, "admin", event="undelete")
    assert {row.state for row in enrollments_of(school, "student")} == {"deleted"}


def test_a_course_comes_back_into_a_living_account_and_term(school: School) -> None:
    admin = school.as_("admin")
    term = admin.post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Spring"}}).json["id"]
    below = f"/api/v1/accounts/{school.id('northern')}/sub_accounts"
    nook = admin.post(below, {"account": {"name": "Nook"}}).json["id"]
    moved = admin.put(biology(school), {"course": {"term_id": term, "account_id": nook}}).json
    assert (moved["account_id"], moved["enrollment_term_id"]) == (nook, term)
    admin.delete(f"{biology(school)}?event=delete")
    assert admin.delete(f"/api/v1/accounts/1/terms/{term}").status == 200
    assert admin.delete(f"{below}/{nook}").status == 200
    back = update(school, "admin", event="undelete")
    assert back.status == 200
    assert (back.json["account_id"], back.json["enrollment_term_id"]) == (school.id("northern"), 1)
    assert accounts(school, "student") == {1, school.id("northern")}


def test_a_course_does_not_come_back_under_a_taken_sis_id(school: School) -> None:
    school.as_("admin").delete(f"{biology(school)}?event=delete")
    create(school, course={"sis_course_id": "sis-biology"})
    refused = update(school, "admin", event="undelete")
    assert (refused.status, refused.json["errors"]["sis_source_id"][0]["type"]) == (400, "taken")
    assert state(school) == "deleted"


def test_only_a_deleted_course_can_be_brought_back(school: School) -> None:
    assert update(school, "admin", event="undelete").status == 404


def test_a_deleted_course_is_revived_by_its_sis_id(school: School) -> None:
    school.as_("admin").delete(f"{biology(school)}?event=delete")
    form: dict[str, Any] = {"course": {"sis_course_id": "sis-biology", "name": "Life"}, "enable_sis_reactivation": True}
    reply = create(school, **form, offer=True)
    assert (reply.status, reply.json["id"], reply.json["name"]) == (200, school.id("biology"), "Life")
    assert reply.json["workflow_state"] == "available"
    assert enrollment_of(school, school.id("enrollment_of_student")).state == "active"
    assert create(school, **form).status == 400, "Now it lives, and the SIS id is taken."


def test_of_several_who_revive_a_course_one_does(school: School) -> None:
    school.as_("admin").delete(f"{biology(school)}?event=delete")
    form = {"course": {"sis_course_id": "sis-biology"}, "enable_sis_reactivation": True}
    replies = school.as_("admin").at_once(*[lambda client: client.post(COURSES, form)] * 4)
    assert sorted(reply.status for reply in replies) == [200, 400, 400, 400]
    assert {reply.json["id"] for reply in replies if reply.status == 200} == {school.id("biology")}
    assert {reply.json["errors"]["sis_source_id"][0]["type"] for reply in replies if reply.status == 400} == {"taken"}


def test_a_revived_course_must_be_one_that_the_caller_may_bring_back(school: School) -> None:
    school.as_("admin").delete(f"{biology(school)}?event=delete")
    form: dict[str, Any] = {"course": {"sis_course_id": "sis-biology"}, "enable_sis_reactivation": True}
    southern = school.id("southern")
    assert create(school, "admin_of_another_school", southern, **form).status in (200, 403)
    assert state(school) == "deleted"


def test_a_concluded_course_gives_its_teacher_eyes_and_no_hands(school: School) -> None:
    school.as_("teacher").delete(f"{biology(school)}?event=conclude")
    assert school.as_("teacher").get(biology(school)).json["workflow_state"] == "completed"
    assert update(school, name="Life").status == 403
    assert update(school, "admin", event="offer").json["workflow_state"] == "available"
    assert update(school, name="Life").status == 200


def test_a_term_that_is_going_takes_no_course(school: School) -> None:
    school.as_("admin").post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Spring"}})
    change(school, EnrollmentTerm, 2, state="deleted")
    assert create(school, course={"term_id": 2}).status == 404
