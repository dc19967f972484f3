"""Dashboard positions (users-core.md §9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from tests.conftest import School
from tests.support.client import Client, Reply

from homeroom.school.schema import Course, DashboardPosition

pytestmark = pytest.mark.spec("users-core.md#9")

SELF = "/api/v1/users/self/dashboard_positions"
TOO_HIGH = (
    "Position {} is too high. Your dashboard cards can probably be sorted with numbers 1-5, you could even use a 0."
)
# What a regular expression that tries again and again would choke on.
ZEROS = "0" * 100_000 + "x"


def positions_url(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/dashboard_positions"


def put(client: Client, positions: Any, url: str = SELF) -> Any:
    return client.put(url, {"dashboard_positions": positions})


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
def test_who_may_see_and_change_a_students_positions(school: School, who: str, reads: int, writes: int) -> None:
    url = positions_url(school, "student")
    assert school.as_(who).get(url).status == reads
    course = f"course_{school.id('biology')}"
    assert put(school.as_(who), {course: 3}, url).status == writes
    kept = {course: "3"} if writes == 200 else {}
    assert school.as_("student").get(url).json == {"dashboard_positions": kept}


def test_positions_are_merged_into_those_that_are_there(school: School) -> None:
    client = school.as_("student")
    course, me = f"course_{school.id('biology')}", f"user_{school.id('student')}"
    assert client.get(SELF).json == {"dashboard_positions": {}}
    assert put(client, {course: 2}).json == {"dashboard_positions": {course: "2"}}
    assert put(client, {me: 1}).json == {"dashboard_positions": {course: "2", me: "1"}}
    assert put(client, {course: 5}).json == {"dashboard_positions": {course: "5", me: "1"}}
    assert client.get(SELF).json == {"dashboard_positions": {course: "5", me: "1"}}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("3", "3"), (3, 3), (0, 0), ("1000", "1000"), (-1000, -1000), ("+5", "+5"), (" 7 ", " 7 "), ("0012", "0012")],
)
def test_a_position_comes_back_as_it_was_sent(school: School, sent: Any, kept: Any) -> None:
    course = f"course_{school.id('biology')}"
    reply = school.as_("student").put(SELF, json={"dashboard_positions": {course: sent}})
    assert (reply.status, reply.json) == (200, {"dashboard_positions": {course: kept}})


@pytest.mark.parametrize(
    "value",
    ["", "x", "1.5", "1e3", "--1", "0x10", "１", "1 2", None, True, 1.5, 3.0, [1], {"a": 1}, ZEROS],
)
def test_what_is_no_whole_number_is_refused(school: School, value: Any) -> None:
    client, course = school.as_("student"), f"course_{school.id('biology')}"
    body = {"dashboard_positions": {f"user_{school.id('student')}": 1, course: value}}
    reply = client.put(SELF, json=body)
    assert (reply.status, reply.json) == (400, {"message": "Invalid position provided"})
    assert client.get(SELF).json == {"dashboard_positions": {}}


@pytest.mark.parametrize("value", ["2000", 1001, -1001, "-1001", "1" * 5000, 2**70])
def test_a_position_far_out_is_refused_by_its_number(school: School, value: Any) -> None:
    client, course = school.as_("student"), f"course_{school.id('biology')}"
    reply = client.put(SELF, json={"dashboard_positions": {course: value}})
    assert (reply.status, reply.json) == (400, {"message": TOO_HIGH.format(value)})
    assert client.get(SELF).json == {"dashboard_positions": {}}


@pytest.mark.parametrize("asset", ["course_999", "group_1", "nonsense", "course_"])
def test_an_asset_that_is_not_there_is_not_found(school: School, asset: str) -> None:
    client = school.as_("student")
    reply = put(client, {f"course_{school.id('biology')}": 1, asset: 2})
    assert (reply.status, reply.json) == (404, {"errors": [{"message": "The specified resource does not exist."}]})
    assert client.get(SELF).json == {"dashboard_positions": {}}


@pytest.mark.parametrize(
    ("who", "asset", "status"),
    [
        ("student", "course biology", 200),
        ("student", "course_section biology_section", 200),
        ("student", "course history", 403),
        ("student", "course_section history_section", 403),
        ("student", "user student", 200),
        ("student", "user classmate", 403),
        ("student", "account root", 403),
        ("observer", "user student", 200),
        ("observer", "user classmate", 403),
        ("teacher", "course biology", 200),
        ("teacher", "user student", 403),
        ("outsider", "course biology", 403),
        ("sub_admin", "course biology", 200),
        ("sub_admin", "course history", 403),
        ("sub_admin", "account northern", 200),
        ("sub_admin", "account southern", 403),
        ("sub_admin", "account root", 403),
        ("sub_admin", "user student", 200),
        ("sub_admin", "user other_teacher", 403),
        ("admin", "course history", 200),
        ("admin", "account southern", 200),
        ("admin", "user outsider", 200),
        ("narrow_admin", "course biology", 403),
        ("site_admin", "course biology", 200),
    ],
)
def test_only_what_the_caller_may_read_can_be_placed(school: School, who: str, asset: str, status: int) -> None:
    kind, whose = asset.split()
    client, name = school.as_(who), f"{kind}_{school.id(whose)}"
    assert put(client, {name: 1}).status == status
    assert client.get(SELF).json == {"dashboard_positions": {name: "1"} if status == 200 else {}}


def test_the_caller_and_not_the_user_must_read_the_asset(school: School) -> None:
    assert (
        put(school.as_("admin"), {f"course_{school.id('history')}": 1}, positions_url(school, "student")).status == 200
    )


def test_anybody_places_a_public_course(school: School) -> None:
    school.write(lambda db: db.execute(update(Course).where(Course.c.name == "History").values(is_public=True)))
    assert put(school.as_("outsider"), {f"course_{school.id('history')}": 1}).status == 200


def test_the_first_pair_with_a_fault_decides_and_in_it_the_asset_first(school: School) -> None:
    client = school.as_("student")
    mine, closed, none = (f"course_{id}" for id in (school.id("biology"), school.id("history"), 999))

    def status_of(*pairs: tuple[str, Any]) -> tuple[int, Any]:
        reply = put(client, dict(pairs))
        return reply.status, reply.json.get("message")

    assert status_of((none, "x"), (closed, 1)) == (404, None)
    assert status_of((closed, "x"), (none, 1)) == (403, None)
    assert status_of((mine, "x"), (closed, 1)) == (400, "Invalid position provided")
    assert status_of((mine, 2000), (none, 1)) == (400, TOO_HIGH.format(2000))
    assert client.get(SELF).json == {"dashboard_positions": {}}
    assert put(school.as_("classmate"), {none: "x"}, positions_url(school, "student")).status == 403


@pytest.mark.parametrize("body", [{}, {"dashboard_positions": None}, {"dashboard_positions": ""}])
def test_no_positions_at_all_is_a_fault(school: School, body: dict[str, Any]) -> None:
    reply = school.as_("student").put(SELF, json=body)
    assert reply.status == 400
    assert reply.json["errors"][0]["message"] == "dashboard_positions is missing"
    assert school.as_("classmate").put(positions_url(school, "student"), json=body).status == 403


@pytest.mark.parametrize("value", ["text", 3, [1, 2]])
def test_positions_that_are_no_object_are_a_fault(school: School, value: Any) -> None:
    reply = school.as_("student").put(SELF, json={"dashboard_positions": value})
    assert reply.status == 400
    assert reply.json["errors"][0]["message"] == "dashboard_positions must be an object"


def test_an_empty_object_changes_nothing(school: School) -> None:
    assert school.as_("student").put(SELF, json={"dashboard_positions": {}}).json == {"dashboard_positions": {}}


def test_one_asset_under_two_names_is_one(school: School) -> None:
    course = school.id("biology")
    reply = put(school.as_("student"), {f"course_{course}": 1, f"course_{10_000_000_000_000 + course}": 2})
    assert reply.json == {"dashboard_positions": {f"course_{course}": "2"}}


def test_many_positions_take_as_many_statements_as_one(school: School, queries_of: Any) -> None:
    client = school.as_("site_admin")
    people = ["student", "teacher", "ta", "classmate", "outsider"]
    pairs = {f"user_{school.id(who)}": 1 for who in people}
    first = dict(list(pairs.items())[:1])
    one, many = (queries_of(client.put, SELF, {"dashboard_positions": some}) for some in (first, pairs))
    assert one == many


def test_writers_at_the_same_time_lose_nothing(school: School) -> None:
    people = ["student", "teacher", "ta", "classmate", "outsider", "designer"]
    shared = {f"course_{school.id(course)}": 1 for course in ("biology", "history")}

    def write(who: str) -> Callable[[Client], Reply]:
        pairs = [*shared.items(), (f"user_{school.id(who)}", 1)]
        # Half of them name the same assets the other way round.
        ordered = dict(pairs if len(who) % 2 else reversed(pairs))
        return lambda client: put(client, ordered)

    replies = school.as_("site_admin").at_once(*(write(who) for who in people))
    assert {reply.status for reply in replies} == {200}
    stored = school.as_("site_admin").get(SELF).json["dashboard_positions"]
    assert stored.keys() == {*shared, *(f"user_{school.id(who)}" for who in people)}


POSITION = st.one_of(
    st.integers(-1100, 1100), st.integers(-1100, 1100).map(str), st.sampled_from(["", "x", None, 1.5, True, [1]])
)
WRITES = st.lists(
    st.dictionaries(st.sampled_from(["biology", "student", "history", "nothing"]), POSITION, max_size=4), max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(WRITES)
def test_any_writes_leave_what_the_good_ones_said(school: School, writes: list[dict[str, Any]]) -> None:
    school.write(lambda db: db.execute(delete(DashboardPosition)))
    client, model = school.as_("student"), dict[str, Any]()
    names = {
        "biology": f"course_{school.id('biology')}",
        "student": f"user_{school.id('student')}",
        "history": f"course_{school.id('history')}",
        "nothing": "course_999",
    }
    for positions in writes:
        sent = {names[whose]: position for whose, position in positions.items()}
        reply = client.put(SELF, json={"dashboard_positions": sent})
        expected = next((status for pair in positions.items() if (status := _status_of(*pair)) != 200), 200)
        assert reply.status == expected
        if expected == 200:
            model |= sent
    assert client.get(SELF).json == {"dashboard_positions": model}


def _status_of(whose: str, position: Any) -> int:
    """What one pair alone is answered."""
    if whose in ("nothing", "history"):
        return 404 if whose == "nothing" else 403
    whole = isinstance(position, int | str) and not isinstance(position, bool) and str(position).lstrip("-").isdigit()
    return 200 if whole and abs(int(position)) <= 1000 else 400
