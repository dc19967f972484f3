"""Mail as rows: what must be sent, and how far it came. A job delivers them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.db.types import Id
from homeroom.school.schema.base import Base, id_, state, time


class MailMessage(Base):
    __tablename__ = "mail_messages"
    rules = (
        Index("ix_mail_messages_due", "state", "next_attempt_at"),
        Index("ix_mail_messages_user_id", "user_id"),
        Index("ix_mail_messages_expires_at", "expires_at"),
    )

    id: Mapped[id_]
    user_id: Mapped[int | None]
    communication_channel_id: Mapped[int | None]
    notification: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str]
    subject: Mapped[str]
    text_body: Mapped[str]
    html_body: Mapped[str | None]
    # When the secret link in the text stops working; null without one. The text goes then, or when it was sent.
    expires_at: Mapped[time | None]
    state: Mapped[state]  # queued, sent, kept, dead
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[time]
    leased_until: Mapped[time | None]
    last_error: Mapped[str | None]
    created_at: Mapped[time]
    sent_at: Mapped[time | None]


class WaitingNotice(Base):
    """A notice that waits for the daily or weekly summary of one channel."""

    __tablename__ = "waiting_notices"
    rules = (
        Index("ix_waiting_notices_communication_channel_id", "communication_channel_id", "send_at"),
        Index("ix_waiting_notices_send_at", "send_at"),
    )

    id: Mapped[id_]
    communication_channel_id: Mapped[int] = mapped_column(Id, ForeignKey("communication_channels.id"))
    notification: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    text_body: Mapped[str]
    send_at: Mapped[time]
    created_at: Mapped[time]
