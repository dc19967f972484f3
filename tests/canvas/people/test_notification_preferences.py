"""Notification preferences (identity.md §7)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import School
from tests.support.sign_in import SELF

from homeroom.school.people.notifications.catalog import CATEGORIES, CATEGORY_OF


def channel_of(school: School, who: str) -> int:
    return int(school.as_("site_admin").get(f"/api/v1/users/{school.id(who)}/communication_channels").json[0]["id"])


@pytest.fixture
def mine(school: School) -> str:
    return f"{SELF}/communication_channels/{channel_of(school, 'student')}"


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 200), ("classmate", 403), ("teacher", 403), ("observer", 403), ("admin", 200)],
)
def test_who_may_see_a_students_preferences(school: School, who: str, status: int) -> None:
    channels = f"/api/v1/users/{school.id('student')}/communication_channels"
    for channel in (str(channel_of(school, "student")), "email/Student@school.test"):
        for rest in ("notification_preferences", "notification_preferences/new_announcement"):
            assert school.as_(who).get(f"{channels}/{channel}/{rest}").status == status
        assert school.as_(who).get(f"{channels}/{channel}/notification_preference_categories").status == status


@pytest.mark.spec("identity.md#7")
def test_every_notification_has_a_frequency_before_anybody_chose(school: School, mine: str) -> None:
    listed = school.as_("student").get(f"{mine}/notification_preferences").json["notification_preferences"]
    assert [preference["notification"] for preference in listed] == list(CATEGORY_OF)
    one = school.as_("student").get(f"{mine}/notification_preferences/new_announcement").json
    href = one["notification_preferences"][0]["href"]
    assert one == {
        "notification_preferences": [
            {
                "href": href,
                "notification": "new_announcement",
                "category": "announcement",
                "frequency": "immediately",
            }
        ]
    }
    assert school.as_("student").get(href).json == one
    second = school.as_("student").post(
        f"{SELF}/communication_channels", {"communication_channel": {"address": "a@b.test"}}
    )
    other = f"{SELF}/communication_channels/{second.json['id']}/notification_preferences"
    frequencies = {
        p["category"]: p["frequency"] for p in school.as_("student").get(other).json["notification_preferences"]
    }
    assert frequencies["announcement"] == "never" and frequencies["registration"] == "immediately"
    # A new address at the top does not take the others' notifications before somebody has confirmed it.
    school.as_("admin").put(f"/api/v1/users/{school.id('student')}", {"user": {"email": "a@b.test"}})
    assert school.as_("student").get(href).json == one


@pytest.mark.spec("identity.md#7")
def test_the_categories_are_names(school: School, mine: str) -> None:
    categories = school.as_("student").get(f"{mine}/notification_preference_categories").json
    assert categories == {"categories": list(CATEGORIES)}
    assert {"announcement", "due_date", "grading", "conversation_message"} <= set(categories["categories"])


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("channel", ["id", "email/STUDENT@school.test"])
def test_one_preference_is_changed(school: School, mine: str, channel: str) -> None:
    base = mine if channel == "id" else f"{SELF}/communication_channels/{channel}"
    url = f"{base}/notification_preferences/new_announcement"
    for frequency in ("weekly", "never", "daily", "immediately"):
        changed = school.as_("student").put(url, {"notification_preferences": {"frequency": frequency}})
        (preference,) = changed.json["notification_preferences"]
        assert (preference["notification"], preference["frequency"]) == ("new_announcement", frequency)
        assert school.as_("student").get(url).json == changed.json


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("channel", ["id", "email/student@school.test"])
def test_several_preferences_are_changed_at_once(school: School, mine: str, channel: str) -> None:
    base = mine if channel == "id" else f"{SELF}/communication_channels/{channel}"
    wanted = {"new_announcement": {"frequency": "never"}, "new_file_added": {"frequency": "weekly"}}
    changed = school.as_("student").put(f"{base}/notification_preferences", {"notification_preferences": wanted})
    assert chosen(changed.json) == {"new_announcement": "never", "new_file_added": "weekly"}
    everything = chosen(school.as_("student").get(f"{mine}/notification_preferences").json)
    assert (everything["new_announcement"], everything["new_file_added"]) == ("never", "weekly")


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("channel", ["id", "email/STUDENT@school.test"])
def test_a_category_is_changed_as_one(school: School, mine: str, channel: str) -> None:
    base = mine if channel == "id" else f"{SELF}/communication_channels/{channel}"
    url = f"{base}/notification_preference_categories/due_date"
    changed = school.as_("student").put(url, {"notification_preferences": {"frequency": "never"}})
    assert chosen(changed.json) == dict.fromkeys(CATEGORIES["due_date"][1], "never")
    everything = chosen(school.as_("student").get(f"{mine}/notification_preferences").json)
    assert everything["assignment_created"] == "never" and everything["new_announcement"] == "immediately"


@pytest.mark.spec("identity.md#7")
def test_nobody_changes_preferences_of_others(school: School, mine: str) -> None:
    form = {"notification_preferences": {"frequency": "never"}}
    theirs = f"/api/v1/users/{school.id('student')}/communication_channels/{channel_of(school, 'student')}"
    assert school.as_("admin").put(f"{theirs}/notification_preferences/new_announcement", form).status in (404, 405)
    channels = f"{SELF}/communication_channels"
    foreign = f"{channels}/{channel_of(school, 'student')}/notification_preferences"
    many = {"notification_preferences": {"new_announcement": {"frequency": "never"}}}
    classmate = school.as_("classmate")
    assert classmate.put(foreign, many).status == 404
    assert classmate.put(f"{foreign}/new_announcement", form).status == 404
    assert classmate.put(f"{channels}/email/student@school.test/notification_preferences", many).status == 404
    acting = f"{mine}/notification_preferences/new_announcement?as_user_id={school.id('student')}"
    assert school.as_("admin").put(acting, form).status == 200


@pytest.mark.parametrize(
    ("rest", "form", "status"),
    [
        ("notification_preferences/new_announcement", {"notification_preferences": {"frequency": "hourly"}}, 400),
        ("notification_preferences/new_announcement", {"notification_preferences": {"x": "daily"}}, 400),
        ("notification_preferences/new_announcement", {}, 400),
        ("notification_preferences/nothing", {"notification_preferences": {"frequency": "daily"}}, 404),
        ("notification_preference_categories/nothing", {"notification_preferences": {"frequency": "daily"}}, 404),
        ("notification_preferences", {}, 400),
        ("notification_preferences", {"notification_preferences": {"nothing": {"frequency": "daily"}}}, 400),
        ("notification_preferences", {"notification_preferences": {"alert": "daily"}}, 400),
        (
            "notification_preferences",
            {"notification_preferences": {"alert": {"frequency": "never"}, "summaries": {"frequency": "x"}}},
            400,
        ),
    ],
)
def test_what_cannot_be_chosen_changes_nothing(school: School, mine: str, rest: str, form: Any, status: int) -> None:
    before = school.as_("student").get(f"{mine}/notification_preferences").json
    assert school.as_("student").put(f"{mine}/{rest}", form).status == status
    assert school.as_("student").get(f"{mine}/notification_preferences").json == before


def test_a_channel_that_is_retired_or_somebody_elses_has_no_preferences(school: School, mine: str) -> None:
    school.as_("student").delete(mine)
    assert school.as_("student").get(f"{mine}/notification_preferences").status == 404
    foreign = f"{SELF}/communication_channels/{channel_of(school, 'classmate')}/notification_preferences"
    assert school.as_("student").get(foreign).status == 404
    assert school.as_("student").get(f"{mine}/notification_preferences/nothing").status == 404


def chosen(json: Any) -> dict[str, str]:
    return {preference["notification"]: preference["frequency"] for preference in json["notification_preferences"]}
