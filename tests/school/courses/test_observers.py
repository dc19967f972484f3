"""Observers are enrolled wherever their students are (identity.md §9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from tests.conftest import School
from tests.support.cast import THEN

from homeroom.db import insert_returning_id, new_uuid
from homeroom.db.chain import MIGRATIONS
from homeroom.school.courses.courses.actions import change_state
from homeroom.school.courses.enrollments import actions
from homeroom.school.courses.enrollments.actions import NewEnrollment, enroll, find_record
from homeroom.school.courses.events import EnrollmentChanged
from homeroom.school.ground.events import announce, listen
from homeroom.school.schema import Course, CourseSection, Enrollment, ObserverLink, Role, UserAccountAssociation


def link(school: School, observer: str = "outsider", student: str = "student") -> None:
    url = f"/api/v1/users/{school.id(observer)}/observees/{school.id(student)}"
    assert school.as_("admin").put(url).status == 200


def unlink(school: School, observer: str = "outsider", student: str = "student") -> None:
    url = f"/api/v1/users/{school.id(observer)}/observees/{school.id(student)}"
    assert school.as_("admin").delete(url).status == 200


def states(school: School, who: str = "outsider", student: str = "student") -> dict[str, str]:
    """The live enrollments in which somebody observes the student: the course's name -> state."""
    rows = (
        select(Course.c.name, Enrollment.c.state)
        .join(Enrollment, Enrollment.c.course_id == Course.c.id)
        .where(
            Enrollment.c.user_id == school.id(who),
            Enrollment.c.type == "ObserverEnrollment",
            Enrollment.c.associated_user_id == school.id(student),
            Enrollment.c.state != "deleted",
        )
    )
    found = school.read(lambda db: db.execute(rows).all())
    assert len(found) == len({row.name for row in found})
    return {row.name: row.state for row in found}


def enroll_student(school: School, course: str = "history", state: str = "active", **more: Any) -> int:
    new = NewEnrollment(
        user_id=school.id("student"),
        course_id=school.id(course),
        section_id=more.pop("section_id", school.id(f"{course}_section")),
        root_account_id=1,
        type="StudentEnrollment",
        role_id=more.pop("role_id", school.id("role_StudentEnrollment")),
        state=state,
        **more,
    )
    return int(school.write(lambda db: enroll(db, new)))


def add(school: School, table: Any, **values: Any) -> int:
    row = insert(table).values(**values, created_at=THEN, updated_at=THEN)
    return int(school.write(lambda db: insert_returning_id(db, row)))


def change(school: School, action: Any, enrollment_id: int) -> None:
    school.write(lambda db: action(db, find_record(db, enrollment_id)))


@pytest.mark.spec("identity.md#9")
def test_a_link_enrolls_the_observer_in_every_course_of_the_student(school: School) -> None:
    enroll_student(school)
    assert states(school) == {}
    link(school)
    assert states(school) == {"Biology": "active", "History": "active"}
    row = school.read(
        lambda db: db.execute(
            select(Enrollment).where(
                Enrollment.c.user_id == school.id("outsider"), Enrollment.c.course_id == school.id("biology")
            )
        ).one()
    )
    assert (row.course_section_id, row.role_id) == (school.id("biology_section"), school.id("role_ObserverEnrollment"))
    assert row.associated_key == school.id("student")


@pytest.mark.spec("identity.md#9")
def test_the_observer_follows_the_student_into_later_courses(school: School) -> None:
    link(school)
    enroll_student(school)
    assert states(school)["History"] == "active"
    assert states(school, "observer") == {"Biology": "active", "History": "active"}


def test_an_invited_students_observer_is_in_already(school: School) -> None:
    link(school)
    enroll_student(school, state="invited")
    assert states(school)["History"] == "active"


@pytest.mark.spec("identity.md#9")
def test_the_observer_goes_where_the_student_goes(school: School) -> None:
    link(school)
    enrollment = enroll_student(school)
    for action, state in (
        (actions.deactivate, "inactive"),
        (actions.reactivate, "active"),
        (actions.conclude, "completed"),
        (actions.remove, None),
    ):
        change(school, action, enrollment)
        assert states(school).get("History") == state
    enroll_student(school)
    assert states(school)["History"] == "active"


def test_a_student_who_stays_out_has_no_observers_inside(school: School) -> None:
    link(school)
    change(school, actions.reject, enroll_student(school, state="invited"))
    assert "History" not in states(school)


def test_the_dates_of_the_student_are_those_of_the_observer(school: School) -> None:
    link(school)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    enroll_student(school, start_at=start, end_at=end)
    rows = select(Enrollment.c.start_at, Enrollment.c.end_at).where(
        Enrollment.c.user_id == school.id("outsider"), Enrollment.c.course_id == school.id("history")
    )
    assert school.read(lambda db: db.execute(rows).all()) == [(start, end)]


def test_of_two_enrollments_in_one_section_the_better_one_counts(school: School) -> None:
    auditor = add(school, Role, account_id=1, name="Auditor", base_role_type="StudentEnrollment", state="active")
    link(school)
    first, second = enroll_student(school), enroll_student(school, role_id=auditor)
    change(school, actions.remove, first)
    assert states(school)["History"] == "active"
    change(school, actions.conclude, second)
    assert states(school)["History"] == "completed"


def test_two_sections_are_two_enrollments(school: School) -> None:
    section = add(school, CourseSection, course_id=school.id("biology"), root_account_id=1, name="B", state="active")
    link(school)
    enroll_student(school, "biology", section_id=section)
    rows = select(Enrollment.c.course_section_id).where(Enrollment.c.user_id == school.id("outsider"))
    sections = school.read(lambda db: db.execute(rows).scalars().all())
    assert sorted(sections) == sorted([school.id("biology_section"), section])


@pytest.mark.spec("identity.md#9")
def test_removing_the_link_deletes_the_enrollments(school: School) -> None:
    link(school)
    link(school, student="classmate")
    unlink(school)
    assert states(school) == {}
    assert states(school, student="classmate") == {"Biology": "active"}
    enroll_student(school)
    assert states(school) == {}
    link(school)
    assert states(school) == {"Biology": "active", "History": "active"}


def test_a_link_that_ends_while_a_course_is_deleted_does_not_come_back_with_it(school: School) -> None:
    link(school)
    biology = school.id("biology")
    school.write(lambda db: change_state(db, biology, "delete"))
    assert states(school) == {}
    unlink(school)
    link(school, student="classmate")
    school.write(lambda db: change_state(db, biology, "undelete"))
    assert states(school) == {}
    assert states(school, student="classmate") == {"Biology": "active"}


def test_the_observer_belongs_to_the_accounts_of_the_courses(school: School) -> None:
    def accounts() -> set[int]:
        rows = select(UserAccountAssociation.c.account_id).where(
            UserAccountAssociation.c.user_id == school.id("outsider")
        )
        return set(school.read(lambda db: db.execute(rows).scalars().all()))

    link(school)
    assert accounts() == {1, school.id("northern")}
    unlink(school)
    assert accounts() == {1}


def test_every_change_is_announced_once(school: School) -> None:
    heard: list[EnrollmentChanged] = []

    @listen(EnrollmentChanged)
    def hear(_db: Any, event: EnrollmentChanged) -> None:
        heard.append(event)

    try:
        link(school)
        assert [(event.user_id, event.course_id) for event in heard] == [(school.id("outsider"), school.id("biology"))]
        heard.clear()
        enrollment = school.id("enrollment_of_student")
        same = EnrollmentChanged(enrollment, school.id("student"), school.id("biology"))
        school.write(lambda db: announce(db, same))
        assert heard == [same], "Nothing is new for the observers."
    finally:
        from homeroom.school.ground import events

        events._listeners[EnrollmentChanged].remove(hear)


def test_a_course_that_is_published_later_has_the_observers(school: School) -> None:
    school.write(
        lambda db: db.execute(update(Course).where(Course.c.id == school.id("biology")).values(state="claimed"))
    )
    link(school)
    assert states(school) == {"Biology": "active"}


@pytest.fixture
def many(school: School) -> School:
    """The student in thirty more courses."""
    for number in range(30):
        course = add(
            school, Course, account_id=1, root_account_id=1, enrollment_term_id=1, uuid=new_uuid(), name=f"C{number}",
            sort_key="c", course_code="C", state="available",
        )  # fmt: skip
        section = add(school, CourseSection, course_id=course, root_account_id=1, name="S", state="active")
        add(
            school, Enrollment, user_id=school.id("student"), course_id=course, course_section_id=section,
            root_account_id=1, type="StudentEnrollment", role_id=school.id("role_StudentEnrollment"), state="active",
            uuid=new_uuid(),
        )  # fmt: skip
    return school


def test_a_student_of_many_courses_is_followed_into_all(many: School) -> None:
    link(many)
    assert len(states(many)) == 31
    unlink(many)
    assert states(many) == {}


@pytest.mark.parametrize(
    ("state", "ended", "follows"),
    [("active", 0, True), ("deleted", 1, True), ("deleted", -1, False), (None, 0, False)],
)
def test_what_followed_a_link_before_there_was_a_mark_for_it_gets_the_mark(
    school: School, state: str | None, ended: int, follows: bool
) -> None:
    """One that outlived its link too, so that doctor tells of it; one that was made by hand after the link not."""
    (file,) = (MIGRATIONS / "versions").glob("*_enrollments_that_follow_a_link.py")
    following = import_module(f"homeroom.db.migrations.versions.{file.stem}").FOLLOWING

    def migrate(db: Connection) -> None:
        db.execute(update(Enrollment).values(follows_link=False))
        if state is None:
            db.execute(delete(ObserverLink))
        else:
            db.execute(update(ObserverLink).values(state=state, updated_at=THEN + timedelta(days=ended)))
        db.execute(text(following))

    school.write(migrate)
    marked = school.read(
        lambda db: db.execute(select(Enrollment.c.id).where(Enrollment.c.follows_link)).scalars().all()
    )
    assert marked == ([school.id("enrollment_of_observer")] if follows else [])
