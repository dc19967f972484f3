"""The clock of the product, moved while developing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.browser import browser_of

from homeroom import clock
from homeroom.school.schema import PasswordReset

CLOCK = "/homeroom/v1/clock"


@pytest.fixture
def dev(school: School) -> Iterator[School]:
    yield school.with_settings(dev=True)
    # This thread reads the product's time too.
    clock.set_shift(clock.NO_SHIFT)


def now_of(json: Any) -> datetime:
    return datetime.fromisoformat(json["now"])


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(
    "who, status",
    [("site_admin", 200), ("admin", 403), ("teacher", 403), ("anonymous", 401)],
)
def test_who_may_move_the_clock(dev: School, who: str, status: int) -> None:
    client = dev.as_(who)
    assert client.get(CLOCK).status == status
    assert client.put(CLOCK, json={"now": "2030-01-31T10:00:00Z"}).status == status
    assert client.delete(CLOCK).status == status


@pytest.mark.spec("homeroom.md#5")
def test_without_development_there_is_no_clock(school: School) -> None:
    for call in (school.as_("site_admin").get, school.as_("site_admin").put, school.as_("site_admin").delete):
        answer = call(CLOCK)
        assert answer.status == 404
        assert answer.json == {"errors": [{"message": "The specified resource does not exist."}]}


def test_it_shows_real_time_until_it_is_moved(dev: School) -> None:
    answer = dev.as_("site_admin").get(CLOCK)
    assert answer.json["frozen"] is False
    assert abs(now_of(answer.json) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.spec("homeroom.md#5")
def test_a_frozen_clock_stands_still_and_is_what_the_product_goes_by(dev: School) -> None:
    admin = dev.as_("site_admin")
    moved = admin.put(CLOCK, json={"now": "2031-01-31T11:00:00.250+01:00", "frozen": True})
    assert (moved.status, moved.json) == (200, {"now": "2031-01-31T10:00:00Z", "frozen": True})
    assert admin.get(CLOCK).json == moved.json
    made = admin.post("/api/v1/accounts/1/terms", {"enrollment_term": {"name": "Then"}})
    assert made.json["created_at"] == "2031-01-31T10:00:00Z"


@pytest.mark.spec("homeroom.md#5")
def test_a_moved_clock_runs_on_and_returns(dev: School) -> None:
    admin = dev.as_("site_admin")
    moved = admin.put(CLOCK, json={"now": "2030-06-01T00:00:00Z"})
    assert moved.json["frozen"] is False
    assert timedelta() <= now_of(moved.json) - datetime(2030, 6, 1, tzinfo=UTC) < timedelta(seconds=5)
    assert timedelta() <= now_of(admin.get(CLOCK).json) - datetime(2030, 6, 1, tzinfo=UTC) < timedelta(seconds=5)
    returned = admin.delete(CLOCK)
    assert returned.status == 200
    assert abs(now_of(returned.json) - datetime.now(UTC)) < timedelta(seconds=5)
    assert admin.delete(CLOCK).status == 200


@pytest.mark.spec("homeroom.md#5")
def test_another_process_sees_the_moved_clock_at_once(dev: School) -> None:
    dev.as_("site_admin").put(CLOCK, json={"now": "2030-06-01T00:00:00Z", "frozen": True})
    other = dev.with_settings(throttle="off")
    assert other.as_("site_admin").get(CLOCK).json == {"now": "2030-06-01T00:00:00Z", "frozen": True}


@pytest.mark.parametrize(
    "body, message",
    [
        ({}, "now must be a time with its zone, such as 2026-01-31T10:00:00Z."),
        ({"now": None}, "now must be a time with its zone, such as 2026-01-31T10:00:00Z."),
        ({"now": 5}, "now must be a time with its zone, such as 2026-01-31T10:00:00Z."),
        ({"now": "tomorrow"}, "now must be a time with its zone, such as 2026-01-31T10:00:00Z."),
        ({"now": "2026-01-31T10:00:00"}, "now must be a time with its zone, such as 2026-01-31T10:00:00Z."),
        ({"now": "9999-12-31T23:59:59Z"}, "now must be between the years 1970 and 2200."),
        ({"now": "0001-01-01T00:00:00+14:00"}, "now must be between the years 1970 and 2200."),
        ({"now": "2026-01-31T10:00:00Z", "frozen": "perhaps"}, "frozen must be true or false."),
        ({"now": "2026-01-31T10:00:00Z", "froze": True}, "The clock has no 'froze'; it has now and frozen."),
    ],
)
def test_what_is_no_time_changes_nothing(dev: School, body: Any, message: str) -> None:
    admin = dev.as_("site_admin")
    admin.put(CLOCK, json={"now": "2030-06-01T00:00:00Z", "frozen": True})
    answer = admin.put(CLOCK, json=body)
    assert (answer.status, answer.json) == (400, {"message": message})
    assert admin.get(CLOCK).json["now"] == "2030-06-01T00:00:00Z"


def test_health_is_for_everybody(school: School) -> None:
    answer = school.as_("anonymous").get("/homeroom/v1/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def set_clock(dev: School, now: str | None) -> None:
    admin = dev.as_("site_admin")
    reply = admin.put(CLOCK, json={"now": now}) if now else admin.delete(CLOCK)
    assert reply.status == 200, reply.text


LATER = "2090-01-31T10:00:00Z"


@pytest.mark.parametrize("back", [None, "2050-01-01T00:00:00Z"])
def test_what_was_made_in_the_future_does_not_outlive_the_way_back(dev: School, back: str | None) -> None:
    set_clock(dev, LATER)
    browser = browser_of(dev, "student")
    asked = {"pseudonym_session": {"unique_id_forgot": "teacher@school.test"}}
    assert browser_of(dev, "anonymous").submit("/login/canvas/forgot", asked).status == 200
    dev.server.services.jobs.run_due()
    resets = select(func.count()).select_from(PasswordReset)
    assert dev.read(lambda db: db.execute(resets).scalar()) == 1
    assert browser.get("/profile").status == 200
    set_clock(dev, back)
    assert browser.get("/profile").status == 302
    assert dev.read(lambda db: db.execute(resets).scalar()) == 0


def test_who_was_signed_out_in_the_future_can_sign_in_and_what_ended_there_stays_ended(dev: School) -> None:
    set_clock(dev, LATER)
    student = dev.as_("student")
    reply = dev.as_("admin").delete(f"/api/v1/users/{dev.id('student')}/sessions")
    assert (reply.status, student.get("/api/v1/users/self").status) == (200, 401)
    set_clock(dev, None)
    assert student.get("/api/v1/users/self").status == 401
    assert browser_of(dev, "student").get("/profile").status == 200


def test_a_clock_that_goes_forward_ends_nothing_but_what_expires(dev: School) -> None:
    browser = browser_of(dev, "student")
    soon = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    set_clock(dev, soon)
    assert browser.get("/profile").status == 200
    set_clock(dev, None)
    assert browser.get("/profile").status == 200
    set_clock(dev, LATER)
    assert browser.get("/profile").status == 302
