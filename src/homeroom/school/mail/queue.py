"""A mail is a row first, stored in the transaction that promises it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, insert

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.school.jobs.registry import later
from homeroom.school.mail.delivery import deliver_mail
from homeroom.school.schema import MailMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one address. ``notification`` is its kind, by which people choose what they receive.

    ``expires_at`` is when a secret link in it stops working: from then on nobody sends it or keeps its text.
    """

    notification: str
    recipient: str
    subject: str
    text: str
    html: str | None = None
    user_id: int | None = None
    channel_id: int | None = None
    expires_at: datetime | None = None


class Mailbox(Protocol):
    """A person's e-mail channel, as a row or as it was added."""

    @property
    def id(self) -> int: ...
    @property
    def user_id(self) -> int: ...
    @property
    def address(self) -> str: ...


def mail_to(
    channel: Mailbox, notification: str, subject: str, text: str, *, expires_at: datetime | None = None
) -> Mail:
    """A message to this channel of a person."""
    return Mail(
        notification=notification,
        recipient=channel.address,
        subject=subject,
        text=text,
        user_id=channel.user_id,
        channel_id=channel.id,
        expires_at=expires_at,
    )


def send_later(db: Connection, mail: Mail) -> None:
    """Store the message; a worker delivers it after the transaction commits."""
    row = insert(MailMessage).values(
        user_id=mail.user_id,
        communication_channel_id=mail.channel_id,
        notification=mail.notification,
        recipient=mail.recipient,
        subject=mail.subject,
        text_body=mail.text,
        html_body=mail.html,
        expires_at=mail.expires_at,
        state="queued",
        next_attempt_at=clock.real_now(),
        created_at=clock.now(),
    )
    later(deliver_mail, message_id=insert_returning_id(db, row))
