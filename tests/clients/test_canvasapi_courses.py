"""canvasapi, unmodified and over a socket, manages courses and who is in them."""

from __future__ import annotations

import itertools

import pytest
from canvasapi import Canvas
from canvasapi.course import Course
from canvasapi.exceptions import ResourceDoesNotExist
from tests.support.live import LiveServer

pytestmark = pytest.mark.spec("learning-resources.md#1")
_numbers = itertools.count(1)


def canvas(live_server: LiveServer, who: str = "admin") -> Canvas:
    return Canvas(live_server.url, live_server.token(who))


def new_course(live_server: LiveServer) -> Course:
    number = next(_numbers)
    account = canvas(live_server).get_account(1)
    return account.create_course(course={"name": f"Physics {number}", "course_code": f"PHY {number}"}, offer=True)


def test_a_course_is_made_changed_concluded_and_deleted(live_server: LiveServer) -> None:
    course = new_course(live_server)
    assert course.workflow_state == "available"
    course.update(course={"name": "Physics for Poets"})
    assert canvas(live_server).get_course(course.id).name == "Physics for Poets"
    assert course.conclude() is True
    assert canvas(live_server).get_course(course.id).workflow_state == "completed"
    assert course.delete() is True
    with pytest.raises(ResourceDoesNotExist):
        canvas(live_server).get_course(course.id)


@pytest.mark.spec("learning-resources.md#3")
def test_people_are_enrolled_listed_and_end(live_server: LiveServer) -> None:
    course = new_course(live_server)
    outsider = live_server.id("outsider")
    enrollment = course.enroll_user(
        outsider, enrollment={"type": "StudentEnrollment", "enrollment_state": "active", "notify": False}
    )
    assert (enrollment.user_id, enrollment.enrollment_state) == (outsider, "active")
    assert [one.user_id for one in course.get_enrollments()] == [outsider]
    assert [person.id for person in course.get_users(enrollment_type=["student"])] == [outsider]
    assert course.id in [mine.id for mine in canvas(live_server, "outsider").get_current_user().get_courses()]
    assert enrollment.deactivate(task="conclude").enrollment_state == "completed"
    assert [one.user_id for one in course.get_enrollments()] == []


@pytest.mark.spec("learning-resources.md#2")
def test_sections(live_server: LiveServer) -> None:
    course = new_course(live_server)
    section = course.create_course_section(course_section={"name": "Evening"})
    assert "Evening" in [one.name for one in course.get_sections()]
    section.edit(course_section={"name": "Late evening"})
    assert canvas(live_server).get_section(section.id).name == "Late evening"
    section.delete()
    assert section.id not in [one.id for one in course.get_sections()]


@pytest.mark.spec("users-core.md#13")
def test_nicknames_and_favorites(live_server: LiveServer) -> None:
    student = canvas(live_server, "student")
    biology = live_server.id("biology")
    assert student.set_course_nickname(biology, "Bio").nickname == "Bio"
    assert student.get_course(biology).name == "Bio"
    assert [one.nickname for one in student.get_course_nicknames()] == ["Bio"]
    me = student.get_current_user()
    me.add_favorite_course(biology)
    assert [course.id for course in me.get_favorite_courses()] == [biology]
    me.reset_favorite_courses()
    assert student.clear_course_nicknames() is True
    assert student.get_course(biology).name == "Biology"
