"""What every answer of the API has (basics.md §6)."""

from __future__ import annotations

import re
import uuid

import pytest
from tests.conftest import School
from tests.support.client import Client, Reply
from tests.support.probe import with_probe

pytestmark = pytest.mark.spec("basics.md#6")
SELF = "/api/v1/users/self"
ANSWERS = {
    "a success": lambda c: c.get(SELF),
    "a list": lambda c: c.get("/api/probe/few"),
    "a change": lambda c: c.put("/api/probe/rename/well", {"name": "x"}),
    "not found": lambda c: c.get("/api/v1/users/none"),
    "no route": lambda c: c.get("/api/v1/none"),
    "a bad path": lambda c: c.send("GET", b"/api/v1/%FF"),
    "a bad body": lambda c: c.put("/api/probe/echo", body=b"{", headers={"content-type": "application/json"}),
    "a bad method": lambda c: c.call("PATCH", SELF),
    "a failure": lambda c: c.put("/api/probe/rename/fail", {"name": "x"}),
}


@pytest.fixture
def student(school: School) -> Client:
    return with_probe(school).as_("student")


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_has_the_headers(student: Client, kind: str) -> None:
    reply: Reply = ANSWERS[kind](student)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert str(uuid.UUID(reply.headers["x-request-context-id"])) == reply.headers["x-request-context-id"]
    assert float(reply.headers["x-request-cost"]) > 0
    assert 0 < float(reply.headers["x-rate-limit-remaining"]) <= 600
    assert re.fullmatch(r"(o=\w+;n=\w+;)?", reply.headers["x-canvas-meta"])
    assert int(reply.headers["content-length"]) == len(reply.body)


def test_every_request_has_its_own_id(student: Client) -> None:
    assert len({student.get(SELF).headers["x-request-context-id"] for _ in range(5)}) == 5


def test_the_meta_header_names_the_resource_and_the_action(student: Client) -> None:
    assert student.get(SELF).headers["x-canvas-meta"] == "o=users;n=show_user;"


def test_nothing_of_the_request_gets_into_the_headers(student: Client) -> None:
    reply = student.send("GET", b"/api/v1/%0D%0AX-Evil:%201/%E2%82%AC")
    assert reply and reply.status == 404
    assert "x-evil" not in reply.headers


def test_there_is_no_prefix_before_the_json(student: Client) -> None:
    """``while(1);`` is of older versions, and never with a token."""
    for accept in ("application/json", "text/html", "*/*", ""):
        assert student.get(SELF, headers={"accept": accept}).body.startswith(b"{")


def test_changes_answer_200(student: Client) -> None:
    assert student.put("/api/probe/rename/well", {"name": "x"}).status == 200


@pytest.mark.parametrize("status", [204, 301, 302, 304])
def test_what_has_no_body_has_none(student: Client, status: int) -> None:
    reply = student.get(f"/api/probe/empty/{status}")
    assert (reply.status, reply.body) == (status, b"")


@pytest.mark.spec("basics.md#5")
def test_times_are_whole_seconds_in_utc(student: Client) -> None:
    assert student.get(SELF).json["created_at"] == "2026-01-05T09:00:00Z"
