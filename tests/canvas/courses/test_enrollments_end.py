"""Accepting, rejecting, concluding, deleting, deactivating, reactivating (learning-resources.md §3)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.conftest import School
from tests.support.client import Reply
from tests.support.courses import change, enrollment_of, enrollments_of

from homeroom.school.schema import Enrollment, UserAccountAssociation

pytestmark = pytest.mark.spec("learning-resources.md#3")


def url(school: School, whose: str = "student", course: str = "biology", tail: str = "") -> str:
    return f"/api/v1/courses/{school.id(course)}/enrollments/{school.id(f'enrollment_of_{whose}')}{tail}"


def state(school: School, whose: str = "student") -> str:
    return str(enrollment_of(school, school.id(f"enrollment_of_{whose}")).state)


def set_state(school: School, state: str, whose: str = "student") -> None:
    change(school, Enrollment, school.id(f"enrollment_of_{whose}"), state=state)


def end(school: School, who: str = "teacher", whose: str = "student", task: str | None = None) -> Reply:
    return school.as_(who).delete(url(school, whose), {"task": task} if task else None)


@pytest.mark.parametrize(("answer", "after"), [("accept", "active"), ("reject", "rejected")])
def test_the_invited_answer_for_themselves(school: School, answer: str, after: str) -> None:
    set_state(school, "invited")
    # Who may not read the roster does not learn whether there is such an enrollment.
    for who, status in (("classmate", 403), ("teacher", 403), ("admin", 403), ("observer", 404), ("outsider", 404)):
        assert school.as_(who).post(url(school, tail=f"/{answer}")).status == status
    assert school.as_("anonymous").post(url(school, tail=f"/{answer}")).status == 401
    assert state(school) == "invited"
    reply = school.as_("student").post(url(school, tail=f"/{answer}"))
    assert (reply.status, reply.json) == (200, {"success": True})
    assert state(school) == after


@pytest.mark.parametrize(
    ("before", "answer", "message"),
    [
        ("active", "reject", "no current invitation"),
        ("completed", "accept", "no current invitation"),
        ("completed", "reject", "no current invitation"),
        ("creation_pending", "accept", "no current invitation"),
        ("inactive", "accept", "membership not activated"),
        ("inactive", "reject", "membership not activated"),
    ],
)
def test_without_an_invitation_there_is_nothing_to_answer(
    school: School, before: str, answer: str, message: str
) -> None:
    set_state(school, before)
    reply = school.as_("student").post(url(school, tail=f"/{answer}"))
    assert (reply.status, reply.json) == (400, {"error": message})
    assert state(school) == before


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [("active", "accept", "active"), ("rejected", "reject", "rejected"), ("rejected", "accept", "active")],
)
def test_an_answer_can_be_repeated_and_a_rejection_taken_back(
    school: School, before: str, answer: str, after: str
) -> None:
    set_state(school, before)
    reply = school.as_("student").post(url(school, tail=f"/{answer}"))
    assert (reply.status, reply.json) == (200, {"success": True})
    assert state(school) == after


def test_a_rejected_enrollment_leaves_no_trace_in_the_accounts(school: School) -> None:
    set_state(school, "invited")
    school.as_("student").post(url(school, tail="/reject"))
    rows = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == school.id("student"))
    assert set(school.read(lambda db: db.execute(rows).scalars().all())) == {1}


@pytest.mark.parametrize(
    ("task", "after"),
    [
        (None, "completed"),
        ("conclude", "completed"),
        ("delete", "deleted"),
        ("deactivate", "inactive"),
        ("inactivate", "inactive"),
        ("explode", "completed"),
    ],
)
def test_the_tasks(school: School, task: str | None, after: str) -> None:
    reply = end(school, task=task)
    assert (reply.status, reply.json["enrollment_state"]) == (200, after)
    assert reply.json["id"] == school.id("enrollment_of_student")
    assert state(school) == after
    assert (enrollment_of(school, reply.json["id"]).completed_at is not None) is (after == "completed")


def test_a_task_can_stand_in_the_query(school: School) -> None:
    assert school.as_("teacher").delete(url(school) + "?task=delete").status == 200
    assert state(school) == "deleted"


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
@pytest.mark.parametrize("task", ["conclude", "delete", "deactivate"])
def test_who_may_end_an_enrollment(school: School, task: str, who: str, student: int, ta: int) -> None:
    assert end(school, who, "student", task).status == student
    assert end(school, who, "ta", task).status == ta
    assert (state(school) == "active", state(school, "ta") == "active") == (student != 200, ta != 200)


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 401), ("student", 403), ("ta", 403), ("teacher", 200), ("admin", 200)]
)
def test_who_may_reactivate(school: School, who: str, status: int) -> None:
    set_state(school, "inactive")
    reply = school.as_(who).put(url(school, tail="/reactivate"))
    assert reply.status == status
    assert state(school) == ("active" if status == 200 else "inactive")
    if status == 200:
        assert reply.json["enrollment_state"] == "active"


@pytest.mark.parametrize("before", ["active", "invited", "completed", "rejected"])
def test_only_the_inactive_are_reactivated(school: School, before: str) -> None:
    set_state(school, before)
    reply = school.as_("teacher").put(url(school, tail="/reactivate"))
    assert (reply.status, reply.json) == (400, {"error": "enrollment not inactive"})
    assert state(school) == before


def test_a_switched_off_student_has_no_rights(school: School) -> None:
    end(school, task="deactivate")
    assert school.as_("student").get(f"/api/v1/courses/{school.id('biology')}").status == 403
    assert school.as_("student").get("/api/v1/courses").json == []


def test_an_enrollment_of_another_course_or_none_is_not_found(school: School) -> None:
    client = school.as_("admin")
    for target in (url(school, course="history"), f"/api/v1/courses/{school.id('biology')}/enrollments/999"):
        assert client.delete(target).status == 404
        assert client.put(f"{target}/reactivate").status == 404
        assert client.post(f"{target}/accept").status == 404
    end(school, task="delete")
    assert client.delete(url(school)).status == 404


def test_staff_limited_to_a_section_ends_nothing_elsewhere(school: School) -> None:
    change(school, Enrollment, school.id("enrollment_of_teacher"), limit_privileges_to_course_section=True)
    change(school, Enrollment, school.id("enrollment_of_classmate"), course_section_id=school.id("history_section"))
    assert end(school, whose="classmate").status == 403
    assert end(school, whose="student").status == 200


def test_of_several_who_delete_an_enrollment_one_does(school: School) -> None:
    calls = [lambda client: client.delete(f"{url(school)}?task=delete")] * 4
    assert sorted(reply.status for reply in school.as_("teacher").at_once(*calls)) == [200, 404, 404, 404]


def test_nobody_is_enrolled_while_they_are_deleted(school: School) -> None:
    person = f"/api/v1/accounts/1/users/{school.id('outsider')}"
    course = f"/api/v1/courses/{school.id('biology')}/enrollments"
    types = ("StudentEnrollment", "TaEnrollment", "DesignerEnrollment", "TeacherEnrollment")
    forms = [{"enrollment": {"user_id": school.id("outsider"), "type": type_}} for type_ in types]
    enroll = [lambda client, form=form: client.post(course, form) for form in forms]
    replies = school.as_("admin").at_once(*enroll[:2], lambda client: client.delete(person), *enroll[2:])
    assert replies[2].status == 200
    assert {reply.status for reply in replies} <= {200, 404}
    assert {row.state for row in enrollments_of(school, "outsider")} <= {"deleted"}
