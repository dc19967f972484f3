"""``override_sis_stickiness=false`` leaves alone what was edited before (custom-data-files-sis.md)."""

from __future__ import annotations

import pytest
from tests.conftest import School


@pytest.mark.parametrize("group", ["course", "course_section", "enrollment_term"])
def test_what_was_edited_stays_when_stickiness_is_respected(school: School, group: str) -> None:
    admin = school.as_("admin")
    path = {
        "course": f"/api/v1/courses/{school.id('biology')}",
        "course_section": f"/api/v1/sections/{school.id('biology_section')}",
        "enrollment_term": "/api/v1/accounts/1/terms/default",
    }[group]
    dated = {"end_at": "2030-01-01T00:00:00Z", "start_at": "2029-01-01T00:00:00Z"}
    respecting = {group: {"name": "From outside", **dated}, "override_sis_stickiness": "false"}
    assert admin.put(path, {group: {"name": "By hand"}}).json["name"] == "By hand"
    changed = admin.put(path, respecting).json
    assert (changed["name"], changed["end_at"]) == ("By hand", dated["end_at"])
    assert admin.put(path, respecting | {"override_sis_stickiness": "true"}).json["name"] == "From outside"
