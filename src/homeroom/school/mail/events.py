"""What this wing announces to those above it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailGivenUp:
    """No mail reaches this communication channel; ``reason`` is what the mail server said last."""

    channel_id: int
    reason: str
