"""Custom colors (users-core.md §8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from tests.conftest import School

from homeroom.school.accounts import feature_flags
from homeroom.school.schema import Course, CourseSection, CustomColor

pytestmark = pytest.mark.spec("users-core.md#8")

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
INVALID = {"message": "Invalid Hexcode Provided"}


def colors_url(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/colors"


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("student", 200, 200),
        ("classmate", 403, 403),
        ("observer", 200, 403),
        ("teacher", 403, 403),
        ("outsider", 403, 403),
        ("admin", 200, 200),
        ("sub_admin", 200, 200),
        ("narrow_admin", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_see_and_change_a_students_colors(school: School, who: str, reads: int, writes: int) -> None:
    all_of_them = colors_url(school, "student")
    one = f"{all_of_them}/course_{school.id('biology')}"
    school.as_("student").put(one, {"hexcode": "#111"})
    assert [school.as_(who).get(url).status for url in (all_of_them, one)] == [reads, reads]
    assert school.as_(who).put(one, {"hexcode": "#222222"}).status == writes
    assert school.as_("student").get(one).json == {"hexcode": "#222222" if writes == 200 else "#111"}


def test_there_are_no_colors_at_first(school: School) -> None:
    client = school.as_("student")
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": {}}
    reply = client.get(f"/api/v1/users/self/colors/course_{school.id('biology')}")
    assert (reply.status, reply.json) == (404, NOT_FOUND)


def test_every_kind_of_asset_has_a_color(school: School) -> None:
    client = school.as_("student")
    kinds = {"course": "history", "course_section": "history_section", "user": "outsider", "account": "southern"}
    assets = {
        f"{kind}_{school.id(whose)}": f"#{number}{number}abcd" for number, (kind, whose) in enumerate(kinds.items())
    }
    for asset, color in assets.items():
        reply = client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": color})
        assert (reply.status, reply.json) == (200, {"hexcode": color})
        assert client.get(f"/api/v1/users/self/colors/{asset}").json == {"hexcode": color}
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": assets}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("#abc123", "#abc123"), ("ABCdef", "#ABCdef"), ("#fff", "#fff"), ("0A0", "#0A0"), ("000000", "#000000")],
)
def test_a_color_keeps_its_case_and_length_and_gets_its_sign(school: School, sent: str, kept: str) -> None:
    url = f"/api/v1/users/self/colors/course_{school.id('biology')}"
    assert school.as_("student").put(url, {"hexcode": sent}).json == {"hexcode": kept}
    assert school.as_("student").get(url).json == {"hexcode": kept}


def test_a_color_can_come_in_the_query(school: School) -> None:
    url = f"/api/v1/users/self/colors/course_{school.id('biology')}"
    assert school.as_("student").put(f"{url}?hexcode=fffeee").json == {"hexcode": "#fffeee"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        *(
            {"hexcode": text}
            for text in ("", "#", "ab", "abcd", "#abcdefa", "##abc", "ghi", " abc", "abc\n", "#１２３")
        ),
        {"hexcode": None},
        {"hexcode": 123456},
        {"hexcode": ["abc"]},
        {"hexcode": {"0": "abc"}},
    ],
)
def test_what_is_no_color_is_refused(school: School, body: dict[str, Any]) -> None:
    client, url = school.as_("student"), f"/api/v1/users/self/colors/course_{school.id('biology')}"
    client.put(url, {"hexcode": "#111111"})
    reply = client.put(url, json=body)
    assert (reply.status, reply.json) == (400, INVALID)
    assert client.get(url).json == {"hexcode": "#111111"}


@pytest.mark.parametrize(
    "asset",
    [
        "course_999999",
        "group_1",
        "assignment_1",
        "course",
        "course_",
        "_1",
        "1",
        "course_x",
        "Course_1",
        "course_-1",
        "course_１",
        "course_0",
        "course_99999999999999999999",
        "course_1_2",
        "course%201",
        "course_1%00",
    ],
)
def test_what_names_no_asset_is_not_found(school: School, asset: str) -> None:
    client = school.as_("student")
    reply = client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": "nonsense"})
    assert reply.status in (400, 404) if "%00" in asset else reply.status == 404
    assert client.get(f"/api/v1/users/self/colors/{asset}").status in (400, 404)
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": {}}


def test_a_deleted_asset_is_not_found_and_its_color_stays(school: School) -> None:
    client = school.as_("student")
    course, section = (f"course_{school.id('biology')}", f"course_section_{school.id('biology_section')}")
    client.put(f"/api/v1/users/self/colors/{course}", {"hexcode": "#abc"})
    school.write(lambda db: db.execute(update(Course).values(state="deleted")))
    for asset in (course, section):
        assert client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": "#def"}).status == 404
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": {course: "#abc"}}
    school.write(lambda db: db.execute(update(Course).values(state="available")))
    school.write(lambda db: db.execute(update(CourseSection).values(state="deleted")))
    assert client.put(f"/api/v1/users/self/colors/{section}", {"hexcode": "#def"}).status == 404


def test_the_right_is_asked_before_the_asset_and_the_asset_before_the_color(school: School) -> None:
    url = colors_url(school, "student")
    assert school.as_("classmate").put(f"{url}/course_999", {"hexcode": "nonsense"}).status == 403
    assert school.as_("student").put(f"{url}/course_999", {"hexcode": "nonsense"}).status == 404
    assert school.as_("student").put(f"{url}/course_{school.id('biology')}", {"hexcode": "nonsense"}).json == INVALID
    assert school.as_("admin").put("/api/v1/users/999/colors/course_999").status == 404


def test_the_asset_need_not_be_readable(school: School) -> None:
    url = f"/api/v1/users/self/colors/course_{school.id('history')}"
    assert school.as_("student").put(url, {"hexcode": "#abc"}).status == 200


@pytest.mark.spec("basics.md#4")
def test_a_global_id_is_the_same_asset(school: School) -> None:
    client, course = school.as_("student"), school.id("biology")
    client.put(f"/api/v1/users/self/colors/course_{10_000_000_000_000 + course}", {"hexcode": "#abc"})
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": {f"course_{course}": "#abc"}}
    assert client.get(f"/api/v1/users/self/colors/course_{10_000_000_000_000 + course}").json == {"hexcode": "#abc"}


@pytest.mark.spec("homeroom.md#3")
def test_who_wants_high_contrast_gets_darker_colors_back(school: School) -> None:
    client, course = school.as_("student"), school.id("biology")
    url = f"/api/v1/users/self/colors/course_{course}"
    for asset, color in ((f"course_{course}", "#ffeeaa"), (f"user_{school.id('student')}", "#123456")):
        client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": color})
    student = feature_flags.UserRef(school.id("student"))
    school.write(lambda db: feature_flags.set_flag(db, "high_contrast", student, "on"))
    shown = client.get("/api/v1/users/self/colors").json["custom_colors"]
    assert shown[f"course_{course}"] != "#ffeeaa"
    assert shown[f"user_{school.id('student')}"] == "#123456"
    assert client.get(url).json == {"hexcode": shown[f"course_{course}"]}
    assert school.as_("observer").get(colors_url(school, "student")).json == {"custom_colors": shown}
    assert client.put(url, {"hexcode": "#ffeeaa"}).json == {"hexcode": "#ffeeaa"}
    school.write(lambda db: feature_flags.remove_flag(db, "high_contrast", student))
    assert client.get(url).json == {"hexcode": "#ffeeaa"}


def test_many_colors_take_as_many_statements_as_few(school: School, queries_of: Any) -> None:
    client = school.as_("student")

    def put(whose: str) -> None:
        client.put(f"/api/v1/users/self/colors/{whose}_{school.id('student')}", {"hexcode": "#abc"})

    put("user")
    few = queries_of(client.get, "/api/v1/users/self/colors")
    for who in ("teacher", "ta", "classmate"):
        client.put(f"/api/v1/users/self/colors/user_{school.id(who)}", {"hexcode": "#abc"})
    assert queries_of(client.get, "/api/v1/users/self/colors") == few


WRITES = st.lists(
    st.tuples(st.sampled_from(["biology", "history", "nothing"]), st.from_regex(r"#?[0-9a-gA-G]{0,7}", fullmatch=True))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(WRITES)
def test_any_writes_leave_the_last_good_color_of_each_asset(school: School, writes: list[tuple[str, str]]) -> None:
    school.write(lambda db: db.execute(delete(CustomColor)))
    client, model = school.as_("student"), dict[str, str]()
    for course, color in writes:
        asset = f"course_{school.ids.get(course, 999)}"
        reply = client.put(f"/api/v1/users/self/colors/{asset}", {"hexcode": color})
        digits = color.removeprefix("#")
        good = len(digits) in (3, 6) and "g" not in digits.lower()
        assert reply.status == (404 if course == "nothing" else 200 if good else 400)
        if reply.status == 200:
            model[asset] = f"#{digits}"
    assert client.get("/api/v1/users/self/colors").json == {"custom_colors": model}
