"""Facts about the installation, and its clock."""

from __future__ import annotations

from sqlalchemy import Double, String, Text

from homeroom.school.schema.base import id_column, optional, required, table

# What the installation remembers about itself, by name: the secret key, the site admin's account ...
SystemFact = table(
    "system_facts",
    required("name", String(64), primary_key=True),
    required("value", Text()),
)


# The one row of a clock moved while developing (homeroom.md §5).
MovedClock = table(
    "moved_clock",
    id_column(),
    required("offset_seconds", Double()),
    optional("frozen_at", Text()),
)
