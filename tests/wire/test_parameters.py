"""Parameters on their whole way (basics.md §5); the parser and the types have test_params.py and test_coerce.py."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.conftest import School
from tests.support.client import Client
from tests.support.probe import with_probe

pytestmark = pytest.mark.spec("basics.md#5")
ECHO = "/api/probe/echo"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def nobody(school: School) -> Client:
    return with_probe(school).as_("anonymous")


def multipart(*parts: tuple[str, str]) -> tuple[bytes, dict[str, str]]:
    lines = [f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts]
    return "".join([*lines, "--edge--\r\n"]).encode(), {"content-type": "multipart/form-data; boundary=edge"}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_parameters_come_in_the_query_a_form_a_multipart_form_or_json(nobody: Client, method: str) -> None:
    expected = {"params": {"user": {"name": "Ada"}, "ids": ["1", "2"]}}
    query = "user[name]=Ada&ids[]=1&ids[]=2"
    body, headers = multipart(("user[name]", "Ada"), ("ids[]", "1"), ("ids[]", "2"))
    assert nobody.call(method, f"{ECHO}?{query}").json == expected
    assert nobody.call(method, ECHO, body=query.encode(), headers={"content-type": FORM}).json == expected
    assert nobody.call(method, ECHO, body=query.encode()).json == expected
    assert nobody.call(method, ECHO, body=body, headers=headers).json == expected
    assert nobody.call(method, ECHO, json={"user": {"name": "Ada"}, "ids": ["1", "2"]}).json == expected


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"],
)
def test_json_is_json_by_its_content_type(nobody: Client, content_type: str) -> None:
    reply = nobody.call("POST", ECHO, body=b'{"a": [1, true, null, 1.5]}', headers={"content-type": content_type})
    assert reply.json == {"params": {"a": [1, True, 1.5]}}


def test_all_sources_are_merged_and_the_query_wins(nobody: Client) -> None:
    assert nobody.post(f"{ECHO}?a=query&b=1", {"a": "form", "c": "2"}).json["params"] == {
        "a": "query",
        "b": "1",
        "c": "2",
    }
    assert nobody.post(f"{ECHO}?a=query", json={"a": 1, "c": 2}).json["params"] == {"a": "query", "c": 2}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/csv", "application/octet-stream", "application/xml", "nonsense", "/", ";"]
)
def test_a_body_of_another_type_has_no_parameters(nobody: Client, content_type: str) -> None:
    reply = nobody.call("POST", f"{ECHO}?b=1", body=b"a=1", headers={"content-type": content_type})
    assert (reply.status, reply.json) == (200, {"params": {"b": "1"}})


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=1&a=2", "2"), ("a=%C3%BC", "ü"), ("a=x+y%20z", "x y z"), ("a=%26%3D", "&="), ("a=", ""), ("a", None)],
)
def test_the_same_text_means_the_same_in_query_and_form(nobody: Client, text: str, value: str | None) -> None:
    for reply in (nobody.get(f"{ECHO}?{text}"), nobody.call("POST", ECHO, body=text.encode())):
        assert reply.json == {"params": {"a": value}}


def test_a_list_of_objects(nobody: Client) -> None:
    reply = nobody.get(f"{ECHO}?a[][b]=1&a[][c]=2&a[][b]=3")
    assert reply.json["params"] == {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}


def test_unknown_parameters_and_includes_are_ignored(school: School) -> None:
    student = school.as_("student")
    plain = student.get("/api/v1/users/self").json
    assert student.get("/api/v1/users/self?nonsense[a]=1&include[]=nonsense&nonsense").json == plain


@pytest.mark.parametrize("query", ["include[]=uuid", "include=uuid", "include[]=uuid&include[]=x", "include[0]=uuid"])
def test_an_include_may_be_one_text(school: School, query: str) -> None:
    assert len(school.as_("student").get(f"/api/v1/users/self?{query}").json["uuid"]) == 40


# --- .json


@pytest.mark.spec("homeroom.md#2")
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("echo.json", {"params": {}}),
        ("echo.json?a=1", {"params": {"a": "1"}}),
        ("plain/x.json", {"text": "x"}),
        ("plain/x.json.json", {"text": "x.json"}),
        ("plain/.json", {"text": ".json"}),
        ("users/7/form.json", {"kind": "id", "value": "7"}),
        ("texts/x.json", {"text": "x.json"}),
        ("texts/a%40b.json", {"text": "a@b.json"}),
        ("scopes.json", {"scope": []}),
        ("scopes/a/b.json", {"scope": ["a", "b.json"]}),
        ("scopes/a.json/b", {"scope": ["a.json", "b"]}),
        ("scopes/.json", {"scope": [".json"]}),
        ("plain/sis_login_id:a@b.json", {"text": "sis_login_id:a@b.json"}),
        ("plain/sis_user_id:a.json", {"text": "sis_user_id:a"}),
    ],
)
def test_a_json_at_the_end_is_dropped_but_from_free_text(nobody: Client, path: str, answer: dict[str, Any]) -> None:
    reply = nobody.send("GET", f"/api/probe/{path}".encode())
    assert reply and reply.json == answer


@pytest.mark.parametrize("path", ["/api/v1/users/self.json", "/api/v1/users/self.json?include[]=uuid"])
def test_every_route_answers_with_json_at_the_end(school: School, path: str) -> None:
    assert school.as_("student").get(path).json["id"] == school.id("student")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/users/self.xml", "/api/v1/users/self.JSON", "/api/v1/users/self.json/x", "/api/v1/users.json/self"],
)
def test_there_is_no_other_format(school: School, path: str) -> None:
    assert school.as_("student").get(path).status == 404


# --- paths


@pytest.mark.spec("homeroom.md#2")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("%2F", "/"), ("a%252Fb", "a%2Fb"), ("a+b", "a+b"), ("a%20b", "a b"),
        ("%C3%BC", "ü"), ("a;b=c", "a;b=c"), ("a:b@c", "a:b@c"), ("%2e%2e", ".."), ("..", ".."), (".", "."), ("%3F",
        "?"),
        ("%25", "%"), ("%zz", "%zz"), ("a%", "a%"), ("~", "~"),
    ],
)  # fmt: skip
def test_a_part_of_the_path_is_what_was_meant(nobody: Client, path: str, text: str) -> None:
    reply = nobody.send("GET", f"/api/probe/plain/{path}".encode())
    assert reply and reply.json == {"text": text}


@pytest.mark.parametrize(
    "path", [b"//api/probe/plain/x", b"/api//probe/plain//x", b"/api/probe/plain/x/", b"/api/probe/plain/x//"]
)
def test_slashes_too_many_change_nothing(nobody: Client, path: bytes) -> None:
    reply = nobody.send("GET", path)
    assert reply and reply.json == {"text": "x"}


@pytest.mark.spec("homeroom.md#2")
def test_head_is_get_without_the_body(school: School) -> None:
    student = school.as_("student")
    get, head = student.get("/api/v1/users/self"), student.call("HEAD", "/api/v1/users/self")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))
    assert head.headers["content-type"] == get.headers["content-type"]
    missing = student.call("HEAD", f"/api/v1/users/{quote('sis_user_id:no')}")
    assert (missing.status, missing.body) == (404, b"")


@pytest.mark.spec("homeroom.md#2")
def test_a_get_reads_its_body_like_a_put(nobody: Client) -> None:
    assert nobody.get(ECHO, {"ns": "org.example"}).json == nobody.put(ECHO, {"ns": "org.example"}).json
    assert nobody.delete(ECHO, json={"ns": "org.example"}).json == {"params": {"ns": "org.example"}}
