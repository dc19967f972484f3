"""Attacks with what a request is made of: headers, bodies, hosts. Each was seen to work once."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.cast import token_of
from tests.support.client import Reply
from tests.support.probe import with_probe

from homeroom.school.schema import CustomDataDocument
from homeroom.web.pages import PAGES
from homeroom.wire.http import transfer
from homeroom.wire.http.request import HEADER_BYTES, MOST_HEADERS, Request

SELF = b"/api/v1/users/self"
PAGE = b"/login"


def timed(call: Any) -> tuple[Reply, float]:
    began = time.thread_time()
    reply = call()
    return reply, time.thread_time() - began


# --- headers


@pytest.mark.parametrize("target", [SELF, PAGE])
def test_attack_a_cookie_of_backslashes_freezes_nothing(school: School, target: bytes) -> None:
    nobody = school.as_("anonymous")
    for size in (HEADER_BYTES - 1_000, 250_000):
        cookie = b'homeroom_session="' + b"\\" * size + b'"'
        reply, seconds = timed(lambda cookie=cookie: nobody.send("GET", target, [(b"cookie", cookie)]))
        assert reply.status in (401, 302, 431)
        assert seconds < 0.5


@pytest.mark.spec("basics.md#2.5")
def test_too_many_headers_are_refused_in_the_faces_own_shape(school: School) -> None:
    nobody = school.as_("anonymous")
    # The client sends a Host.
    fitting = [(b"x-%d" % number, b"1") for number in range(MOST_HEADERS - 1)]
    assert nobody.send("GET", SELF, fitting).status == 401  # type: ignore[union-attr]
    refused = nobody.send("GET", SELF, [*fitting, (b"x-more", b"1")])
    assert refused is not None
    assert (refused.status, refused.json["errors"][0]["error_code"]) == (431, "request_header_fields_too_large")
    page = nobody.send("GET", PAGE, [(b"x-long", b"x" * HEADER_BYTES)])
    assert page is not None
    assert (page.status, page.headers["content-type"]) == (431, "text/html; charset=utf-8")


def test_a_cookie_is_cut_by_hand() -> None:
    from homeroom.wire.http.request import read_cookies

    assert read_cookies(b' a=1; b="2" ;c;=d;a=3; e=f=g') == {"a": "1", "b": '"2"', "": "d", "e": "f=g"}


# --- bodies


def converse(school: School, receive: Any, path: bytes = SELF, method: str = "PUT") -> Reply:
    """One request whose body comes from ``receive``."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [
        (b"host", b"school.test"), (b"authorization", b"Bearer " + token_of("student").encode()),
        (b"content-type", b"application/json"), (b"transfer-encoding", b"chunked"),
    ]  # fmt: skip
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": "", "raw_path": path,
        "query_string": b"", "headers": headers, "client": ("127.0.0.1", 50000),
    }  # fmt: skip
    school.loop.run_until_complete(school.server(scope, receive, send))
    found = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    return Reply(sent[0]["status"], dict(found), b"".join(message["body"] for message in sent[1:]))


@pytest.mark.spec("basics.md#2.5")
def test_attack_a_body_that_never_comes_is_given_up(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transfer, "PATIENCE", 0.05)

    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError

    with caplog.at_level(logging.WARNING, "homeroom"):
        reply = converse(school, never)
    assert (reply.status, reply.headers["connection"]) == (408, "close")
    assert reply.json["errors"][0]["error_code"] == "request_timeout"
    (line,) = caplog.records
    assert line.fields["status"] == 408  # type: ignore[attr-defined]


def test_attack_a_body_that_drips_is_given_up(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PATIENCE", 0.1)
    monkeypatch.setattr(transfer, "LEAST_RATE", 100)

    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.02)  # 50 bytes a second
        return {"type": "http.request", "body": b" ", "more_body": True}

    assert converse(school, drip).status == 408


def test_a_slow_body_that_keeps_coming_is_taken(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PATIENCE", 0.1)
    monkeypatch.setattr(transfer, "LEAST_RATE", 100)
    parts = [*([b" " * 50] * 10), b"{}"]

    async def walk() -> dict[str, Any]:
        await asyncio.sleep(0.05)  # 1,000 bytes a second, and in all much longer than the patience
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    assert converse(school, walk).status == 200


@pytest.mark.spec("basics.md#2.5")
def test_broken_chunks_are_400_with_a_line_in_the_log(school: School, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with caplog.at_level(logging.WARNING, "homeroom"):
        reply = converse(school, broken)
    assert (reply.status, reply.json["errors"][0]["message"]) == (400, "The request body broke off.")
    assert [line.fields["status"] for line in caplog.records] == [400]  # type: ignore[attr-defined]


def test_attack_a_session_token_in_the_body_of_a_get_breaks_no_page(school: School) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = school.as_("anonymous").get("/profile", body=b"session_token=x", headers=form)
    assert (reply.status, reply.headers["location"]) == (302, "/login")


def test_a_face_that_cannot_even_say_that_it_failed_answers_and_logs(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("The layout is gone.")

    monkeypatch.setattr(PAGES, "show", broken)
    with caplog.at_level(logging.ERROR, "homeroom"):
        reply = school.as_("anonymous").get("/login/canvas")
    assert (reply.status, reply.text) == (500, "An error occurred.\n")
    assert reply.headers["x-content-type-options"] == "nosniff"
    (line,) = caplog.records
    assert line.fields["request_id"] == reply.headers["x-request-context-id"]  # type: ignore[attr-defined]


# --- lists and terms of any size


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/v1/accounts/1/courses", ("by_teachers", "by_subaccounts")),
        ("/api/v1/courses", ("enrollment_role_id",)),
    ],
)
def test_attack_a_list_in_json_is_never_too_long_for_a_statement(
    school: School, path: str, names: tuple[str, ...]
) -> None:
    admin = school.as_("admin")
    for count, status in ((4_096, 200), (4_097, 400), (100_000, 400)):
        for name in names:
            assert admin.call("GET", path, json={name: list(range(1, count + 1))}).status == status


def test_attack_a_long_search_term_finds_nothing(school: School) -> None:
    admin = school.as_("admin")
    for path in ("/api/v1/accounts/1/courses", "/api/v1/accounts/1/users"):
        for term in ("ab" * 100_000, "%25_" * 20_000):
            reply = admin.get(f"{path}?search_term={term}")
            assert (reply.status, reply.json) == (200, [])


def test_attack_a_long_key_over_many_values_is_refused_at_once(school: School) -> None:
    data = {"k" * 300_000: {str(number): 1 for number in range(40_000)}}
    student = school.as_("student")
    reply, seconds = timed(lambda: student.put("/api/v1/users/self/custom_data", json={"ns": "x", "data": data}))
    assert (reply.status, seconds < 1) == (400, True)
    assert school.read(lambda db: db.execute(select(func.count()).select_from(CustomDataDocument)).scalar_one()) == 0


def test_attack_a_password_of_accents_freezes_nothing(school: School) -> None:
    browser = Browser(school)
    reply, seconds = timed(lambda: sign_in(browser, "student", "a" + "\u0323\u0301" * 50_000))
    assert (reply.status, seconds < 2) == (400, True)


# --- what goes with every answer


@pytest.mark.spec("basics.md#6")
@pytest.mark.parametrize("path", ["/api/v1/users/self", "/api/v1/none", "/homeroom/v1/health", "/login/oauth2/jwks"])
def test_no_answer_is_sniffed_or_kept_by_others(school: School, path: str) -> None:
    reply = school.as_("student").get(path)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "max-age=0, private, must-revalidate"


@pytest.mark.parametrize("path", ["/login/canvas", "/profile", "/none", "/login/oauth2/auth", "/api/docs"])
def test_no_page_is_kept(school: School, path: str) -> None:
    reply = school.as_("anonymous").get(path)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"


def test_an_answer_says_once_who_may_keep_it(school: School) -> None:
    reply = with_probe(school).as_("anonymous").send("GET", b"/images/messages/avatar-50.png")
    assert reply is not None
    assert reply.headers["cache-control"] == "public, max-age=86400"


@pytest.mark.parametrize("path", ["/api/v1/users/self", "/login/canvas"])
def test_browsers_come_back_by_https_where_there_is_https(school: School, path: str) -> None:
    plain, tls = school.as_("student"), school.with_settings(public_url="https://school.test").as_("student")
    assert "strict-transport-security" not in plain.get(path).headers
    for reply in (tls.get(path), plain.get(f"https://school.test{path}")):
        assert reply.headers["strict-transport-security"] == "max-age=31536000"


def test_attack_a_neighbour_plants_no_session_where_there_is_https(school: School) -> None:
    secure = school.with_settings(public_url="https://school.test")
    browser = Browser(secure)
    assert sign_in(browser, "student").status == 302
    secret = browser.cookies["__Host-homeroom_session"]
    assert browser.get("/profile").status == 200
    planted = Browser(secure)
    planted.cookies["homeroom_session"] = secret
    assert planted.get("/profile").headers["location"] == "/login"


# --- whose address it is


@pytest.mark.parametrize(
    ("public", "host", "own", "called"),
    [
        ("https://school.example/", "evil.test", "https://school.example", "http://evil.test"),
        ("https://school.example", "school.example", "https://school.example", "https://school.example"),
        (None, "school.test:8000", "http://school.test:8000", "http://school.test:8000"),
    ],
)
def test_attack_the_host_header_names_nobody(
    school: School, public: str | None, host: str, own: str, called: str
) -> None:
    settings = school.with_settings(public_url=public).settings
    scope = {
        "method": "GET", "path": "/", "query_string": b"", "scheme": "http", "headers": [(b"host", host.encode())],
    }  # fmt: skip
    request = Request(scope, settings)
    assert (request.own_address, request.base_url) == (own, called)
