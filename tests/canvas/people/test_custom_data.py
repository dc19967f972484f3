"""Custom data (custom-data-files-sis.md §1)."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import School
from tests.support.client import Client, Reply

from homeroom.school.people.custom_data.leaves import keys_of, leaves_of, path_of, range_of, value_of

pytestmark = pytest.mark.spec("custom-data-files-sis.md#1")
NS = "com.example.app"
MINE = "/api/v1/users/self/custom_data"


def put(client: Client, scope: str, data: Any, url: str = MINE, ns: str = NS) -> Reply:
    return client.put(url + scope, json={"ns": ns, "data": data})


def get(client: Client, scope: str = "", url: str = MINE) -> Reply:
    return client.get(f"{url}{scope}?ns={NS}")


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("student", 200, 200),
        ("classmate", 403, 403),
        ("observer", 200, 403),
        ("teacher", 403, 403),
        ("outsider", 403, 403),
        ("narrow_admin", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("sub_admin", 200, 200),
        ("admin", 200, 200),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_read_and_who_may_write(school: School, who: str, reads: int, writes: int) -> None:
    put(school.as_("student"), "", {"a": {"b": 1}})
    url = f"/api/v1/users/{school.id('student')}/custom_data"
    client = school.as_(who)
    assert get(client, "/a", url).status == reads
    assert put(client, "/a", {"b": 2}, url).status == writes
    assert client.delete(f"{url}/a/b", {"ns": NS}).status == writes
    left = get(school.as_("student"))
    assert left.json == ({"data": {"a": {"b": 1}}} if writes != 200 else {"message": "no data for scope"})


def test_a_first_write_is_201_and_the_next_200(school: School) -> None:
    student = school.as_("student")
    first = student.put(f"{MINE}/telephone", {"ns": NS, "data": "555-1234"})
    assert (first.status, first.json) == (201, {"data": "555-1234"})
    again = student.put(f"{MINE}/telephone", {"ns": NS, "data": "555-4321"})
    assert (again.status, again.json) == (200, {"data": "555-4321"})


def test_null_counts_as_nothing_stored(school: School) -> None:
    student = school.as_("student")
    put(student, "", {"a": None, "b": 1})
    assert put(student, "/a", 5).status == 201
    assert put(student, "/b", 5).status == 200


def test_subscopes_make_objects_of_strings(school: School) -> None:
    student = school.as_("student")
    sizes = {"waist": "32in", "inseam": "34in", "chest": "40in"}
    reply = student.put(f"{MINE}/body/measurements", {"ns": NS, "data": sizes})
    assert (reply.status, reply.json) == (201, {"data": sizes})
    # A body on GET is read like that of PUT (homeroom.md §2).
    assert student.get(f"{MINE}/body/measurements/chest", {"ns": NS}).json == {"data": "40in"}
    assert get(student).json == {"data": {"body": {"measurements": sizes}}}


def test_json_keeps_its_types_and_numbers_their_form(school: School) -> None:
    student = school.as_("student")
    text = (
        '{"n":6.02e23,"one":1.0,"big":12345678901234567890123,"b":true,"s":"true","h":{"b":"ohai"},"a":[1,"two",null]}'
    )
    reply = student.put(
        MINE, body=f'{{"ns":"{NS}","data":{text}}}'.encode(), headers={"content-type": "application/json"}
    )
    assert reply.status == 201
    assert reply.text == f'{{"data":{text}}}'
    assert get(student).text == f'{{"data":{text}}}'
    assert get(student, "/big").text == '{"data":12345678901234567890123}'
    assert get(student, "/a").json == {"data": [1, "two", None]}


def test_a_write_replaces_the_value_and_leaves_siblings(school: School) -> None:
    student = school.as_("student")
    put(student, "", {"fruit": {"apple": 1, "kiwi": 2}, "rest": True})
    assert put(student, "/fruit", {"pear": 3}).status == 200
    assert get(student).json == {"data": {"rest": True, "fruit": {"pear": 3}}}
    assert put(student, "/fruit", "none").status == 200
    assert get(student).json == {"data": {"rest": True, "fruit": "none"}}
    assert put(student, "", {"new": 1}).json == {"data": {"new": 1}}
    assert get(student).json == {"data": {"new": 1}}


@pytest.mark.parametrize(
    ("value", "ruby_class"),
    [("blonde", "String"), ([1], "Array"), (3, "Integer"), (1.5, "Float"), (True, "TrueClass"), (False, "FalseClass")],
)
def test_an_outer_level_that_is_no_object_is_a_conflict(school: School, value: Any, ruby_class: str) -> None:
    student = school.as_("student")
    put(student, "", {"fashion_app": {"hair": value}})
    reply = put(student, "/fashion_app/hair/style", "buzz")
    assert reply.status == 409
    assert reply.json == {
        "message": "write conflict for custom_data hash",
        "conflict_scope": "fashion_app/hair",
        "type_at_conflict": ruby_class,
        "value_at_conflict": value,
    }
    assert get(student).json == {"data": {"fashion_app": {"hair": value}}}


@pytest.mark.parametrize("value", [None, {}])
def test_an_empty_outer_level_makes_way(school: School, value: Any) -> None:
    student = school.as_("student")
    put(student, "", {"a": value, "z": 0})
    assert put(student, "/a/b/c", 1).status == 201
    assert get(student).json == {"data": {"z": 0, "a": {"b": {"c": 1}}}}


def test_deleting_empties_parents_upwards(school: School) -> None:
    student = school.as_("student")
    put(
        student,
        "",
        {"fruit": {"apple": "so tasty", "kiwi": "a bit sour"}, "veggies": {"root": {"onion": "tear-jerking"}}},
    )
    assert student.delete(f"{MINE}/fruit/kiwi", {"ns": NS}).json == {"data": "a bit sour"}
    assert student.delete(f"{MINE}/veggies/root/onion", {"ns": NS}).json == {"data": "tear-jerking"}
    assert get(student).json == {"data": {"fruit": {"apple": "so tasty"}}}
    reply = student.delete(MINE, {"ns": NS})
    assert (reply.status, reply.json) == (200, {"data": {"fruit": {"apple": "so tasty"}}})
    assert (get(student).status, get(student).json) == (400, {"message": "no data for scope"})


@pytest.mark.parametrize(
    ("method", "url", "form", "status", "message"),
    [
        ("GET", f"{MINE}/a", {}, 400, "invalid namespace"),
        ("PUT", f"{MINE}/a", {"ns": " ", "data": "x"}, 400, "invalid namespace"),
        ("DELETE", MINE, {"ns": ""}, 400, "invalid namespace"),
        ("PUT", MINE, {"ns": "n" * 256, "data": "x"}, 400, "invalid namespace"),
        ("GET", MINE, {"ns": "other"}, 400, "no data for scope"),
        ("DELETE", f"{MINE}/a", {"ns": "other"}, 400, "no data for scope"),
        ("PUT", f"{MINE}/a", {"ns": NS}, 400, "no data specified"),
        ("GET", f"{MINE}/missing", {"ns": NS}, 400, "invalid scope for hash"),
        ("GET", f"{MINE}/s/through", {"ns": NS}, 400, "invalid scope for hash"),
        ("GET", f"{MINE}/list/0", {"ns": NS}, 400, "invalid scope for hash"),
        ("DELETE", f"{MINE}/missing", {"ns": NS}, 400, "invalid scope for hash"),
        ("DELETE", f"{MINE}/s/through", {"ns": NS}, 400, "invalid scope for hash"),
    ],
)
def test_refusals_change_nothing(school: School, method: str, url: str, form: Any, status: int, message: str) -> None:
    student = school.as_("student")
    content = {"s": "text", "list": [1], "a": 1}
    put(student, "", content)
    reply = student.call(method, url, form)
    assert (reply.status, reply.json) == (status, {"message": message})
    assert get(student).json == {"data": content}


def test_json_null_is_no_data_but_false_zero_and_empty_text_are(school: School) -> None:
    student = school.as_("student")
    assert put(student, "/x", None).json == {"message": "no data specified"}
    for value in (False, 0, ""):
        assert put(student, "/x", value).json == {"data": value}
        assert get(student, "/x").json == {"data": value}


def test_an_unknown_user_is_404_after_the_namespace_and_before_the_rest(school: School) -> None:
    admin = school.as_("admin")
    assert admin.get("/api/v1/users/999999/custom_data").json == {"message": "invalid namespace"}
    assert admin.get(f"/api/v1/users/999999/custom_data?ns={NS}").status == 404


def test_a_stranger_learns_first_that_there_is_no_data(school: School) -> None:
    url = f"/api/v1/users/{school.id('student')}/custom_data"
    assert get(school.as_("outsider"), "", url).json == {"message": "no data for scope"}


def test_namespaces_are_apart(school: School) -> None:
    student = school.as_("student")
    put(student, "/a", 1)
    put(student, "/a", 2, ns="other")
    student.delete(MINE, {"ns": "other"})
    assert get(student).json == {"data": {"a": 1}}


def test_a_scope_is_free_text(school: School) -> None:
    student = school.as_("student")
    scope = "/settings.json/with%20space/emoji-%F0%9F%8E%92/%01"
    assert put(student, scope, "x").status == 201
    assert get(student).json == {"data": {"settings.json": {"with space": {"emoji-🎒": {"\x01": "x"}}}}}
    assert get(student, "/settings.json/with%20space").json == {"data": {"emoji-🎒": {"\x01": "x"}}}


def test_a_document_has_a_largest_size(school: School) -> None:
    student = school.with_settings(max_custom_data=1000).as_("student")
    assert put(student, "/a", "x" * 900).status == 201
    refused = put(student, "/b", "x" * 200)
    assert (refused.status, list(refused.json)) == (400, ["message"])
    assert get(student).json == {"data": {"a": "x" * 900}}
    assert put(student, "/a", "short").status == 200
    assert put(student, "/b", "x" * 200).status == 201


def test_a_key_costs_the_same_in_a_large_document(school: School, queries_of: Any) -> None:
    student = school.as_("student")
    put(student, "", {"wanted": 1})
    small = queries_of(student.get, f"{MINE}/wanted?ns={NS}")
    for part in range(20):
        put(student, f"/part{part}", {f"key{i}": "x" * 40 for i in range(1000)})
    assert queries_of(student.get, f"{MINE}/wanted?ns={NS}") == small == 3


@pytest.mark.parametrize("letter", ["k", "\U0001f600"])
def test_keys_from_the_top_have_a_largest_length(school: School, letter: str) -> None:
    student, namespace = school.as_("student"), "\U0001f600" * 255
    # The longest namespace with the longest path, neither of which compresses, fits into the index.
    longest = "".join(chr(0x1F000 + (number * 7919) % 997) for number in range(399))
    assert put(student, "", {longest: 1}, ns=namespace).status == 201
    refused = {"message": "a scope of this data would be longer than 1600 bytes"}
    for scope, data in (("/a", {letter * 1600: 1}), ("/" + "/".join([letter * 80] * 20), 1)):
        reply = put(student, scope, data)
        assert (reply.status, reply.json) == (400, refused)
    assert get(student).json == {"message": "no data for scope"}
    assert get(student, "/" + letter * 1600).json == {"message": "no data for scope"}


def test_concurrent_writers_of_one_namespace_lose_nothing(school: School) -> None:
    scopes = [f"/shared/deep/key{i}" for i in range(24)]
    replies = school.as_("student").at_once(*[partial(put, scope=scope, data=scope) for scope in scopes])
    assert [reply.status for reply in replies] == [201] * 24
    stored = get(school.as_("student")).json["data"]["shared"]["deep"]
    assert stored == {scope.rsplit("/", 1)[1]: scope for scope in scopes}


def test_a_writer_who_meets_somebody_deleting_the_document_makes_it_anew(school: School) -> None:
    def delete(client: Client) -> Reply:
        return client.delete(f"{MINE}?ns={NS}")

    for _ in range(6):
        put(school.as_("student"), "/first", 1)
        writers = [partial(put, scope=f"/key{i}", data=i) for i in range(6)]
        replies = school.as_("student").at_once(*[call for writer in writers for call in (delete, writer)])
        statuses = [reply.status for reply in replies]
        assert set(statuses[1::2]) <= {200, 201}
        assert set(statuses[::2]) <= {200, 400}  # 400: another has deleted it before


KEYS = st.sampled_from(["a", "b", "a\x01", "\x01", "\x02", "a\x021", "é"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3).filter(lambda t: "\x00" not in t),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_a_document_is_the_sum_of_its_leaves(value: Any) -> None:
    import msgspec

    raw = msgspec.Raw(json.dumps(value).encode())
    assert json.loads(bytes(value_of(list(leaves_of(raw)), ""))) == value


@given(st.lists(KEYS, min_size=1, max_size=4), st.lists(KEYS, max_size=4))
def test_the_range_of_a_path_holds_exactly_what_is_below_it(keys: list[str], others: list[str]) -> None:
    assert keys_of(path_of(keys)) == keys
    bounds = range_of(path_of(keys))
    assert bounds is not None
    assert (bounds[0] <= path_of(others) < bounds[1]) == (others[: len(keys)] == keys)


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["put", "delete"]), st.lists(KEYS, max_size=3), VALUES.filter(lambda v: v is not None)),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(OPERATIONS)
def test_any_sequence_of_writes_agrees_with_a_plain_dict(sqlite_school: School, operations: list[Any]) -> None:
    student = sqlite_school.as_("student")
    student.delete(MINE, {"ns": NS})
    model: Model = Model()
    for verb, keys, value in operations:
        from urllib.parse import quote

        scope = "".join("/" + quote(key, safe="") for key in keys)
        if verb == "put":
            assert put(student, scope, value).status == model.put(keys, value)
        else:
            assert student.delete(MINE + scope, {"ns": NS}).status == model.delete(keys)
        reply = get(student)
        assert reply.status == (200 if model.exists else 400)
        if model.exists:
            assert reply.json == {"data": model.value}


class Model:
    """What the documentation says, on a plain nested dict."""

    def __init__(self) -> None:
        self.exists = False
        self.value: Any = None

    def put(self, keys: list[str], value: Any) -> int:
        if not keys:
            status = 200 if self.exists and self.value is not None else 201
            self.exists, self.value = True, value
            return status
        level = self.value if self.exists else None
        for key in keys[:-1]:
            if level is None:
                break
            if not isinstance(level, dict):
                return 409
            level = level.get(key)
        if level is not None and not isinstance(level, dict):
            return 409
        if not self.exists or self.value is None:
            self.exists, self.value = True, {}
        level = self.value
        for key in keys[:-1]:
            if level.get(key) is None:
                level[key] = {}
            level = level[key]
        status = 201 if level.get(keys[-1]) is None else 200
        level[keys[-1]] = value
        return status

    def delete(self, keys: list[str]) -> int:
        if not self.exists:
            return 400
        if not keys:
            self.exists = False
            return 200
        levels, level = [], self.value
        for key in keys:
            if not isinstance(level, dict) or key not in level:
                return 400
            levels.append(level)
            level = level[key]
        for level, key in zip(reversed(levels), reversed(keys), strict=True):
            del level[key]
            if level:
                break
        else:
            self.exists = False
        return 200


def test_attack_namespaces_are_no_way_around_the_limit(school: School) -> None:
    small = school.with_settings(max_custom_data=1_000, max_custom_data_per_person=2_000)
    student = small.as_("student")
    assert [put(student, "", "x" * 600, ns=f"n{number}").status for number in range(3)] == [201, 201, 400]
    refused = put(student, "", "x" * 600, ns="n3")
    assert refused.json == {"message": "the custom data of this person would be larger than 2000 characters"}
    # What is there can be made smaller and replaced, empty documents count too, and others have their own room.
    assert put(student, "", "y" * 500, ns="n1").status == 200
    assert {put(student, f"/{number}", 1, ns=f"m{number}").status for number in range(10)} == {201, 400}
    assert put(small.as_("classmate"), "", "x" * 600).status == 201


def test_a_percent_encoded_slash_splits_a_scope_like_any_other(school: School) -> None:
    student = school.as_("student")
    path = f"/api/v1/users/{school.id('student')}/custom_data"

    def send(method: str, scope: str, body: bytes = b"") -> Reply:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())] if body else []
        reply = student.send(method, f"{path}/{scope}?ns=app".encode(), headers, [body] if body else [])
        assert reply is not None
        return reply

    assert send("PUT", "a%2Fb%2fc", b'{"data": 1}').status == 201
    assert send("GET", "a/b").json == {"data": {"c": 1}}
    assert send("GET", "a%2Fb/c").json == {"data": 1}
    assert send("DELETE", "a%2Fb").status == 200
    assert send("GET", "a/b").status == 400
