"""Throttling: a leaky bucket per token, session or address (basics.md §8)."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.client import Client
from tests.support.probe import with_probe

from homeroom.wire.serving import throttle
from homeroom.wire.serving.throttle import CAP, FULL, Bucket, Buckets, Stopwatch

pytestmark = pytest.mark.spec("basics.md#8")
SELF = "/api/v1/users/self"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that leaks; a test moves it."""
    moment = [1000.0]
    monkeypatch.setattr("homeroom.wire.serving.throttle.time.monotonic", lambda: moment[0])
    return moment


def fill(school: School, who: str, level: float = 700.0) -> None:
    """As if this token had just cost so much."""
    buckets = school.server.services.buckets
    key = f"token {hash(token_of(who))}"
    bucket = buckets.take(key)
    assert bucket is not None
    bucket.level = level


# --- the bucket


def test_a_request_reserves_50_and_gives_them_back(now: list[float]) -> None:
    bucket = Buckets().take("a")
    assert bucket and (bucket.level, bucket.remaining) == (50.0, 550.0)
    bucket.settle(2.5)
    assert (bucket.level, bucket.remaining) == (2.5, 597.5)


def test_it_leaks_10_a_second(now: list[float]) -> None:
    buckets = Buckets()
    bucket = buckets.take("a")
    assert bucket
    bucket.settle(100)
    now[0] += 4
    assert buckets.take("a") is bucket
    assert bucket.level == 60 + 50
    now[0] += 1000
    bucket.settle(1)
    assert bucket.level == 1


def test_it_is_full_at_600_and_never_above_800(now: list[float]) -> None:
    buckets = Buckets()
    bucket = buckets.take("a")
    assert bucket
    bucket.settle(599.9)
    assert buckets.take("a") is bucket
    assert buckets.take("a") is None
    bucket.settle(10_000)
    assert (bucket.level, bucket.remaining) == (CAP, 0.0)
    now[0] += 20
    assert buckets.take("a") is None
    now[0] += 0.1
    assert buckets.take("a") is bucket


def test_thirteen_requests_at_once_are_too_many(now: list[float]) -> None:
    buckets = Buckets()
    assert [buckets.take("a") is not None for _ in range(14)] == [True] * 12 + [False] * 2


def test_each_caller_has_a_bucket(now: list[float]) -> None:
    buckets = Buckets()
    for _ in range(20):
        buckets.take("a")
    assert buckets.take("a") is None
    assert buckets.take("b") is not None


def test_buckets_that_nobody_uses_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_BUCKETS", 10)
    buckets = Buckets()
    first = buckets.take("0")
    for n in range(1, 10):
        buckets.take(str(n))
    assert buckets.take("0") is first
    buckets.take("10")
    assert buckets.take("0") is first
    assert len(buckets._buckets) == 10


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1000))))
def test_a_level_stays_between_empty_and_the_cap(steps: list[tuple[float, float]]) -> None:
    bucket = Bucket()
    for pause, cost in steps:
        bucket.leak(bucket.touched + pause)
        bucket.level = min(CAP, bucket.level + throttle.UP_FRONT)
        bucket.settle(cost)
        assert 0 <= bucket.level <= CAP
        assert 0 <= bucket.remaining <= FULL


# --- the answers


@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        ("429", 429, "429 Too Many Requests (Rate Limit Exceeded)\n"),
        ("403", 403, "403 Forbidden (Rate Limit Exceeded)\n"),
    ],
)
def test_who_asks_too_much_is_told_so(school: School, mode: str, status: int, body: str) -> None:
    throttled = school.with_settings(throttle=mode)
    student = throttled.as_("student")
    assert student.get(SELF).status == 200
    fill(throttled, "student")
    reply = student.get(SELF)
    assert (reply.status, reply.text) == (status, body)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["x-rate-limit-remaining"] == "0.0"
    assert "x-request-cost" not in reply.headers


def test_switched_off_nothing_is_refused_and_the_headers_stay(school: School) -> None:
    assert school.settings.throttle == "off"
    fill(school, "student")
    reply = school.as_("student").get(SELF)
    assert reply.status == 200
    assert reply.headers["x-rate-limit-remaining"] == "0.0"
    assert float(reply.headers["x-request-cost"]) > 0


def test_the_default_is_todays_canvas(school: School) -> None:
    from homeroom.settings import Settings

    assert Settings().throttle == "429"


def test_a_token_has_its_bucket_and_others_have_theirs(school: School) -> None:
    throttled = school.with_settings(throttle="429")
    fill(throttled, "student")
    assert throttled.as_("student").get(SELF).status == 429
    for who in ("teacher", "admin"):
        assert throttled.as_(who).get(SELF).status == 200
    assert throttled.as_("anonymous").get(SELF).status == 401
    by_query = throttled.as_("anonymous").get(f"{SELF}?access_token={token_of('student')}")
    assert by_query.status == 429


def test_masquerading_costs_the_caller(school: School) -> None:
    throttled = school.with_settings(throttle="429")
    fill(throttled, "admin")
    assert throttled.as_("admin").get(f"{SELF}?as_user_id={school.id('student')}").status == 429
    assert throttled.as_("student").get(SELF).status == 200


def test_without_a_token_the_address_counts(school: School) -> None:
    throttled = school.with_settings(throttle="429")
    bucket = throttled.server.services.buckets.take("address 127.0.0.1")
    assert bucket
    bucket.level = 700
    assert throttled.as_("anonymous").get(SELF).status == 429
    other = throttled.as_("anonymous").send("GET", SELF.encode(), client=("127.0.0.2", 1))
    assert other and other.status == 401


def test_a_change_that_is_throttled_is_not_made(school: School) -> None:
    throttled = with_probe(school, throttle="429")
    fill(throttled, "student")
    assert throttled.as_("student").put("/api/probe/rename/well", {"name": "x"}).status == 429
    assert school.as_("student").get(SELF).json["name"] == "Stella Student"


# --- the costs


def test_what_a_request_cost_is_taken_from_the_bucket(school: School) -> None:
    student = school.as_("student")
    before = 600.0
    for _ in range(3):
        reply = student.get(SELF)
        cost, remaining = (float(reply.headers[name]) for name in ("x-request-cost", "x-rate-limit-remaining"))
        # Between the two the bucket leaks a little.
        assert before - cost - 1e-6 <= remaining <= 600.0 - cost + 1e-6
        before = remaining


@pytest.mark.parametrize("path", ["/api/v1/users/none", "/api/v1/none", "/api/v1/users/%FF"])
def test_refusals_cost_too(school: School, path: str) -> None:
    reply = school.as_("student").send("GET", path.encode())
    assert reply and 0 < float(reply.headers["x-request-cost"]) < 1
    assert 599 < float(reply.headers["x-rate-limit-remaining"]) < 600


def test_a_slow_client_costs_nothing(school: School) -> None:
    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.3)
        return {"type": "http.request", "body": b"a=1"}

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "PUT", "scheme": "http", "path": "", "raw_path": b"/api/probe/echo",
        "query_string": b"", "headers": [(b"content-length", b"3")], "client": None,
    }  # fmt: skip
    school.loop.run_until_complete(with_probe(school).server(scope, receive, send))
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
    assert float(headers[b"x-request-cost"]) < 0.2


def test_the_watch_counts_work_and_not_waiting() -> None:
    watch = Stopwatch()
    watch.pause()
    time.sleep(0.05)
    watch.pause()
    assert watch.cost < 0.02
    watch.resume()
    with watch.processor_only():
        time.sleep(0.05)
    assert watch.cost < 0.04
    with watch.processor_only():
        sum(range(2_000_000))
    busy = watch.cost
    assert busy > 0.005
    time.sleep(0.02)
    assert watch.cost >= busy + 0.02


# --- cookies


def signed_in(school: School) -> Client:
    client = school.as_("anonymous")
    client.cookies["homeroom_session"] = "x" * 43
    return client


def test_clients_with_a_session_are_not_told(school: School) -> None:
    reply = signed_in(school).get(SELF)
    assert "x-request-cost" not in reply.headers
    assert "x-rate-limit-remaining" not in reply.headers


def test_clients_with_a_session_are_throttled_without_a_word(school: School) -> None:
    throttled = school.with_settings(throttle="429")
    client = signed_in(throttled)
    bucket = throttled.server.services.buckets.take(f"session {hash('x' * 43)}")
    assert bucket
    bucket.level = 700
    reply = client.get(SELF)
    assert reply.status == 429
    assert "x-rate-limit-remaining" not in reply.headers
    client.cookies["another"] = "1"
    assert client.get(SELF).status == 429


def test_a_token_is_told_whatever_cookies_come_along(school: School) -> None:
    client = school.as_("student")
    client.cookies |= {"homeroom_session": "x" * 43, "other": "1"}
    assert "x-request-cost" in client.get(SELF).headers
    anonymous = school.as_("anonymous")
    anonymous.cookies["other"] = "1"
    assert "x-request-cost" in anonymous.get(SELF).headers
