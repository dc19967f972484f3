"""Real time, which counts for locks and for codes of an authenticator app, in the hand of a test."""

from __future__ import annotations

from datetime import timedelta

from homeroom import clock


class Watch:
    """Real time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = clock.real_now()

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
