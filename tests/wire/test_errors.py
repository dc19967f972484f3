"""Every kind of refusal, as the Canvas face says it (basics.md §2). Masquerading's are in test_masquerading.py."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.conftest import School
from tests.support.probe import raising, with_probe

from homeroom.school.ground.errors import (
    Fault,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    SchoolError,
    TooManyTries,
)
from homeroom.school.sign_in.credentials import BadMasquerade, BadToken, InsufficientScopes
from homeroom.wire.browser import pages
from homeroom.wire.browser.csrf import ForgedRequest
from homeroom.wire.http.request import HeadersTooLarge
from homeroom.wire.http.transfer import BodyTooLarge, BodyTooSlow
from homeroom.wire.params.parsing import BadParameters
from homeroom.wire.params.scalars import BadParameter, MissingParameter
from homeroom.wire.routing.router import MethodNotAllowed

CHALLENGE: dict[str, str | None] = {"www-authenticate": 'Bearer realm="canvas-lms"'}
NONE: dict[str, str | None] = {"www-authenticate": None}

# kind -> what is raised, the section, and the answer's status, body and headers
KINDS: dict[str, tuple[Exception, str, int, Any, dict[str, str | None]]] = {
    "not signed in": (
        NotSignedIn(), "2.1", 401,
        {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}, CHALLENGE,
    ),
    "forged": (
        ForgedRequest(), "2.1", 401,
        {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}, CHALLENGE,
    ),
    "unknown token": (BadToken(), "2.2", 401, {"errors": [{"message": "Invalid access token."}]}, CHALLENGE),
    "expired token": (
        BadToken("Expired access token.", datetime(2026, 1, 2, 3, 4, 5, 678, UTC)), "2.2", 401,
        {"errors": [{"message": "Expired access token.", "expired_at": "2026-01-02T03:04:05Z"}]}, CHALLENGE,
    ),
    "revoked token": (
        BadToken("Revoked access token."), "2.2", 401, {"errors": [{"message": "Revoked access token."}]}, CHALLENGE,
    ),
    "scopes": (
        InsufficientScopes(), "2.2", 401, {"errors": [{"message": "Insufficient scopes on access token."}]}, NONE,
    ),
    "not allowed": (
        NotAllowed("read_roster"), "2.3", 403,
        {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}, NONE,
    ),
    "not found": (
        NotFound("user"), "2.4", 404, {"errors": [{"message": "The specified resource does not exist."}]}, NONE,
    ),
    "missing parameter": (MissingParameter("user"), "2.5", 400, {"errors": [{"message": "user is missing"}]}, NONE),
    "bad parameter": (
        BadParameter("user[name]", "must be text"), "2.5", 400,
        {"errors": [{"message": "user[name] must be text", "error_code": "bad_request"}]}, NONE,
    ),
    "unreadable": (
        BadParameters("The request body is not valid JSON."), "2.5", 400,
        {"errors": [{"message": "The request body is not valid JSON.", "error_code": "bad_request"}]}, NONE,
    ),
    "too large": (
        BodyTooLarge(10), "2.5", 413,
        {"errors": [{"message": "The request body is larger than 10 bytes.", "error_code": "content_too_large"}]}, NONE,
    ),
    "method": (
        MethodNotAllowed({"PUT", "GET"}), "2.5", 405,
        {"errors": [{"message": "The method is not allowed for this path.", "error_code": "method_not_allowed"}]},
        {"allow": "GET, PUT"},
    ),
    "hand-written": (Refused("no such thing"), "2.5", 400, {"message": "no such thing"}, NONE),
    "hand-written with details": (
        Refused("no", status=409, conflict=True), "2.5", 409, {"message": "no", "conflict": True}, NONE,
    ),
    "too many tries": (
        TooManyTries(7), "2.5", 429, {"message": "Too many tries. Try again later."}, {"retry-after": "7"},
    ),
    "invalid": (
        Invalid(Fault("name", "too_long"), Fault("name", "blank", "can't be blank"), Fault("email", "taken")), "2.5",
        400,
        {
            "errors": {
                "name": [
                    {"attribute": "name", "type": "too_long", "message": "too_long"},
                    {"attribute": "name", "type": "blank", "message": "can't be blank"},
                ],
                "email": [{"attribute": "email", "type": "taken", "message": "taken"}],
            }
        },
        NONE,
    ),
    "too many headers": (
        HeadersTooLarge(), "2.5", 431,
        {"errors": [{"message": "There are more than 80 headers, or more than 32768 bytes in them.",
                     "error_code": "request_header_fields_too_large"}]}, NONE,
    ),
    "slow body": (
        BodyTooSlow(), "2.5", 408,
        {"errors": [{"message": "The request body came too slowly.", "error_code": "request_timeout"}]},
        {"connection": "close"},
    ),
    "masquerade": (BadMasquerade(), "7", 401, {"errors": "Invalid as_user_id"}, NONE),
    "unexpected": (
        RuntimeError("a secret"), "2.5", 500,
        {"errors": [{"message": "An error occurred.", "error_code": "internal_server_error"}]}, NONE,
    ),
}  # fmt: skip
MARKED = [pytest.param(kind, marks=pytest.mark.spec(f"basics.md#{KINDS[kind][1]}")) for kind in KINDS]


@pytest.mark.spec("basics.md#2")
@pytest.mark.parametrize("kind", MARKED)
def test_each_kind_of_error_has_its_body(school: School, kind: str) -> None:
    error, _section, status, body, headers = KINDS[kind]
    raising["it"] = error
    reply = with_probe(school).as_("anonymous").get("/api/probe/raise/it")
    assert (reply.status, reply.json) == (status, body)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert {name: reply.headers.get(name) for name in headers} == headers


def test_no_kind_of_error_is_forgotten() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(sub) for sub in kind.__subclasses__()))

    shown = {type(error) for error, *_rest in KINDS.values()}
    ours = {
        kind
        for kind in below(SchoolError)
        if kind.__module__.startswith(("homeroom.school.ground.errors", "homeroom.wire"))
    }
    # What wire.pages raises is for pages, which say it themselves.
    assert {kind for kind in ours - shown if kind.__module__ != pages.__name__} == {SchoolError}


@pytest.mark.spec("basics.md#2.3")
def test_the_general_refusal_can_be_401_as_in_older_versions(school: School) -> None:
    raising["it"] = NotAllowed("read_roster")
    reply = with_probe(school, not_allowed="401").as_("anonymous").get("/api/probe/raise/it")
    assert (reply.status, reply.json) == (401, KINDS["not allowed"][3])
    assert "www-authenticate" not in reply.headers


@pytest.mark.spec("homeroom.md#2")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InsufficientScopes(), 401), (BadMasquerade(), 401), (NotSignedIn(), 401), (BadToken(), 401),
        (NotFound(), 404), (Refused("no", status=403), 403),
    ],
)  # fmt: skip
@pytest.mark.parametrize("setting", ["401", "403"])
def test_the_switch_changes_the_general_refusal_only(
    school: School, setting: str, error: Exception, status: int
) -> None:
    raising["it"] = error
    assert with_probe(school, not_allowed=setting).as_("anonymous").get("/api/probe/raise/it").status == status


@pytest.mark.spec("basics.md#2.4")
def test_what_one_may_not_see_does_not_exist(school: School) -> None:
    body = {"errors": [{"message": "The specified resource does not exist."}]}
    student = school.as_("student")
    for path in (f"users/{school.id('classmate')}", "users/999999", "nothing", "users/self/nothing"):
        reply = student.get(f"/api/v1/{path}")
        assert (reply.status, reply.json) == (404, body)


def test_a_failure_is_logged_with_its_request_and_says_nothing_to_the_client(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    raising["it"] = RuntimeError("a secret")
    with caplog.at_level(logging.ERROR, "homeroom.requests"):
        reply = with_probe(school).as_("student").get("/api/probe/raise/it")
    (record,) = caplog.records
    assert record.exc_info and "a secret" in str(record.exc_info[1])
    assert record.__dict__["fields"]["request_id"] == reply.headers["x-request-context-id"]
    assert "secret" not in reply.text


def test_a_refusal_is_not_logged_as_a_failure(school: School, caplog: pytest.LogCaptureFixture) -> None:
    raising["it"] = NotFound()
    with_probe(school).as_("student").get("/api/probe/raise/it")
    assert not caplog.records
