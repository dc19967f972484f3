"""The log lines of requests: what is in them, and what never is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import School
from tests.support.cast import PASSWORD, token_of

from homeroom.logs import JsonLines
from homeroom.wire.serving import log as request_log

SELF = "/api/v1/users/self"


class Lines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (json.loads(line) for line in self.text.splitlines())

    @property
    def only(self) -> dict[str, Any]:
        (line,) = self
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("homeroom")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every account lookup fails, with a secret in hand."""

    def fail(*_: Any) -> None:
        password = PASSWORD
        raise RuntimeError("The shelf fell down." if password else "")

    monkeypatch.setattr("homeroom.wire.serving.endpoint.parse_id", fail)


def test_a_request_that_failed_is_one_line_with_its_traceback(school: School, lines: Lines, broken: None) -> None:
    answer = school.as_("admin").get(f"/api/v1/users/{school.id('student')}?search=hush")
    assert answer.status == 500
    line = lines.only
    assert line["level"] == "error"
    assert line["request_id"] == answer.headers["x-request-context-id"]
    assert (line["method"], line["path"], line["status"]) == ("GET", f"/api/v1/users/{school.id('student')}", 500)
    assert line["user_id"] == school.id("admin")
    assert line["milliseconds"] >= 0
    assert "RuntimeError: The shelf fell down." in line["traceback"]
    assert "hush" not in lines.text


def test_usual_requests_have_no_line_unless_all_are_asked_for(school: School, lines: Lines) -> None:
    school.as_("admin").get(SELF)
    school.as_("anonymous").get(SELF)
    assert lines.text == ""
    everything = school.with_settings(access_log="all")
    everything.as_("teacher").get(SELF)
    everything.as_("anonymous").get("/api/v1/nowhere")
    everything.as_("admin").get(f"{SELF}?as_user_id={school.id('student')}")
    first, second, third = (line for line in lines if line["logger"] == "homeroom.requests")
    assert (first["status"], first["user_id"], first["path"]) == (200, school.id("teacher"), SELF)
    assert (second["status"], second["user_id"], second["path"]) == (404, None, "/api/v1/nowhere")
    assert (third["user_id"], third["real_user_id"]) == (school.id("student"), school.id("admin"))


def test_a_slow_request_has_a_line(school: School, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "SLOW", 0.0)
    school.with_settings(dev=True).as_("admin").get(SELF)
    assert lines.only["status"] == 200
    school.with_settings(access_log="off").as_("admin").get(SELF)
    assert len(list(lines)) == 1


def test_no_secret_reaches_a_line(school: School, lines: Lines, broken: None) -> None:
    loud = school.with_settings(access_log="all")
    token = token_of("admin")
    url = f"/api/v1/users/{school.id('student')}"
    loud.as_("admin").get(url)
    loud.as_("anonymous").get(f"{url}?access_token={token}")
    loud.as_("admin").put(url, {"user": {"name": "x"}, "password": "battery staple"})
    loud.as_("admin").put(url, json={"password": "battery staple"}, headers={"cookie": "homeroom_session=sesame"})
    loud.as_("anonymous").get("/register/a-nonce-that-is-secret")
    loud.as_("anonymous").get("/feeds/calendars/user_a-code-that-is-secret.ics")
    assert len(list(lines)) == 6
    for secret in (token, "battery", "sesame", "secret", PASSWORD):
        assert secret not in lines.text


def test_a_statement_that_fails_is_logged_without_its_values(school: School, lines: Lines) -> None:
    secret = PASSWORD
    database = school.server.services.database
    with pytest.raises(Exception, match="no_such_table") as failure, database.read() as db:
        db.execute(text("SELECT 1 FROM no_such_table WHERE digest = :digest"), {"digest": secret})
    logging.getLogger("homeroom.test").error("It failed.", exc_info=failure.value)
    assert "no_such_table" in lines.only["traceback"]
    assert PASSWORD not in lines.text
