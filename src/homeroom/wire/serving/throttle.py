"""Throttling as Canvas does it: a leaky bucket per token, session or address (basics.md §8)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from homeroom.wire.browser.browser import session_cookie_of
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request

FULL = 600.0
CAP = 800.0
LEAK = 10.0
UP_FRONT = 50.0
# A bucket that nobody used for this long has run dry, so the oldest can always be dropped.
_MOST_BUCKETS = 50_000


@dataclass(slots=True)
class Bucket:
    level: float = 0.0
    touched: float = 0.0

    def leak(self, now: float) -> None:
        self.level = max(0.0, self.level - (now - self.touched) * LEAK)
        self.touched = now

    def settle(self, cost: float) -> None:
        """Give the reservation back and charge what the request really cost, in seconds of work."""
        self.leak(time.monotonic())
        self.level = min(CAP, max(0.0, self.level - UP_FRONT) + cost)

    @property
    def remaining(self) -> float:
        return max(0.0, FULL - self.level)


class Buckets:
    """The buckets of this process. Several nodes each have their own."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[bytes | str, Bucket] = OrderedDict()

    def take(self, key: bytes | str) -> Bucket | None:
        """Reserve the up-front cost in this caller's bucket; None when it is full."""
        now = time.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(touched=now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.leak(now)
        if bucket.level >= FULL:
            return None
        bucket.level = min(CAP, bucket.level + UP_FRONT)
        return bucket


class Throttled(Exception):
    """The caller's bucket is full."""


def bucket_key(request: Request, token: str | None) -> str:
    """The owner of the bucket: the token, otherwise the session, otherwise the address."""
    if token is not None:
        return f"token {hash(token)}"
    return f"session {hash(session)}" if (session := session_cookie_of(request)) else f"address {request.remote_ip}"


def shows_cost(request: Request, token: str | None) -> bool:
    """Clients with a cookie session are not told what they cost (basics.md §8)."""
    return token is not None or session_cookie_of(request) is None


def cost_headers(bucket: Bucket | None, cost: float) -> list[tuple[bytes, bytes]]:
    remaining = 0.0 if bucket is None else bucket.remaining
    return [(b"x-request-cost", b"%r" % cost), (b"x-rate-limit-remaining", b"%r" % remaining)]


def too_many(mode: str, *, with_header: bool) -> Answer:
    """The refusal of today's Canvas (429) or of the one before October 2025 (403)."""
    reason = "429 Too Many Requests" if mode == "429" else "403 Forbidden"
    return Answer(
        int(mode),
        f"{reason} (Rate Limit Exceeded)\n".encode(),
        [("X-Rate-Limit-Remaining", "0.0")] if with_header else [],
        content_type="text/plain; charset=utf-8",
    )


class Stopwatch:
    """What a request costs: seconds of processor and of the database (basics.md §8).

    It runs while we work and stands still while the client sends, while a thread is awaited, and while outside work
    (a password's hash, storage) waits.
    """

    __slots__ = ("_began", "_since", "_spent")

    def __init__(self) -> None:
        self._spent = 0.0
        self._began = time.perf_counter()
        self._since: float | None = self._began

    def pause(self) -> None:
        if self._since is not None:
            self._spent += time.perf_counter() - self._since
            self._since = None

    def resume(self) -> None:
        self._since = time.perf_counter()

    @contextmanager
    def processor_only(self) -> Iterator[None]:
        """Within the block only this thread's processor time counts."""
        self.pause()
        began = time.thread_time()
        try:
            yield
        finally:
            self._spent += time.thread_time() - began
            self.resume()

    @property
    def cost(self) -> float:
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return self._spent + running

    @property
    def elapsed(self) -> float:
        """Seconds since it was made, whoever spent them."""
        return time.perf_counter() - self._began
