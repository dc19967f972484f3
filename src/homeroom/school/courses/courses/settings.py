"""The settings of a course: those that are a column of their own, and the rest (learning-resources.md §1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.ground.errors import Fault, Invalid, Refused
from homeroom.school.rights.views_outside_dates import NAMES as VIEWS
from homeroom.school.rights.views_outside_dates import restrictions_of_courses
from homeroom.school.schema import Course

_MOST_ANNOUNCEMENTS = 15
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")


class CourseSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has no column. Stored as the JSON of what differs from these defaults."""

    allow_student_discussion_topics: bool = True
    allow_student_discussion_editing: bool = True
    allow_student_discussion_reporting: bool = True
    allow_student_anonymous_discussion_topics: bool = False
    allow_student_forum_attachments: bool = True
    allow_student_organized_groups: bool = True
    filter_speed_grader_by_student_group: bool = False
    hide_distribution_graphs: bool = False
    hide_sections_on_course_users_page: bool = False
    lock_all_announcements: bool = False
    usage_rights_required: bool = False
    show_announcements_on_home_page: bool = False
    home_page_announcement_limit: int | None = None
    syllabus_course_summary: bool = True
    default_due_time: str = "23:59:59"
    conditional_release: bool = False


@lru_cache(maxsize=256)
def _read(text: str) -> CourseSettings:
    return msgspec.json.decode(text, type=CourseSettings)


def settings_of(db: Connection, course: CourseRecord) -> dict[str, Any]:
    """Every setting of the course by name; of views outside the dates, what holds with the accounts' word."""
    text = db.execute(select(Course.c.settings).where(Course.c.id == course.id)).scalar_one()
    views = restrictions_of_courses(db, {course.id: course.ref.chain})[course.id]
    return {
        **msgspec.structs.asdict(_read(text)),
        **{name: views[name].value for name in VIEWS},
        "hide_final_grades": course.hide_final_grades,
        "grading_standard_enabled": course.grading_standard_id is not None,
        "grading_standard_id": course.grading_standard_id,
        "homeroom_course": False,
    }


def change_settings(db: Connection, course: CourseRecord, changes: Mapping[str, Any]) -> None:
    """Change the settings named. Raises Invalid, and Refused for what an account above has locked."""
    _check(changes)
    lock(db, Course, [course.id])
    text, *_ = db.execute(select(Course.c.settings).where(Course.c.id == course.id)).one()
    columns = {name: value for name, value in changes.items() if name in (*VIEWS, "hide_final_grades")}
    views = restrictions_of_courses(db, {course.id: course.ref.chain})[course.id]
    for name in VIEWS:
        if columns.get(name, views[name].value) != views[name].value and views[name].locked:
            raise Refused(f"{name} is locked by an account")
    rest = {name: value for name, value in changes.items() if name not in columns}
    settings = msgspec.structs.replace(_read(text), **rest)
    values = {**columns, "settings": msgspec.json.encode(settings).decode(), "updated_at": clock.now()}
    db.execute(update(Course).where(Course.c.id == course.id).values(values))


def _check(changes: Mapping[str, Any]) -> None:
    limit = changes.get("home_page_announcement_limit")
    if limit is not None and not 1 <= limit <= _MOST_ANNOUNCEMENTS:
        raise Invalid(Fault("home_page_announcement_limit", "inclusion", f"must be 1 to {_MOST_ANNOUNCEMENTS}"))
    time = changes.get("default_due_time")
    if time is not None and _TIME_OF_DAY.fullmatch(time) is None:
        raise Invalid(Fault("default_due_time", "invalid", "must be a time such as 23:59:59"))
