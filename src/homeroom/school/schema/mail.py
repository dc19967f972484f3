"""Mail as rows: what must be sent, and how far it came. A job delivers them."""

from __future__ import annotations

from sqlalchemy import Index, String, Text

from homeroom.db.types import Id, State, Time
from homeroom.school.schema.base import id_column, optional, required, table

MailMessage = table(
    "mail_messages",
    id_column(),
    optional("user_id", Id),
    optional("communication_channel_id", Id),
    required("notification", String(64)),
    required("recipient", Text()),
    required("subject", Text()),
    required("text_body", Text()),
    optional("html_body", Text()),
    # When the secret link in the text stops working; null without one. The text goes then, or when it was sent.
    optional("expires_at", Time()),
    required("state", State(32)),  # queued, sent, kept, dead
    required("attempts", Id, default=0),
    required("next_attempt_at", Time()),
    optional("leased_until", Time()),
    optional("last_error", Text()),
    required("created_at", Time()),
    optional("sent_at", Time()),
    Index("ix_mail_messages_due", "state", "next_attempt_at"),
    Index("ix_mail_messages_user_id", "user_id"),
    Index("ix_mail_messages_expires_at", "expires_at"),
)
