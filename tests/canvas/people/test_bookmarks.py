"""Bookmarks of the caller (homeroom.md §3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from tests.conftest import School
from tests.support.client import Client

from homeroom.school.schema import Bookmark

pytestmark = pytest.mark.spec("homeroom.md#3")

URL = "/api/v1/users/self/bookmarks"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def add(client: Client, name: str, **values: Any) -> int:
    reply = client.post(URL, json={"name": name, "url": f"/courses/{name}", **values})
    assert reply.status == 200, reply.text
    return int(reply.json["id"])


def names_of(client: Client) -> list[str]:
    """The names in their order, which the positions repeat."""
    items = client.get(URL, {"per_page": 100}).json
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    return [item["name"] for item in items]


def test_a_bookmark_is_made_shown_changed_and_removed(school: School) -> None:
    client = school.as_("student")
    assert client.get(URL).json == []
    made = client.post(URL, {"name": "Biology 101", "url": "/courses/1", "data": {"active_tab": 1}})
    id = made.json["id"]
    assert (made.status, made.json) == (
        200,
        {"id": id, "name": "Biology 101", "url": "/courses/1", "position": 1, "data": {"active_tab": "1"}},
    )
    assert client.get(f"{URL}/{id}").json == made.json
    assert client.get(URL).json == [made.json]
    changed = client.put(f"{URL}/{id}", {"name": "Biology"})
    assert (changed.status, changed.json) == (200, {**made.json, "name": "Biology"})
    removed = client.delete(f"{URL}/{id}")
    assert (removed.status, removed.json) == (200, changed.json)
    assert client.get(URL).json == []
    for again in (client.delete(f"{URL}/{id}"), client.get(f"{URL}/{id}"), client.put(f"{URL}/{id}", {"name": "x"})):
        assert (again.status, again.json) == (404, NOT_FOUND)


def test_bookmarks_are_ones_own(school: School) -> None:
    id = add(school.as_("student"), "mine")
    for who in ("classmate", "admin", "site_admin"):
        client = school.as_(who)
        assert client.get(URL).json == []
        assert client.get(f"{URL}/{id}").status == 404
        assert client.put(f"{URL}/{id}", {"name": "taken"}).status == 404
        assert client.delete(f"{URL}/{id}").status == 404
    assert names_of(school.as_("student")) == ["mine"]


@pytest.mark.spec("basics.md#7")
def test_who_acts_as_somebody_sees_their_bookmarks(school: School) -> None:
    add(school.as_("student"), "hers")
    seen = school.as_("admin").get(f"{URL}?as_user_id={school.id('student')}").json
    assert [bookmark["name"] for bookmark in seen] == ["hers"]


@pytest.mark.parametrize(
    ("method", "url"), [("GET", URL), ("POST", URL), ("GET", f"{URL}/1"), ("PUT", f"{URL}/1"), ("DELETE", f"{URL}/1")]
)
def test_nobody_has_no_bookmarks(school: School, method: str, url: str) -> None:
    assert school.as_("anonymous").call(method, url, {"name": "x", "url": "/x"}).status == 401


def test_bookmarks_are_only_under_self(school: School) -> None:
    assert school.as_("student").get(f"/api/v1/users/{school.id('student')}/bookmarks").status == 404


@pytest.mark.parametrize("id", ["0", "junk", "-1", "99999999999999999999", "sis_user_id:x"])
def test_what_is_no_id_is_not_found(school: School, id: str) -> None:
    assert school.as_("student").get(f"{URL}/{id}").status == 404


@pytest.mark.parametrize(
    ("position", "order"),
    [(None, "abcx"), (1, "xabc"), (2, "axbc"), (4, "abcx"), (99, "abcx"), (0, "xabc"), (-5, "xabc"), (2**62, "abcx")],
)
def test_a_new_bookmark_comes_to_the_bottom_or_where_it_is_put(school: School, position: Any, order: str) -> None:
    client = school.as_("student")
    for name in "abc":
        add(client, name)
    add(client, "x", position=position)
    assert names_of(client) == list(order)


@pytest.mark.parametrize(
    ("moved", "position", "order"), [("a", 3, "bca"), ("c", 1, "cab"), ("b", 2, "abc"), ("a", 9, "bca")]
)
def test_a_bookmark_that_is_moved_makes_the_others_close_up(
    school: School, moved: str, position: int, order: str
) -> None:
    client = school.as_("student")
    ids = {name: add(client, name) for name in "abc"}
    reply = client.put(f"{URL}/{ids[moved]}", {"position": position})
    assert reply.json["position"] == min(position, 3)
    assert names_of(client) == list(order)


def test_a_bookmark_that_goes_makes_the_others_close_up(school: School) -> None:
    client = school.as_("student")
    ids = {name: add(client, name) for name in "abc"}
    client.delete(f"{URL}/{ids['b']}")
    assert names_of(client) == ["a", "c"]


@pytest.mark.spec("basics.md#3")
def test_the_list_is_paged_and_counted(school: School) -> None:
    client = school.as_("student")
    for name in "abcde":
        add(client, name)
    reply = client.get(f"{URL}?per_page=2")
    assert [item["name"] for item in reply.json] == ["a", "b"]
    assert list(reply.links) == ["current", "next", "first", "last"]
    assert reply.links["last"] == f"http://school.test{URL}?page=3&per_page=2"
    assert [item["name"] for item in client.pages(f"{URL}?per_page=2")] == list("abcde")


@pytest.mark.parametrize(
    "data", ["text", '{"active_tab":1}', {"active_tab": 1, "id": 3}, [1, "x"], 3, 1.5, True, {}, [], ""]
)
def test_data_comes_back_as_it_was_given(school: School, data: Any) -> None:
    client = school.as_("student")
    id = add(client, "a", data=data)
    assert client.get(f"{URL}/{id}").json["data"] == data
    assert client.put(f"{URL}/{id}", {"name": "b"}).json["data"] == data
    assert client.put(f"{URL}/{id}", json={"data": None}).json["data"] is None


@pytest.mark.spec("basics.md#4")
def test_ids_are_text_for_those_who_ask(school: School) -> None:
    client = school.as_("student")
    id = add(client, "a", data={"course_id": 5})
    reply = client.get(f"{URL}/{id}", headers={"Accept": "application/json+canvas-string-ids"})
    assert (reply.json["id"], reply.json["data"]) == (str(id), {"course_id": "5"})


def fault(attribute: str, kind: str) -> dict[str, Any]:
    return {attribute: [{"attribute": attribute, "type": kind, "message": kind}]}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": ""}, fault("name", "blank")),
        ({"name": "  "}, fault("name", "blank")),
        ({"url": ""}, fault("url", "blank")),
        ({"name": "x" * 256}, fault("name", "too_long")),
        ({"url": "/" + "x" * 4096}, fault("url", "too_long")),
        ({"name": "", "url": ""}, fault("name", "blank") | fault("url", "blank")),
        *(
            ({"url": url}, fault("url", "invalid"))
            for url in (
                "javascript:alert(1)",
                " JavaScript:alert(1)",
                "java\tscript:alert(1)",
                "data:text/html,x",
                "ftp://files.example",
                "courses/1",
                "https:",
                "http://[",
            )
        ),
    ],
)
def test_what_cannot_be_a_bookmark_is_refused_and_changes_nothing(
    school: School, values: dict[str, Any], errors: dict[str, Any]
) -> None:
    client = school.as_("student")
    id = add(client, "a")
    reply = client.post(URL, {"name": "b", "url": "/courses/1", **values})
    assert (reply.status, reply.json) == (400, {"errors": errors})
    reply = client.put(f"{URL}/{id}", {"position": 1, **values})
    assert (reply.status, reply.json) == (400, {"errors": errors})
    assert [(item["name"], item["url"]) for item in client.get(URL).json] == [("a", "/courses/a")]


def test_name_and_address_are_needed_at_first(school: School) -> None:
    reply = school.as_("student").post(URL)
    assert (reply.status, reply.json) == (400, {"errors": fault("name", "blank") | fault("url", "blank")})


@pytest.mark.parametrize("url", ["/", "/courses/1?x=1#y", "https://example.com", "http://example.com:8080/x"])
def test_any_page_can_be_bookmarked(school: School, url: str) -> None:
    assert school.as_("student").post(URL, {"name": "a", "url": f" {url} "}).json["url"] == url


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.none() | st.integers(-1, 8)),
        st.tuples(st.just("move"), st.integers(0, 7), st.integers(-1, 8)),
        st.tuples(st.just("remove"), st.integers(0, 7)),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(CHANGES)
def test_any_changes_leave_the_order_of_a_plain_list(school: School, changes: list[tuple[Any, ...]]) -> None:
    school.write(lambda db: db.execute(delete(Bookmark)))
    client, model = school.as_("student"), list[int]()
    add(school.as_("classmate"), "of somebody else")
    for kind, *values in changes:
        if kind == "add":
            id = add(client, "x", position=values[0])
            model.insert(len(model) if values[0] is None else max(0, values[0] - 1), id)
        elif values[0] < len(model):
            id = model.pop(values[0])
            if kind == "remove":
                client.delete(f"{URL}/{id}")
            else:
                client.put(f"{URL}/{id}", {"position": values[1]})
                model.insert(max(0, values[1] - 1), id)
    names_of(client)
    assert [item["id"] for item in client.get(URL, {"per_page": 100}).json] == model
    assert names_of(school.as_("classmate")) == ["of somebody else"]


def test_attack_nobody_fills_the_table_with_bookmarks(school: School) -> None:
    small = school.with_settings(max_bookmarks=2)
    client = small.as_("student")
    first = add(client, "a")
    add(client, "b")
    refused = client.post(URL, {"name": "c", "url": "/c"})
    fault = {"attribute": "base", "type": "too_many", "message": "There are too many bookmarks (maximum is 2)"}
    assert (refused.status, refused.json) == (400, {"errors": {"base": [fault]}})
    assert names_of(client) == ["a", "b"]
    add(small.as_("teacher"), "c")
    client.delete(f"{URL}/{first}")
    add(client, "d")


def test_a_bookmarks_data_has_a_limit(school: School) -> None:
    client = school.as_("student")
    data = {"x": "y" * 16_384}
    refused = client.post(URL, json={"name": "a", "url": "/a", "data": data})
    assert (refused.status, refused.json["errors"]["data"][0]["type"]) == (400, "too_long")
    id = add(client, "a")
    assert client.put(f"{URL}/{id}", json={"data": data}).status == 400
    assert client.put(f"{URL}/{id}", json={"data": None}).status == 200
