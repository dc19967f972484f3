"""Who may read a course (learning-resources.md §1)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, update
from tests.conftest import School

from homeroom.school.courses.courses.policy import can_read_course, readable_courses
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.schema import Course, Enrollment
from homeroom.school.sign_in.credentials import find_actor, find_root

NOBODY_ELSE = {"admin", "sub_admin", "site_admin"}
STAFF = NOBODY_ELSE | {"teacher", "ta", "designer"}
PEOPLE = STAFF | {"student", "classmate", "observer"}
SIGNED_IN = PEOPLE | {"other_teacher", "outsider", "narrow_admin", "admin_of_another_school"}


def readers(school: School) -> set[str]:
    """Who of the cast may read Biology."""
    return {who for who in (*SIGNED_IN, "anonymous") if _may_read(school, who)}


def _may_read(school: School, who: str) -> bool:
    def ask(db: Connection) -> bool:
        actor = find_actor(db, school.id(who)) if who != "anonymous" else Actor(root=find_root(db))
        assert actor is not None
        return can_read_course(db, actor, CourseRef(school.id("biology"), (school.id("northern"), 1)))

    return bool(school.read(ask))


def change(school: School, **values: Any) -> None:
    school.write(lambda db: db.execute(update(Course).where(Course.c.id == school.id("biology")).values(**values)))


def test_participants_and_admins_read_a_course(school: School) -> None:
    assert readers(school) == PEOPLE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "claimed"}, STAFF),
        ({"state": "completed"}, PEOPLE),
        ({"state": "deleted"}, set()),
        ({"is_public": True}, SIGNED_IN | {"anonymous"}),
        ({"is_public_to_auth_users": True}, SIGNED_IN),
        ({"is_public": True, "state": "claimed"}, STAFF),
    ],
)
def test_publishing_and_opening_a_course_change_who_reads_it(
    school: School, changes: dict[str, Any], expected: set[str]
) -> None:
    change(school, **changes)
    assert readers(school) == expected


@pytest.mark.parametrize(("state", "reads"), [("invited", True), ("completed", True), ("inactive", False)])
def test_an_enrollment_counts_from_the_invitation_on_until_it_is_switched_off(
    school: School, state: str, reads: bool
) -> None:
    mine = update(Enrollment).where(Enrollment.c.user_id == school.id("student")).values(state=state)
    school.write(lambda db: db.execute(mine))
    assert _may_read(school, "student") is reads


def test_many_courses_are_asked_about_at_once(school: School) -> None:
    def ask(db: Connection) -> frozenset[int]:
        actor = find_actor(db, school.id("teacher"))
        assert actor is not None
        return readable_courses(db, actor, [school.id("biology"), school.id("history"), 999])

    assert school.read(ask) == {school.id("biology")}
