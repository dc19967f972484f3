"""PUT /users/:id/text_editor_preference and /files_ui_version_preference (users-core.md §10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import School

from homeroom.school.schema import Preference

pytestmark = pytest.mark.spec("users-core.md#10")

EDITOR = "text_editor_preference"
FILES = "files_ui_version_preference"


def url_of(school: School, who: str, preference: str) -> str:
    return f"/api/v1/users/{school.id(who)}/{preference}"


def stored(school: School) -> dict[str, str]:
    rows = select(Preference.c.name, Preference.c.value).where(Preference.c.user_id == school.id("student"))
    return school.read(lambda db: {row.name: row.value for row in db.execute(rows)})  # type: ignore[no-any-return]


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(("preference", "body"), [(EDITOR, {EDITOR: "rce"}), (FILES, {"files_ui_version": "v2"})])
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("observer", 403),
        ("teacher", 403),
        ("outsider", 403),
        ("admin", 200),
        ("sub_admin", 200),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
    ],
)
def test_who_may_change_a_students_preferences(
    school: School, who: str, status: int, preference: str, body: dict[str, str]
) -> None:
    assert school.as_(who).put(url_of(school, "student", preference), body).status == status
    assert bool(stored(school)) is (status == 200)


@pytest.mark.parametrize("editor", ["rce", "block_editor"])
def test_an_editor_is_chosen_and_forgotten(school: School, editor: str) -> None:
    client, url = school.as_("student"), "/api/v1/users/self/text_editor_preference"
    reply = client.put(url, {EDITOR: editor})
    assert (reply.status, reply.json) == (200, {EDITOR: editor})
    assert stored(school) == {EDITOR: f'"{editor}"'}
    reply = client.put(url, {EDITOR: ""})
    assert (reply.status, reply.json) == (200, {EDITOR: None})
    assert stored(school) == {}


@pytest.mark.parametrize("body", [{}, {EDITOR: None}, {EDITOR: "word"}, {EDITOR: ["rce"]}, {EDITOR: {"rce": 1}}])
def test_another_editor_is_refused(school: School, body: dict[str, Any]) -> None:
    client, url = school.as_("student"), "/api/v1/users/self/text_editor_preference"
    client.put(url, {EDITOR: "rce"})
    reply = client.put(url, json=body)
    assert (reply.status, reply.json) == (422, {"message": "Invalid text_editor_preference provided"})
    assert stored(school) == {EDITOR: '"rce"'}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_version_of_the_files_pages_is_chosen(school: School, version: str) -> None:
    reply = school.as_("student").put("/api/v1/users/self/files_ui_version_preference", {"files_ui_version": version})
    assert (reply.status, reply.json) == (200, {"files_ui_version": version})
    assert stored(school) == {"files_ui_version": f'"{version}"'}


@pytest.mark.parametrize("body", [{}, {"files_ui_version": ""}, {"files_ui_version": "v3"}, {"files_ui_version": 2}])
def test_another_version_is_refused(school: School, body: dict[str, Any]) -> None:
    reply = school.as_("student").put("/api/v1/users/self/files_ui_version_preference", json=body)
    assert (reply.status, reply.json) == (400, {"message": "Invalid files_ui_version provided"})
    assert stored(school) == {}


@pytest.mark.parametrize("preference", [EDITOR, FILES])
def test_the_right_is_asked_before_the_value(school: School, preference: str) -> None:
    assert school.as_("classmate").put(url_of(school, "student", preference)).status == 403
    assert school.as_("admin").put(f"/api/v1/users/999/{preference}").status == 404
