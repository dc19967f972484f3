"""Feature flags of accounts, courses and users (homeroom.md §3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import School

from homeroom.school.accounts import feature_flags
from homeroom.school.accounts.feature_flags import Feature, UserRef
from homeroom.school.rights.actor import AccountRef

ROOT = "/api/v1/accounts/1/features"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def account(school: School, name: str) -> AccountRef:
    if name == "root":
        return AccountRef(1, (1,))
    return AccountRef(school.id(name), (school.id(name), 1))


def put(school: School, who: str, place: str, state: str, feature: str = "widget_dashboard") -> Any:
    return school.as_(who).put(f"/api/v1/{place}/features/flags/{feature}", {"state": state})


def is_on(school: School, name: str, feature: str = "widget_dashboard") -> bool:
    return bool(school.read(lambda db: feature_flags.is_on(db, feature, account(school, name))))


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("sub_admin", 403),
        ("admin_of_another_school", 403),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_and_set_an_accounts_features(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(ROOT).status == status
    assert client.get(f"{ROOT}/enabled").status == status
    assert client.get(f"{ROOT}/flags/widget_dashboard").status == status
    assert client.put(f"{ROOT}/flags/widget_dashboard", {"state": "on"}).status == status
    if status != 200:
        assert put(school, "admin", "accounts/1", "on").status == 200
    assert client.delete(f"{ROOT}/flags/widget_dashboard").status == status


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("student", 200, 200),
        ("observer", 200, 403),
        ("classmate", 403, 403),
        ("teacher", 403, 403),
        ("narrow_admin", 403, 403),
        ("sub_admin", 200, 200),
        ("admin_of_another_school", 403, 403),
        ("admin", 200, 200),
    ],
)
def test_who_may_see_and_set_a_users_features(school: School, who: str, reads: int, writes: int) -> None:
    student = f"/api/v1/users/{school.id('student')}/features"
    client = school.as_(who)
    assert client.get(student).status == reads
    assert client.get(f"{student}/enabled").status == reads
    assert client.get(f"{student}/flags/high_contrast").status == reads
    assert client.put(f"{student}/flags/high_contrast", {"state": "on"}).status == writes
    put(school, "student", "users/self", "on", "high_contrast")
    assert client.delete(f"{student}/flags/high_contrast").status == writes


def test_an_account_lists_its_features(school: School) -> None:
    put(school, "admin", "accounts/1", "on", "educator_dashboard")
    assert school.as_("admin").get(ROOT).json == [
        {
            "feature": "educator_dashboard",
            "display_name": "Educator Dashboard",
            "applies_to": "Account",
            "feature_flag": {
                "feature": "educator_dashboard", "state": "on", "locked": False, "context_type": "Account",
                "context_id": 1,
            },
            "root_opt_in": False,
            "beta": False,
            "early_access_program": False,
            "autoexpand": False,
        },
        {
            "feature": "widget_dashboard",
            "display_name": "Widget Dashboard",
            "applies_to": "Account",
            "feature_flag": {"feature": "widget_dashboard", "state": "allowed", "locked": False},
            "root_opt_in": False,
            "beta": False,
            "early_access_program": False,
            "autoexpand": False,
        },
    ]  # fmt: skip
    assert school.as_("admin").get(f"{ROOT}/enabled").json == ["educator_dashboard"]


def test_features_come_in_pages(school: School) -> None:
    reply = school.as_("admin").get(f"{ROOT}?per_page=1&page=2")
    assert [feature["feature"] for feature in reply.json] == ["widget_dashboard"]
    assert reply.links["prev"] == "http://school.test/api/v1/accounts/1/features?page=1&per_page=1"
    assert "next" not in reply.links


@pytest.mark.parametrize("state", ["off", "allowed", "allowed_on", "on"])
def test_a_flag_is_set_shown_and_removed(school: School, state: str) -> None:
    admin = school.as_("admin")
    flag = {
        "feature": "widget_dashboard",
        "state": state,
        "locked": False,
        "context_type": "Account",
        "context_id": 1,
    }
    assert put(school, "admin", "accounts/1", state).json == flag
    assert admin.get(f"{ROOT}/flags/widget_dashboard").json == flag
    assert is_on(school, "root") == (state in ("on", "allowed_on"))
    assert is_on(school, "northern") == (state in ("on", "allowed_on"))
    assert admin.delete(f"{ROOT}/flags/widget_dashboard").json == flag
    assert admin.get(f"{ROOT}/flags/widget_dashboard").json == {
        "feature": "widget_dashboard",
        "state": "allowed",
        "locked": False,
    }
    assert admin.delete(f"{ROOT}/flags/widget_dashboard").json == NOT_FOUND


@pytest.mark.parametrize("state", ["on", "off"])
def test_an_account_above_that_has_decided_locks_those_below_and_masks_them(school: School, state: str) -> None:
    northern = f"accounts/{school.id('northern')}"
    other = "off" if state == "on" else "on"
    put(school, "sub_admin", northern, other)
    put(school, "admin", "accounts/1", state)
    shown = school.as_("sub_admin").get(f"/api/v1/{northern}/features/flags/widget_dashboard").json
    assert shown == {
        "feature": "widget_dashboard", "state": state, "locked": True, "context_type": "Account", "context_id": 1,
    }  # fmt: skip
    assert is_on(school, "northern") == (state == "on")
    reply = put(school, "sub_admin", northern, other)
    assert (reply.status, reply.json) == (403, {"message": "higher account disallows setting feature flag"})
    school.as_("admin").delete(f"{ROOT}/flags/widget_dashboard")
    assert is_on(school, "northern") == (other == "on"), "What was masked applies again."


@pytest.mark.parametrize("state", ["allowed", "allowed_on"])
def test_below_an_account_that_allows_the_nearest_word_counts(school: School, state: str) -> None:
    northern = f"accounts/{school.id('northern')}"
    put(school, "admin", "accounts/1", state)
    other = "on" if state == "allowed" else "off"
    assert put(school, "sub_admin", northern, other).status == 200
    assert is_on(school, "northern") == (other == "on")
    assert is_on(school, "southern") == (state == "allowed_on")


def test_the_site_admins_account_speaks_for_everybody(school: School) -> None:
    put(school, "site_admin", "accounts/site_admin", "off", "high_contrast")
    reply = put(school, "student", "users/self", "on", "high_contrast")
    assert reply.status == 403
    assert school.as_("student").get("/api/v1/users/self/features/enabled").json == []
    put(school, "site_admin", "accounts/site_admin", "on")
    assert is_on(school, "northern")
    assert [f["feature"] for f in school.as_("site_admin").get("/api/v1/accounts/site_admin/features").json] == [
        "educator_dashboard",
        "high_contrast",
        "widget_dashboard",
    ]


def test_features_that_a_higher_account_has_switched_on_for_good_can_be_hidden(school: School) -> None:
    put(school, "admin", "accounts/1", "on")
    url = f"/api/v1/accounts/{school.id('northern')}/features?hide_inherited_enabled=1"
    assert [feature["feature"] for feature in school.as_("sub_admin").get(url).json] == ["educator_dashboard"]
    put(school, "sub_admin", f"accounts/{school.id('northern')}", "on", "educator_dashboard")
    assert [feature["feature"] for feature in school.as_("sub_admin").get(url).json] == ["educator_dashboard"]


def test_a_user_has_their_own_features(school: School) -> None:
    assert put(school, "student", "users/self", "on", "high_contrast").json == {
        "feature": "high_contrast",
        "state": "on",
        "locked": False,
        "context_type": "User",
        "context_id": school.id("student"),
    }
    assert school.as_("student").get("/api/v1/users/self/features/enabled").json == ["high_contrast"]
    assert school.as_("classmate").get("/api/v1/users/self/features/enabled").json == []
    assert school.read(lambda db: feature_flags.is_on(db, "high_contrast", UserRef(school.id("student"))))


@pytest.mark.parametrize("feature", ["fancy_wickets", "high_contrast"])
def test_a_feature_that_is_none_of_the_accounts_is_not_there(school: School, feature: str) -> None:
    admin = school.as_("admin")
    for reply in (
        admin.get(f"{ROOT}/flags/{feature}"),
        admin.put(f"{ROOT}/flags/{feature}", {"state": "on"}),
        admin.delete(f"{ROOT}/flags/{feature}"),
    ):
        assert (reply.status, reply.json) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("who", "place", "feature", "state"),
    [
        ("admin", "accounts/1", "widget_dashboard", "maybe"),
        ("student", "users/self", "high_contrast", "allowed"),
        ("student", "users/self", "high_contrast", "allowed_on"),
    ],
)
def test_a_state_that_cannot_be_there_is_refused(
    school: School, who: str, place: str, feature: str, state: str
) -> None:
    reply = put(school, who, place, state, feature)
    assert reply.status == 400
    assert reply.json == {
        "errors": {"state": [{"attribute": "state", "type": "invalid", "message": "is not valid in context"}]}
    }


def test_a_missing_state_is_refused(school: School) -> None:
    reply = school.as_("admin").put(f"{ROOT}/flags/widget_dashboard")
    assert (reply.status, reply.json) == (400, {"errors": [{"message": "state is missing"}]})


def test_a_long_list_costs_no_more_statements_than_a_short_one(
    school: School, queries_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = queries_of(school.as_("admin").get, ROOT)
    for number in range(30):
        monkeypatch.setitem(feature_flags.FEATURES, f"f{number}", Feature(f"f{number}", "F", "Account"))
    assert len(school.as_("admin").get(f"{ROOT}?per_page=100").json) == 32
    assert queries_of(school.as_("admin").get, f"{ROOT}?per_page=100") == short


@pytest.fixture
def fancy(monkeypatch: pytest.MonkeyPatch) -> str:
    """A feature of courses; Homeroom has none of its own."""
    monkeypatch.setitem(feature_flags.FEATURES, "fancy_wickets", Feature("fancy_wickets", "Fancy Wickets", "Course"))
    return "fancy_wickets"


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("outsider", 403, 403),
        ("other_teacher", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("student", 200, 403),
        ("observer", 200, 403),
        ("ta", 200, 403),
        ("teacher", 200, 200),
        ("designer", 200, 200),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
    ],
)
def test_who_may_see_and_set_a_courses_features(school: School, fancy: str, who: str, reads: int, writes: int) -> None:
    course = f"/api/v1/courses/{school.id('biology')}/features"
    client = school.as_(who)
    assert client.get(course).status == reads
    assert client.get(f"{course}/enabled").status == reads
    assert client.get(f"{course}/flags/{fancy}").status == reads
    assert client.put(f"{course}/flags/{fancy}", {"state": "on"}).status == writes
    put(school, "admin", f"courses/{school.id('biology')}", "on", fancy)
    assert client.delete(f"{course}/flags/{fancy}").status == writes


def test_a_course_has_its_accounts_features_until_it_decides(school: School, fancy: str) -> None:
    course = f"courses/{school.id('biology')}"
    teacher = school.as_("teacher")
    put(school, "admin", "accounts/1", "allowed_on", fancy)
    assert teacher.get(f"/api/v1/{course}/features/enabled").json == [fancy]
    inherited = {"feature": fancy, "state": "allowed_on", "locked": False, "context_type": "Account", "context_id": 1}
    assert teacher.get(f"/api/v1/{course}/features/flags/{fancy}").json == inherited
    own = inherited | {"state": "off", "context_type": "Course", "context_id": school.id("biology")}
    assert put(school, "teacher", course, "off", fancy).json == own
    assert [feature["feature_flag"] for feature in teacher.get(f"/api/v1/{course}/features").json] == [own]
    assert put(school, "teacher", course, "allowed", fancy).status == 400
    put(school, "sub_admin", f"accounts/{school.id('northern')}", "on", fancy)
    assert teacher.get(f"/api/v1/{course}/features/enabled").json == [fancy]
    assert put(school, "teacher", course, "off", fancy).status == 403


def test_a_feature_of_accounts_is_none_of_a_course(school: School) -> None:
    course = f"/api/v1/courses/{school.id('biology')}/features"
    assert school.as_("teacher").get(course).json == []
    assert school.as_("teacher").put(f"{course}/flags/widget_dashboard", {"state": "on"}).json == NOT_FOUND
