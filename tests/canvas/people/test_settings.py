"""GET and PUT /users/:id/settings (users-core.md §7)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection
from tests.conftest import School

from homeroom.school.accounts import feature_flags
from homeroom.school.rights.actor import AccountRef
from homeroom.school.schema import METADATA

pytestmark = pytest.mark.spec("users-core.md#7")

DEFAULTS = {
    "manual_mark_as_read": False,
    "release_notes_badge_disabled": False,
    "collapse_global_nav": False,
    "collapse_course_nav": False,
    "hide_dashcard_color_overlays": False,
    "comment_library_suggestions_enabled": False,
    "elementary_dashboard_disabled": False,
    "default_to_block_editor": False,
    "widget_dashboard_user_preference": False,
    "widget_dashboard_dark_mode": False,
}
WHO_MAY = [
    # who, reads, writes
    ("anonymous", 401, 401),
    ("student", 200, 200),
    ("classmate", 403, 403),
    ("observer", 200, 403),
    ("teacher", 403, 403),
    ("ta", 403, 403),
    ("other_teacher", 403, 403),
    ("outsider", 403, 403),
    ("admin", 200, 200),
    ("sub_admin", 200, 200),
    ("narrow_admin", 403, 403),
    ("admin_of_another_school", 403, 403),
    ("site_admin", 200, 200),
]


def settings_url(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/settings"


def switch_widget_dashboard(school: School, state: str) -> None:
    school.write(lambda db: feature_flags.set_flag(db, "widget_dashboard", AccountRef(1, (1,)), state))


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(("who", "reads", "writes"), WHO_MAY)
def test_who_may_see_and_change_a_students_settings(school: School, who: str, reads: int, writes: int) -> None:
    url = settings_url(school, "student")
    assert school.as_(who).get(url).status == reads
    assert school.as_(who).put(url, {"collapse_global_nav": True}).status == writes
    assert school.as_("student").get(url).json["collapse_global_nav"] is (writes == 200)


def test_an_admin_changes_no_settings_of_somebody_with_more_rights(school: School) -> None:
    assert school.as_("sub_admin").put(settings_url(school, "admin"), {"collapse_global_nav": True}).status == 403


def test_every_setting_is_there_and_off_at_first(school: School) -> None:
    assert school.as_("student").get("/api/v1/users/self/settings").json == DEFAULTS


def test_only_what_is_given_changes(school: School) -> None:
    client = school.as_("student")
    first = client.put("/api/v1/users/self/settings", {"collapse_course_nav": True, "widget_dashboard_dark_mode": True})
    assert first.json == {**DEFAULTS, "collapse_course_nav": True, "widget_dashboard_dark_mode": True}
    second = client.put("/api/v1/users/self/settings", json={"collapse_course_nav": False})
    assert second.json == {**DEFAULTS, "widget_dashboard_dark_mode": True}
    assert client.get("/api/v1/users/self/settings").json == second.json
    assert school.as_("classmate").get("/api/v1/users/self/settings").json == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_setting_can_be_switched(school: School, name: str) -> None:
    reply = school.as_("student").put("/api/v1/users/self/settings", {name: "1"})
    assert reply.json == {**DEFAULTS, name: True}


@pytest.mark.spec("basics.md#5")
@pytest.mark.parametrize(
    ("sent", "becomes"), [("on", True), ("T", True), ("2", True), ("banana", False), ("", False), ("off", False)]
)
def test_text_is_read_as_a_boolean(school: School, sent: str, becomes: bool) -> None:
    client = school.as_("student")
    client.put("/api/v1/users/self/settings", {"manual_mark_as_read": not becomes})
    reply = client.put("/api/v1/users/self/settings", {"manual_mark_as_read": sent})
    assert reply.json["manual_mark_as_read"] is becomes


def test_unknown_parameters_and_nulls_change_nothing(school: School) -> None:
    client = school.as_("student")
    client.put("/api/v1/users/self/settings", {"manual_mark_as_read": True})
    body = {"manual_mark_as_read": None, "text_editor_preference": "rce", "nonsense": True, "user": {"name": "x"}}
    assert client.put("/api/v1/users/self/settings", json=body).json == {**DEFAULTS, "manual_mark_as_read": True}
    assert client.put("/api/v1/users/self/settings").json == {**DEFAULTS, "manual_mark_as_read": True}


@pytest.mark.parametrize("value", [[True], {"a": True}])
def test_what_is_no_boolean_at_all_is_refused_and_changes_nothing(school: School, value: Any) -> None:
    client = school.as_("student")
    body = {"collapse_global_nav": True, "manual_mark_as_read": value}
    reply = client.put("/api/v1/users/self/settings", json=body)
    assert reply.status == 400
    assert reply.json["errors"][0]["message"] == "manual_mark_as_read must be true or false"
    assert client.get("/api/v1/users/self/settings").json == DEFAULTS


@pytest.mark.spec("homeroom.md#3")
def test_the_widget_dashboard_is_wanted_once_it_is_offered_until_somebody_says_no(school: School) -> None:
    client = school.as_("student")
    switch_widget_dashboard(school, "on")
    assert client.get("/api/v1/users/self/settings").json == {**DEFAULTS, "widget_dashboard_user_preference": True}
    client.put("/api/v1/users/self/settings", {"widget_dashboard_user_preference": False})
    assert client.get("/api/v1/users/self/settings").json == DEFAULTS
    switch_widget_dashboard(school, "off")
    assert school.as_("classmate").get("/api/v1/users/self/settings").json == DEFAULTS


def test_any_form_of_an_id_finds_the_settings_and_nobodys_are_not_found(school: School) -> None:
    client = school.as_("admin")
    assert client.get("/api/v1/users/sis_user_id:sis-student/settings").status == 200
    assert client.put("/api/v1/users/999/settings", {"collapse_global_nav": True}).status == 404
    assert client.get("/api/v1/users/999/settings").status == 404


def test_settings_are_four_statements(school: School, queries_of: Any) -> None:
    assert queries_of(school.as_("student").get, "/api/v1/users/self/settings") == 4


def test_settings_are_rows_of_their_own(school: School) -> None:
    """Two writers of different settings do not meet."""

    def stored(db: Connection) -> list[Any]:
        table = METADATA.tables["preferences"]
        return [tuple(row) for row in db.execute(table.select().order_by(table.c.name))]

    body = {"collapse_global_nav": True, "manual_mark_as_read": False}
    school.as_("student").put("/api/v1/users/self/settings", json=body)
    student = school.id("student")
    assert school.read(stored) == [(student, "collapse_global_nav", "true"), (student, "manual_mark_as_read", "false")]
