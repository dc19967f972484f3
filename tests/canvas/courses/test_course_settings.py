"""Settings of courses, and of accounts for the courses below (learning-resources.md §1)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import School
from tests.support.courses import change_course, end_term

pytestmark = pytest.mark.spec("learning-resources.md#1")
DEFAULTS: dict[str, Any] = {
    "allow_student_discussion_topics": True,
    "allow_student_discussion_editing": True,
    "allow_student_discussion_reporting": True,
    "allow_student_anonymous_discussion_topics": False,
    "allow_student_forum_attachments": True,
    "allow_student_organized_groups": True,
    "filter_speed_grader_by_student_group": False,
    "grading_standard_enabled": False,
    "grading_standard_id": None,
    "hide_final_grades": False,
    "hide_distribution_graphs": False,
    "hide_sections_on_course_users_page": False,
    "lock_all_announcements": False,
    "usage_rights_required": False,
    "restrict_student_past_view": False,
    "restrict_student_future_view": False,
    "show_announcements_on_home_page": False,
    "home_page_announcement_limit": None,
    "syllabus_course_summary": True,
    "default_due_time": "23:59:59",
    "conditional_release": False,
    "homeroom_course": False,
}


def settings(school: School, course: str = "biology") -> str:
    return f"/api/v1/courses/{school.id(course)}/settings"


def account(school: School, name: str = "northern") -> str:
    return f"/api/v1/accounts/{school.id(name)}"


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("outsider", 403, 403),
        ("other_teacher", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("narrow_admin", 403, 403),
        ("student", 200, 403),
        ("observer", 200, 403),
        ("ta", 200, 200),
        ("designer", 200, 200),
        ("teacher", 200, 200),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
    ],
)
def test_who_may_see_and_change_the_settings_of_a_course(school: School, who: str, reads: int, writes: int) -> None:
    assert school.as_(who).get(settings(school)).status == reads
    changed = school.as_(who).put(settings(school), {"lock_all_announcements": True})
    assert changed.status == writes
    assert school.as_("admin").get(settings(school)).json["lock_all_announcements"] is (writes == 200)


def test_all_settings_come_and_what_is_given_changes(school: School) -> None:
    teacher = school.as_("teacher")
    assert teacher.get(settings(school)).json == DEFAULTS
    flipped = {name: not value for name, value in DEFAULTS.items() if isinstance(value, bool)}
    del flipped["homeroom_course"], flipped["grading_standard_enabled"]
    wanted = {**flipped, "home_page_announcement_limit": 5, "default_due_time": "08:30:00"}
    changed = teacher.put(settings(school), wanted)
    assert (changed.status, changed.json) == (200, {**DEFAULTS, **wanted})
    assert teacher.put(settings(school), {"conditional_release": False}).json == {
        **DEFAULTS,
        **wanted,
        "conditional_release": False,
    }
    assert school.as_("student").get(f"/api/v1/courses/{school.id('biology')}").json["hide_final_grades"] is True
    assert teacher.put(settings(school), json={"home_page_announcement_limit": None}).status == 200
    assert teacher.get(settings(school)).json["home_page_announcement_limit"] is None


@pytest.mark.parametrize(
    ("given", "attribute"),
    [
        ({"home_page_announcement_limit": 0}, "home_page_announcement_limit"),
        ({"home_page_announcement_limit": 16}, "home_page_announcement_limit"),
        ({"default_due_time": "noon"}, "default_due_time"),
        ({"default_due_time": "24:00:00"}, "default_due_time"),
    ],
)
def test_a_value_that_is_none_changes_nothing(school: School, given: dict[str, Any], attribute: str) -> None:
    reply = school.as_("teacher").put(settings(school), {"usage_rights_required": True, **given})
    assert reply.status == 400
    assert list(reply.json["errors"]) == [attribute]
    assert school.as_("teacher").get(settings(school)).json == DEFAULTS


def test_no_such_course(school: School) -> None:
    for client in (school.as_("admin"), school.as_("student")):
        assert client.get("/api/v1/courses/999/settings").status == 404
        assert client.put("/api/v1/courses/999/settings", {"lock_all_announcements": True}).status == 404


# Views outside the dates, course by course and account by account.


def sees(school: School) -> bool:
    return "name" in school.as_("student").get(f"/api/v1/courses/{school.id('biology')}").json


def restrict(school: School, name: str, **setting: Any) -> Any:
    given = {"account": {"settings": {"restrict_student_past_view": setting}}}
    return school.as_("admin").put(account(school, name), given)


def of_account(school: School, name: str = "northern") -> dict[str, Any]:
    reply = school.as_("admin").get(f"{account(school, name)}/settings")
    assert reply.status == 200
    return dict(reply.json["restrict_student_past_view"])


def test_a_teacher_closes_a_course_after_its_end(school: School) -> None:
    end_term(school)
    assert sees(school)
    # Over, the course is the admins' to change.
    school.as_("admin").put(settings(school), {"restrict_student_past_view": True})
    assert not sees(school)
    assert school.as_("student").get(settings(school)).status == 403
    assert school.as_("student").get(f"/api/v1/courses/{school.id('biology')}/sections").status == 403


def test_an_account_s_word_holds_below_until_somebody_says_otherwise(school: School) -> None:
    end_term(school)
    assert restrict(school, "root", value=True).status == 200
    assert of_account(school, "root") == {"value": True, "locked": False, "inherited": False}
    assert of_account(school) == {"value": True, "locked": False, "inherited": True}
    assert not sees(school)
    restrict(school, "northern", value=False)
    assert of_account(school) == {"value": False, "locked": False, "inherited": False}
    assert sees(school)
    change_course(school, restrict_student_past_view=True)
    assert not sees(school)


def test_what_an_account_has_locked_holds_for_everybody_below(school: School) -> None:
    end_term(school)
    restrict(school, "northern", value=False)
    change_course(school, restrict_student_past_view=False)
    restrict(school, "root", value=True, locked=True)
    assert of_account(school) == {"value": True, "locked": True, "inherited": True}
    assert not sees(school)
    refused = restrict(school, "northern", value=False)
    assert (refused.status, refused.json["message"]) == (
        400,
        "restrict_student_past_view is locked by an account above",
    )
    refused = school.as_("admin").put(settings(school), {"restrict_student_past_view": False})
    assert (refused.status, refused.json["message"]) == (400, "restrict_student_past_view is locked by an account")
    # What is sent back as it was changes nothing and is no fault.
    assert school.as_("admin").put(settings(school), {"restrict_student_past_view": True}).status == 200
    restrict(school, "root", locked=False)
    assert of_account(school) == {"value": False, "locked": False, "inherited": False}


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 403), ("teacher", 403), ("narrow_admin", 403), ("admin_of_another_school", 403),
     ("sub_admin", 200), ("admin", 200)],
)  # fmt: skip
def test_who_may_see_the_settings_of_an_account(school: School, who: str, status: int) -> None:
    reply = school.as_(who).get(f"{account(school)}/settings")
    assert reply.status == status
    if status == 200:
        open_ = {"value": False, "locked": False, "inherited": True}
        assert reply.json == {"restrict_student_past_view": open_, "restrict_student_future_view": open_}
    assert school.as_("admin").get("/api/v1/accounts/999/settings").status == 404
