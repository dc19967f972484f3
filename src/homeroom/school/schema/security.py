"""What happened that matters for security."""

from __future__ import annotations

from sqlalchemy import Index, String, Text

from homeroom.db.types import Id, State, Time
from homeroom.school.schema.base import id_column, optional, required, table

# One event, or several refusals of one kind in one minute (``count``). It outlives whom and what it names.
SecurityEvent = table(
    "security_events",
    id_column(),
    required("kind", State(32)),
    optional("actor_id", Id),
    # Who acts as actor_id; null without masquerading.
    optional("real_actor_id", Id),
    # The person whom it is about.
    optional("user_id", Id),
    # What it is about: "access_token", 12.
    optional("object_type", String(32)),
    optional("object_id", Id),
    optional("address", String(64)),
    optional("request_id", String(36)),
    required("details", Text(), default="{}"),
    required("count", Id, default=1),
    # Which kind, address, minute and process the row counts for; null for a row about one event.
    optional("counts_for", String(160), unique=True),
    required("created_at", Time()),  # real time, whatever the product's clock says
    Index("ix_security_events_kind", "kind", "id"),
    Index("ix_security_events_user_id", "user_id", "id"),
    Index("ix_security_events_actor_id", "actor_id", "id"),
    Index("ix_security_events_created_at", "created_at"),
)
