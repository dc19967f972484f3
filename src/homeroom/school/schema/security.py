"""What happened that matters for security."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.school.schema.base import Base, id_, state, time


class SecurityEvent(Base):
    """One event, or several refusals of one kind in one minute (``count``). It outlives whom and what it names."""

    __tablename__ = "security_events"
    rules = (
        Index("ix_security_events_kind", "kind", "id"),
        Index("ix_security_events_user_id", "user_id", "id"),
        Index("ix_security_events_actor_id", "actor_id", "id"),
        Index("ix_security_events_created_at", "created_at"),
    )

    id: Mapped[id_]
    kind: Mapped[state]
    actor_id: Mapped[int | None]
    # Who acts as actor_id; null without masquerading.
    real_actor_id: Mapped[int | None]
    # The person whom it is about.
    user_id: Mapped[int | None]
    # What it is about: "access_token", 12.
    object_type: Mapped[str | None] = mapped_column(String(32))
    object_id: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[str] = mapped_column(default="{}")
    count: Mapped[int] = mapped_column(default=1)
    # Which kind, address, minute and process the row counts for; null for a row about one event.
    counts_for: Mapped[str | None] = mapped_column(String(160), unique=True)
    created_at: Mapped[time]  # real time, whatever the product's clock says
