"""Leases of periodic work."""

from __future__ import annotations

from sqlalchemy import String, Text

from homeroom.db.types import Time
from homeroom.school.schema.base import required, table

# Who is doing periodic work (sweeps), so that several workers do not do it at once.
JobLease = table(
    "job_leases",
    required("name", String(64), primary_key=True),
    required("holder", Text()),
    required("until", Time()),
)
