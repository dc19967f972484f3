"""Scenes in courses that no route can set up quickly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from homeroom import clock
from homeroom.db import new_uuid
from homeroom.school.people import directory
from homeroom.school.people.names import sort_key
from homeroom.school.schema import Course, CourseSection, Enrollment, EnrollmentTerm, User
from tests.conftest import School
from tests.support.cast import ENROLLMENT_TYPES, THEN

_TIMES: dict[str, Any] = {"created_at": THEN, "updated_at": THEN}


def days(count: int) -> datetime:
    """So many days from now."""
    return clock.now() + timedelta(days=count)


def change(school: School, table: Any, id: int, **values: Any) -> None:
    school.write(lambda db: db.execute(update(table).where(table.c.id == id).values(**values)))


def change_course(school: School, course: str = "biology", **values: Any) -> None:
    change(school, Course, school.id(course), **values)


def end_term(school: School) -> None:
    change(school, EnrollmentTerm, 1, end_at=days(-1))


def enrollment_of(school: School, id: int) -> Any:
    """The row of this enrollment."""
    return school.read(lambda db: db.execute(select(Enrollment).where(Enrollment.c.id == id)).one())


def enrollments_of(school: School, who: str, course: str = "biology") -> list[Any]:
    """The rows of this person's enrollments in a course, deleted ones too."""
    rows = select(Enrollment).where(Enrollment.c.user_id == school.id(who), Enrollment.c.course_id == school.id(course))
    return list(school.read(lambda db: db.execute(rows.order_by(Enrollment.c.id)).all()))


def make_courses(school: School, count: int, *, who: str = "teacher", kind: str = "teacher") -> list[int]:
    """More courses of the root account, with this person in them; their ids."""

    def make(db: Any) -> list[int]:
        first = db.execute(select(Course.c.id).order_by(Course.c.id.desc()).limit(1)).scalar_one() + 1
        ids = list(range(first, first + count))
        for id in ids:
            name = f"Course {id}"
            db.execute(
                insert(Course).values(
                    account_id=1, root_account_id=1, enrollment_term_id=1, uuid=new_uuid(), name=name,
                    sort_key=sort_key(name), course_code=f"C{id}", state="available", **_TIMES,
                )
            )  # fmt: skip
            section = db.execute(
                insert(CourseSection).values(
                    course_id=id, root_account_id=1, name=name, is_default=True, state="active", **_TIMES
                )
            ).inserted_primary_key[0]
            _enroll(db, school, school.id(who), kind, id, section)
        return ids

    return list(school.write(make))


def make_students(school: School, count: int, *, course: str = "biology", kind: str = "student") -> list[int]:
    """More people in a course, "Extra 001" and so on; their ids."""

    def make(db: Any) -> list[int]:
        ids = []
        for number in range(count):
            name = f"Extra {number:03}"
            ids.append(
                db.execute(
                    insert(User).values(
                        uuid=new_uuid(), name=name, short_name=name, sortable_name=f"{number:03}, Extra",
                        state="registered", calendar_code=new_uuid(), **_TIMES,
                    )
                ).inserted_primary_key[0]
            )  # fmt: skip
            _enroll(db, school, ids[-1], kind, school.id(course), school.id(f"{course}_section"))
        directory.refresh(db, ids)
        directory.associate(db, ids)
        return ids

    return list(school.write(make))


def _enroll(db: Any, school: School, user_id: int, kind: str, course_id: int, section_id: int) -> None:
    type_ = ENROLLMENT_TYPES[kind]
    db.execute(
        insert(Enrollment).values(
            user_id=user_id, course_id=course_id, course_section_id=section_id, root_account_id=1, type=type_,
            role_id=school.id(f"role_{type_}"), state="active", uuid=new_uuid(), **_TIMES,
        )
    )  # fmt: skip
