"""The image of a course and what else ``course[...]`` stores (learning-resources.md §1)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import School

pytestmark = pytest.mark.spec("learning-resources.md#1")
ADDRESS = "https://pictures.example/bio.png"


def put(school: School, **course: Any) -> Any:
    return school.as_("teacher").put(
        f"/api/v1/courses/{school.id('biology')}?include[]=course_image", {"course": course}
    )


def test_an_address_is_the_image_until_it_is_removed(school: School) -> None:
    assert put(school, image_url=ADDRESS).json["image_download_url"] == ADDRESS
    shown = school.as_("student").get(f"/api/v1/courses/{school.id('biology')}?include[]=course_image").json
    assert shown["image_download_url"] == ADDRESS
    assert put(school, remove_image=True).json["image_download_url"] is None


def test_a_file_takes_the_place_of_an_address(school: School) -> None:
    put(school, image_url=ADDRESS)
    assert put(school, image_id=7).json["image_download_url"] is None


@pytest.mark.parametrize("course", [{"image_url": "javascript:alert(1)"}, {"image_url": ADDRESS, "image_id": 7}])
def test_no_other_image_is_stored(school: School, course: dict[str, Any]) -> None:
    reply = put(school, **course)
    assert (reply.status, reply.json["errors"]["image_url"][0]["type"]) == (400, "invalid")
    assert put(school).json["image_download_url"] is None


def test_grade_passback_is_one_of_the_documented_settings(school: School) -> None:
    assert put(school, grade_passback_setting="nightly_sync").json["grade_passback_setting"] == "nightly_sync"
    assert (
        put(school, grade_passback_setting="hourly").json["errors"]["grade_passback_setting"][0]["type"] == "inclusion"
    )
    assert put(school, grade_passback_setting="").json["grade_passback_setting"] is None
