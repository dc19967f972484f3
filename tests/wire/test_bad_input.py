"""Whatever is sent: a clear answer in the face's shape, within limits, and nothing changes (basics.md §2.5)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.conftest import School
from tests.support.client import Client, Reply
from tests.support.probe import with_probe, woken

from homeroom.school.schema import User

ECHO = b"/api/probe/echo"
RENAME = "/api/probe/rename/well"
FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")
PART = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
MULTIPART = (b"content-type", b"multipart/form-data; boundary=edge")


@pytest.fixture
def nobody(school: School) -> Client:
    return with_probe(school).as_("anonymous")


def says(reply: Reply | None, status: int, code: str = "bad_request") -> bool:
    """The Canvas shape of an unmapped error, with a sentence."""
    assert reply is not None
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    (error,) = reply.json["errors"]
    assert reply.status == status, reply
    assert error.keys() == {"message", "error_code"} and error["error_code"] == code, error
    assert error["message"].endswith(".") or "parameter" in error["message"] or "param" in error["message"], error
    assert "Traceback" not in reply.text and len(reply.body) < 1000
    return True


BODIES: dict[str, tuple[tuple[bytes, bytes], bytes]] = {
    "malformed JSON": (JSON, b'{"a": 1'),
    "JSON with a comma": (JSON, b'{"a": 1,}'),
    "no JSON": (JSON, b"a=1"),
    "JSON of NaN": (JSON, b'{"a": NaN}'),
    "JSON beyond floats": (JSON, b'{"a": 1e999}'),
    "JSON in latin-1": (JSON, b'{"a": "\xfc"}'),
    "JSON with half a surrogate": (JSON, b'{"a": "\\ud800"}'),
    "JSON with a NUL": (JSON, b'{"a": "x\\u0000"}'),
    "JSON with a NUL in a name": (JSON, b'{"x\\u0000": 1}'),
    "JSON with a raw NUL": (JSON, b'{"a": "\x00"}'),
    "JSON said to be UTF-16": ((b"content-type", b"application/json; charset=utf-16"), '{"a":1}'.encode("utf-16")),
    "100,000 nested brackets": (JSON, b"[" * 100_000),
    "100,000 nested arrays": (JSON, b"[" * 100_000 + b"]" * 100_000),
    "100,000 nested objects": (JSON, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "101 nested arrays": (JSON, b"[" * 101 + b"]" * 101),
    "a million parameters": (FORM, b"&".join(b"%x=" % n for n in range(1_000_000))),
    "a name of 100,000 brackets": (FORM, b"a" + b"[b]" * 100_000 + b"=1"),
    "a form with bad escapes": (FORM, b"a=%zz"),
    "a form in latin-1": (FORM, b"a=\xfc"),
    "a form in escaped latin-1": (FORM, b"a=%FC"),
    "a form with an overlong slash": (FORM, b"a=%C0%AF"),
    "a form with a surrogate": (FORM, b"a=%ED%A0%80"),
    "a form with a NUL": (FORM, b"a=%00"),
    "a form with a raw NUL": (FORM, b"a=\x00"),
    "a name that is text and object": (FORM, b"a=1&a[b]=1"),
    "a name that is list and object": (FORM, b"a[]=1&a[b]=1"),
    "a multipart form without edge": ((b"content-type", b"multipart/form-data"), b"x"),
    "a multipart form cut off": (MULTIPART, PART + b'x'),
    "a multipart form of noise": (MULTIPART, b"\x00\xff" * 100),
    "a multipart form with a NUL": (MULTIPART, PART + b'\x00\r\n--edge--\r\n'),
    "a multipart form in latin-1": (MULTIPART, PART + b'\xfc\r\n--edge--\r\n'),
    "a million multipart parts": (
        MULTIPART, (PART + b"\r\n") * 5_000 + b"--edge--\r\n",
    ),
}  # fmt: skip


@pytest.mark.spec("basics.md#2.5")
@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_cannot_be_read_is_refused(nobody: Client, kind: str) -> None:
    content_type, body = BODIES[kind]
    headers = [content_type, (b"content-length", b"%d" % len(body))]
    began = time.perf_counter()
    assert says(nobody.send("POST", ECHO, headers, [body]), 400)
    assert time.perf_counter() - began < 3
    assert nobody.get("/api/probe/echo").status == 200


QUERIES = [
    b"a=%zz", b"a=%", b"a=%FC", b"a=\xfc", b"\xff=1", b"a=%00", b"%00=1", b"a=1&a[b]=1", b"a[]=1&a[b]=1", b"a=1&a[]=2",
    b"a" + b"[b]" * 40 + b"=1", b"&".join(b"%x" % n for n in range(5_000)), b"a=%ED%A0%80", b"a=%F5%80%80%80",
]  # fmt: skip


@pytest.mark.spec("basics.md#2.5")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: repr(query[:20]))
def test_a_query_that_cannot_be_read_is_refused(nobody: Client, query: bytes) -> None:
    assert says(nobody.send("GET", ECHO + b"?" + query), 400)


@pytest.mark.spec("basics.md#2.5")
@pytest.mark.parametrize(
    "path", [b"/api/v1/users/%FC", b"/api/v1/users/\xfc", b"/api/v1/%80", b"/api/v1/users/%00", b"/api/v1/users/a%00b",
             b"/api/v1/users/\x00", b"/api/v1/users/%ED%A0%80", b"/api/v1/%C0%AE%C0%AE/users"],
)  # fmt: skip
def test_a_path_that_is_no_text_is_refused(nobody: Client, path: bytes) -> None:
    reply = nobody.send("GET", path)
    assert says(reply, 400)
    assert reply and reply.headers["x-request-context-id"]


def test_outside_the_api_the_same_is_a_page(nobody: Client) -> None:
    reply = nobody.send("GET", b"/images/%FC")
    assert reply and (reply.status, reply.headers["content-type"]) == (400, "text/html; charset=utf-8")


# --- size


@pytest.mark.parametrize("parts", [[b"name=" + b"x" * 10_000_000], [b"name="] + [b"x" * 100_000] * 100])
@pytest.mark.parametrize("declared", [True, False])
def test_a_name_of_10_mb_is_refused(school: School, parts: Sequence[bytes], declared: bool) -> None:
    client = with_probe(school).as_("student")
    length = (b"content-length", b"%d" % sum(map(len, parts))) if declared else (b"transfer-encoding", b"chunked")
    assert says(client.send("PUT", RENAME.encode(), [FORM, length], parts), 413, "content_too_large")
    assert name_of(school, "student") == "Stella Student"


def test_a_body_that_is_too_large_is_refused_before_it_came(nobody: Client) -> None:
    for length in (b"1048577", b"9" * 18, b"9" * 5000):
        reply = nobody.send("PUT", ECHO, [FORM, (b"content-length", length)], hangs_up=True)
        assert says(reply, 413, "content_too_large")


def test_limits_are_settings(school: School) -> None:
    strict = with_probe(school, max_body=100, max_parameters=3, max_parameter_depth=2, max_json_depth=2).as_(
        "anonymous"
    )
    assert says(strict.put("/api/probe/echo", {"a": "x" * 100}), 413, "content_too_large")
    assert strict.get("/api/probe/echo?a=1&b=2&c=3").status == 200
    assert says(strict.get("/api/probe/echo?a=1&b=2&c=3&d=4"), 400)
    assert strict.get("/api/probe/echo?a[b]=1").status == 200
    assert says(strict.get("/api/probe/echo?a[b][c]=1"), 400)
    assert strict.put("/api/probe/echo", json={"a": [1]}).status == 200
    assert says(strict.put("/api/probe/echo", json={"a": [[1]]}), 400)


def test_a_larger_limit_holds_for_parameters_too(school: School) -> None:
    roomy = with_probe(school, max_body=3_000_000).as_("anonymous")
    assert len(roomy.put("/api/probe/echo", {"a": "x" * 2_000_000}).json["params"]["a"]) == 2_000_000


def test_a_route_may_take_more_than_the_others(nobody: Client) -> None:
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        + b"x" * 2_000_000
        + b"\r\n--edge--\r\n"
    )
    assert says(
        nobody.send("PUT", ECHO, [MULTIPART, (b"content-length", b"%d" % len(body))], [body]), 413, "content_too_large"
    )
    reply = nobody.send("POST", ECHO, [MULTIPART, (b"content-length", b"%d" % len(body))], [body])
    assert reply and reply.status != 413


# --- methods and paths


@pytest.mark.spec("homeroom.md#2")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/api/probe/echo", "DELETE, GET, HEAD, POST, PUT"),
        ("OPTIONS", "/api/probe/echo", "DELETE, GET, HEAD, POST, PUT"),
        ("TRACE", "/api/probe/echo", "DELETE, GET, HEAD, POST, PUT"),
        ("get", "/api/probe/echo", "DELETE, GET, HEAD, POST, PUT"),
        ("NONSENSE", "/api/probe/echo", "DELETE, GET, HEAD, POST, PUT"),
        ("HEAD", "/api/probe/prepared", "POST"),
        ("GET", "/api/probe/rename/x", "PUT"),
        ("DELETE", "/api/probe/few", "GET, HEAD"),
        ("DELETE", "/api/probe/few.json", "GET, HEAD"),
        ("PUT", "/api/probe/plain/x.json", "GET, HEAD"),
    ],
)
def test_another_method_of_a_path_is_405_with_those_there_are(
    nobody: Client, method: str, path: str, allow: str
) -> None:
    reply = nobody.call(method, path)
    if method == "HEAD":
        assert reply.status == 405
    else:
        assert says(reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == allow


@pytest.mark.spec("homeroom.md#2")
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS", "TRACE", "HEAD", "NONSENSE"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/probe/echo/x",
        "/api/v1",
        "/api/v1/",
        "/api/v2/users/self",
        "/api",
        "/api/quiz/v1/courses/1",
        "/api/probe/users/1",
    ],
)
def test_a_path_that_is_none_is_404_whatever_the_method(nobody: Client, method: str, path: str) -> None:
    reply = nobody.call(method, path)
    assert reply.status == 404
    assert "allow" not in reply.headers
    if method != "HEAD":
        assert reply.json == {"errors": [{"message": "The specified resource does not exist."}]}


def test_a_target_in_absolute_form_is_its_path(nobody: Client) -> None:
    for target in (b"http://school.test/api/probe/plain/x", b"http://school.test/api/probe/plain/x?a=1"):
        reply = nobody.send("GET", target)
        assert reply and reply.json == {"text": "x"}
    for target in (b"http://school.test", b"http://school.test/", b"http://school.test?x"):
        reply = nobody.send("GET", target)
        assert reply and reply.status in (200, 302, 404)


# --- headers


@pytest.mark.parametrize("name", [b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding"])
def test_a_header_that_must_not_come_twice(nobody: Client, name: bytes) -> None:
    assert says(nobody.send("GET", ECHO, [(name, b"a"), (name, b"b")]), 400)


def test_cookies_and_accepts_may_come_in_several_headers(nobody: Client) -> None:
    reply = nobody.send("GET", b"/api/probe/mirror", [(b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert reply and reply.json["cookie"] == "a=1; b=2"
    wish = [(b"accept", b"text/html"), (b"accept", b"application/json+canvas-string-ids")]
    reply = nobody.send("GET", b"/api/probe/ids", wish)
    assert reply and reply.json["user_id"] == "7"


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b" ",
        b"a b",
        b"a/b",
        b"a@b",
        b'a"',
        b"<a>",
        b"a\r\nX: y",
        b"a:b",
        b"a:999999",
        b"a:1:2",
        b"[::1",
        b"\xfc.de",
        b"a#",
        b"a?b",
        b"a,b",
    ],
)
def test_a_host_that_is_none_is_refused(nobody: Client, host: bytes) -> None:
    assert says(nobody.send("GET", b"/api/probe/few", [(b"host", host)]), 400)


def test_a_request_without_host_is_answered(nobody: Client) -> None:
    nobody.headers = {}
    reply = nobody.send("GET", b"/api/probe/few", [(b"host", b"x")])
    assert reply and reply.status == 200


@pytest.mark.parametrize("length", [b"", b"-1", b"+5", b"x", b"1.5", b"\xb2", b"0x5"])
def test_a_length_that_is_no_number_breaks_nothing(nobody: Client, length: bytes) -> None:
    """The HTTP server refuses it before us; should one not, the body is what came."""
    reply = nobody.send("POST", ECHO, [FORM, (b"content-length", length)], [b"a=1"])
    assert reply and reply.json == {"params": {"a": "1"}}


def test_a_length_without_a_type_is_a_form(nobody: Client) -> None:
    reply = nobody.send("POST", ECHO, [(b"content-length", b"3")], [b"a=1"])
    assert reply and reply.json == {"params": {"a": "1"}}
    reply = nobody.send("POST", ECHO, [(b"content-length", b"0")], [])
    assert reply and reply.json == {"params": {}}


@pytest.mark.parametrize(
    "header",
    [
        (b"authorization", b"Bearer " + b"x" * 30_000), (b"authorization", b"Bearer \xff\xfe"),
        (b"accept", b"\xff" * 5000),
        (b"cookie", b"=;=;,;\x01\xff"), (b"cookie", b"a=" + b"x" * 30_000), (b"x-anything", b"\xff\x00"),
        (b"accept", b"x" * 30_000), (b"if-none-match", b"\xff"), (b"user-agent", b"\xff"),
    ],
)  # fmt: skip
def test_odd_headers_break_nothing(school: School, header: tuple[bytes, bytes]) -> None:
    reply = school.as_("anonymous").send("GET", b"/api/v1/users/self", [header])
    assert reply and reply.status == 401


def test_an_answers_header_stays_one_line(nobody: Client) -> None:
    reply = nobody.get("/api/probe/header", {"value": "a\r\nSet-Cookie: x=1\tü€"})
    assert reply.headers["x-echo"] == "a  Set-Cookie: x=1 ü?"


# --- what was begun is undone


def name_of(school: School, who: str) -> str:
    return str(school.read(lambda db: db.execute(select(User.c.name).where(User.c.id == school.id(who))).scalar_one()))


@pytest.mark.parametrize(("how", "status"), [("fail", 500), ("refuse", 404), ("unencodable", 500)])
def test_a_handler_that_raises_changes_nothing(school: School, how: str, status: int) -> None:
    woken.clear()
    student = with_probe(school).as_("student")
    reply = student.put(f"/api/probe/rename/{how}", {"name": "Changed"})
    assert reply.status == status
    assert (name_of(school, "student"), woken) == ("Stella Student", [])
    assert student.put(RENAME, {"name": "Changed"}).json == {"name": "Changed"}
    assert (name_of(school, "student"), woken) == ("Changed", ["Changed"])


def test_a_failure_says_nothing_of_its_reason(school: School) -> None:
    reply = with_probe(school).as_("student").put("/api/probe/rename/fail", {"name": "Changed"})
    assert reply.json == {"errors": [{"message": "An error occurred.", "error_code": "internal_server_error"}]}
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_a_client_that_hangs_up_changes_nothing(school: School) -> None:
    student = with_probe(school).as_("student")
    headers = [FORM, (b"content-length", b"12")]
    reply = student.send("PUT", RENAME.encode(), headers, [b"name=Ch"], hangs_up=True)
    assert says(reply, 400, "bad_request")
    assert name_of(school, "student") == "Stella Student"


def test_a_reading_route_writes_nothing(school: School) -> None:
    student = with_probe(school).as_("student")
    assert student.get("/api/probe/write").status == 200
    assert name_of(school, "student") == "Stella Student"


def test_a_socket_is_closed(school: School) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    school.loop.run_until_complete(school.server({"type": "websocket", "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close"}]


# --- anything at all


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    target=st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    header=st.tuples(
        st.sampled_from([b"accept", b"authorization", b"content-type", b"cookie", b"content-length", b"host", b"x"]),
        st.binary(max_size=40),
    ),
    body=st.binary(max_size=80),
)
@example("GET", b"http://", (b"x", b""), b"")
@example("GET", b"https://x", (b"x", b""), b"")
@example("GET", b"", (b"x", b""), b"")
def test_nothing_breaks_the_server(
    sqlite_school: School, method: str, target: bytes, header: tuple[bytes, bytes], body: bytes
) -> None:
    client = with_probe(sqlite_school).as_("student")
    for path in (b"/api/v1/users/" + target, b"/api/probe/plain/" + target, ECHO + b"?" + target, target):
        reply = client.send(method, path, [header, (b"transfer-encoding", b"chunked")], [body])
        assert reply is None or reply.status < 500, (path, reply)
        assert reply is None or all("\n" not in value and "\r" not in value for value in reply.headers.values())
