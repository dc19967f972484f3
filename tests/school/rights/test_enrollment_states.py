"""What an enrollment is worth on a day (learning-resources.md §1, §14)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School

from homeroom import clock
from homeroom.school.courses.courses.policy import access_to_courses
from homeroom.school.rights.actor import CourseRef
from homeroom.school.rights.enrollment_states import STATE_NOW, with_dates
from homeroom.school.schema import Course, CourseSection, Enrollment, EnrollmentTerm, EnrollmentTermDates
from homeroom.school.sign_in.credentials import find_actor

TABLES: dict[str, Any] = {
    "term": EnrollmentTerm,
    "course": Course,
    "section": CourseSection,
    "student": Enrollment,
    "teacher": Enrollment,
}


def days(count: int) -> datetime:
    return clock.now() + timedelta(days=count)


def change(school: School, what: str, **values: Any) -> None:
    ids = {
        "term": school.id("default_term"),
        "course": school.id("biology"),
        "section": school.id("biology_section"),
        "student": school.id("enrollment_of_student"),
        "teacher": school.id("enrollment_of_teacher"),
    }
    table = TABLES[what]
    school.write(lambda db: db.execute(update(table).where(table.c.id == ids[what]).values(**values)))


def state_of(school: School, who: str) -> str:
    rows = with_dates(select(STATE_NOW).join(Course, Course.c.id == Enrollment.c.course_id))
    rows = rows.where(Enrollment.c.id == school.id(f"enrollment_of_{who}"))
    return str(school.read(lambda db: db.execute(rows).scalar_one()))


@pytest.mark.spec("learning-resources.md#14")
def test_the_end_of_the_term_concludes_enrollments(school: School) -> None:
    assert state_of(school, "student") == "active"
    change(school, "term", end_at=days(-1))
    assert [state_of(school, who) for who in ("student", "observer", "teacher")] == ["ended"] * 3


@pytest.mark.spec("learning-resources.md#14")
def test_a_term_may_end_earlier_for_some(school: School) -> None:
    row = {"term_id": 1, "type": "StudentEnrollment", "start_at": None, "end_at": days(-1)}
    school.write(lambda db: db.execute(insert(EnrollmentTermDates).values(**row)))
    assert state_of(school, "student") == "ended"
    assert state_of(school, "ta") == "active"


def test_students_wait_for_the_first_day_and_teachers_do_not(school: School) -> None:
    change(school, "term", start_at=days(1))
    assert state_of(school, "student") == "future"
    assert state_of(school, "teacher") == "active"


def test_dates_of_the_course_count_when_it_restricts_and_teachers_stay_until_the_term_ends(school: School) -> None:
    change(school, "course", end_at=days(-1))
    assert state_of(school, "student") == "active"
    change(school, "course", restrict_enrollments_to_course_dates=True)
    assert state_of(school, "student") == "ended"
    assert state_of(school, "teacher") == "active"
    change(school, "term", end_at=days(-1))
    assert state_of(school, "teacher") == "ended"


def test_the_nearest_dates_win(school: School) -> None:
    change(school, "term", end_at=days(-1))
    change(school, "course", restrict_enrollments_to_course_dates=True, end_at=days(1))
    assert state_of(school, "student") == "active"
    change(school, "section", restrict_enrollments_to_section_dates=True, end_at=days(-1))
    assert state_of(school, "student") == "ended"
    change(school, "student", end_at=days(2))
    assert state_of(school, "student") == "active"


@pytest.mark.parametrize(
    ("course_state", "student", "teacher"),
    [("claimed", "unpublished", "active"), ("completed", "completed", "completed"), ("available", "active", "active")],
)
def test_the_course_s_state_counts(school: School, course_state: str, student: str, teacher: str) -> None:
    change(school, "course", state=course_state)
    assert (state_of(school, "student"), state_of(school, "teacher")) == (student, teacher)


def test_what_was_concluded_or_switched_off_by_hand_stays_so(school: School) -> None:
    for state in ("completed", "inactive", "rejected", "deleted"):
        change(school, "student", state=state)
        assert state_of(school, "student") == state


def rights(school: School, who: str, *names: str) -> list[bool]:
    def ask(db: Connection) -> list[bool]:
        actor = find_actor(db, school.id(who))
        assert actor is not None
        course = CourseRef(school.id("biology"), (school.id("northern"), 1))
        return [actor.holds_in_course(db, name, course) for name in names]

    return list(school.read(ask))


def access(school: School, who: str) -> str:
    def ask(db: Connection) -> str:
        actor = find_actor(db, school.id(who))
        assert actor is not None
        return access_to_courses(db, actor, [school.id("biology")])[school.id("biology")]

    return str(school.read(ask))


def test_after_the_end_a_teacher_looks_and_changes_nothing(school: School) -> None:
    assert rights(school, "teacher", "read_roster", "manage_grades") == [True, True]
    change(school, "term", end_at=days(-1))
    assert rights(school, "teacher", "read_roster", "manage_grades") == [True, False]
    assert access(school, "teacher") == "full"


@pytest.mark.spec("learning-resources.md#1")
@pytest.mark.parametrize(
    ("dates", "name"),
    [({"end_at": days(-1)}, "restrict_student_past_view"), ({"start_at": days(1)}, "restrict_student_future_view")],
)
def test_outside_the_dates_a_student_looks_unless_the_course_is_closed_then(
    school: School, dates: dict[str, Any], name: str
) -> None:
    names = "read_roster", "post_to_forum"
    assert (rights(school, "student", *names), access(school, "student")) == ([True, True], "full")
    change(school, "term", **dates)
    assert (rights(school, "student", *names), access(school, "student")) == ([True, False], "full")
    change(school, "course", **{name: True})
    for who in ("student", "observer"):
        assert (rights(school, who, *names), access(school, who)) == ([False, False], "restricted")
    assert access(school, "teacher") == "full"
    # The other of the two settings closes another time.
    other = {"restrict_student_past_view", "restrict_student_future_view"} - {name}
    change(school, "course", **{name: False}, **dict.fromkeys(other, True))
    assert access(school, "student") == "full"


@pytest.mark.parametrize("who", ["student", "teacher"])
def test_who_never_accepted_the_invitation_looks_at_nobody_after_the_end(school: School, who: str) -> None:
    change(school, who, state="invited")
    change(school, "term", end_at=days(-1))
    assert rights(school, who, "read_roster", "read_email_addresses") == [False, False]


def test_a_concluded_student_still_looks(school: School) -> None:
    change(school, "student", state="completed")
    assert rights(school, "student", "read_roster", "post_to_forum") == [True, False]
    assert access(school, "student") == "full"


@pytest.mark.spec("learning-resources.md#1")
def test_students_have_no_rights_in_a_course_that_is_not_published(school: School) -> None:
    change(school, "course", state="claimed")
    assert rights(school, "student", "read_roster", "read_forum") == [False, False]
    assert rights(school, "teacher", "read_roster", "manage_grades") == [True, True]
    assert access(school, "student") == "none"


def test_many_courses_are_loaded_in_one_statement(school: School) -> None:
    def ask(db: Connection) -> list[bool]:
        actor = find_actor(db, school.id("teacher"))
        assert actor is not None
        courses = [CourseRef(school.id(name), (1,)) for name in ("biology", "history")]
        actor.load_courses(db, courses)
        nothing: Any = None  # What is asked from here on is answered from memory.
        return [actor.holds_in_course(nothing, "manage_grades", course) for course in courses]

    assert school.read(ask) == [True, False]
