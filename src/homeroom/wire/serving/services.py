"""What a process has besides the database, for handlers that need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from homeroom.db import Database
from homeroom.school.jobs.registry import Jobs
from homeroom.school.security.events import Reports
from homeroom.services.remote import Remote
from homeroom.settings import Settings
from homeroom.wire.routing.router import Router
from homeroom.wire.routing.scopes import Scope
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.notes import Notes
from homeroom.wire.serving.throttle import Buckets


@dataclass(slots=True)
class Services:
    """``database`` is for work outside the request's transaction only; ``scopes`` and ``faces`` are all there are.

    ``router`` knows the routes of every face. ``remote`` asks other servers, for routes that say ``outside``.
    """

    settings: Settings
    database: Database
    jobs: Jobs
    buckets: Buckets
    notes: Notes
    remote: Remote
    scopes: tuple[Scope, ...] = ()
    faces: tuple[Face, ...] = ()
    router: Router[Any] = field(default_factory=Router)
    reports: Reports = field(init=False)

    def __post_init__(self) -> None:
        self.reports = Reports(self.notes.add)

    def close(self) -> None:
        self.notes.close()
        self.jobs.close()
        self.database.close()
