"""Security events: one log line each, and a row for admins (docs/operations.md, docs/api/control.md).

A change is recorded in its own transaction, and is logged once that is committed:

    record(db, "token_created", user_id=user_id, object=("access_token", token_id))

What was refused is reported. Its transaction is undone, so the row is written a moment later, by another one:

    report("sign_in_failed", user_id=candidate.user_id)

Who asked, from where and in which request is taken from the running request (``asking``). Nothing here may be a
secret, or something that somebody typed: people type their passwords into the wrong field.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import Connection, delete, insert, select

from homeroom import clock
from homeroom.db import after_commit, insert_or_update
from homeroom.networks import neighbourhood
from homeroom.school.jobs.registry import Tools, call, job, sweep
from homeroom.school.schema import SecurityEvent
from homeroom.services.jobs import JobCall

log = logging.getLogger("homeroom.security")

# What changed, and was done by somebody who may.
RECORDED: dict[str, str] = {
    "sign_in": "Somebody signed in",
    "sessions_ended": "Somebody was signed out everywhere",
    "password_changed": "A login got another password",
    "password_link_sent": "A link to a new password was mailed",
    "address_added": "A person got another address",
    "address_confirmed": "An address was confirmed",
    "address_removed": "A person lost an address",
    "second_factor_on": "A second factor was set up",
    "second_factor_off": "A second factor was taken away",
    "login_created": "A person got another login",
    "login_changed": "A login was changed",
    "login_suspended": "A login was suspended",
    "login_restored": "A suspended login works again",
    "login_deleted": "A login was deleted",
    "user_deleted": "A person was deleted",
    "admin_added": "A person got an account role",
    "admin_removed": "A person lost an account role",
    "role_created": "A role was made",
    "role_changed": "A role was changed",
    "token_created": "An access token was made",
    "token_changed": "An access token was changed",
    "token_deleted": "An access token ended",
    "key_created": "A developer key was made",
    "key_changed": "A developer key was changed",
    "key_deleted": "A developer key was deleted",
    "provider_changed": "A way to sign in was added, changed or removed",
    "settings_changed": "Settings of the root account were changed",
    "masquerade_begun": "An admin began to act as somebody in a browser",
}
# What did not happen, or what a request that only reads does; limited by address and minute.
REPORTED: dict[str, str] = {
    "sign_in_failed": "A wrong password or an unknown login",
    "sign_in_locked": "Too many tries: nothing was checked",
    "token_refused": "An access token that is unknown, expired or ended",
    "client_refused": "A developer key, code or assertion that the token endpoint refused",
    "masquerade": "Somebody acts as somebody else through the API",
    "masquerade_refused": "Somebody is not allowed to act as this user",
    "request_forged": "A change without the token of the browser's session",
    "denied": "A signed-in person is not allowed to do this",
}
KINDS = {**RECORDED, **REPORTED}

KEPT = timedelta(days=365)
# Refusals beyond these go, the oldest first, so that no flood fills the disk. Changes stay for the whole year.
MOST_REFUSALS = 1_000_000
# Rows a minute for refusals of one kind from one address, and of all together; what is more is counted in a row.
ROWS_PER_ADDRESS, ROWS_PER_MINUTE = 5, 120
# Seconds between two rows about the same two people.
MASQUERADES_EVERY = 600.0
_MOST_PAIRS = 10_000


class Origin(NamedTuple):
    """Who asked, and how. Nobody, from nowhere: the command line or a job."""

    actor_id: int | None = None
    real_actor_id: int | None = None
    address: str | None = None
    request_id: str | None = None


class Source(Protocol):
    """The request that is running."""

    @property
    def origin(self) -> Origin: ...

    def report(self, event: Event) -> None:
        """Write the event when this request is over, even if the request fails."""


# Set once a request, and read only where there is something to tell.
asking: ContextVar[Source | None] = ContextVar("asking", default=None)


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    origin: Origin
    at: datetime
    user_id: int | None = None
    object: tuple[str, int] | None = None
    details: Mapping[str, Any] | None = None

    @property
    def row(self) -> dict[str, Any]:
        type_, id_ = self.object or (None, None)
        return {
            "kind": self.kind, **self.origin._asdict(), "user_id": self.user_id, "object_type": type_, "object_id": id_,
            "details": msgspec.json.encode(self.details or {}).decode(), "created_at": self.at,
        }  # fmt: skip

    def tell(self, count: int = 1) -> None:
        """Write the log line."""
        fields = {
            "event": self.kind, **self.origin._asdict(), "user_id": self.user_id,
            **({"object_type": self.object[0], "object_id": self.object[1]} if self.object else {}),
            **(self.details or {}), **({"count": count} if count > 1 else {}),
        }  # fmt: skip
        level = logging.WARNING if self.kind in REPORTED else logging.INFO
        log.log(level, f"{KINDS[self.kind]}.", extra={"fields": fields})


def record(
    db: Connection, kind: str, *, user_id: int | None = None, object: tuple[str, int] | None = None, **details: Any
) -> None:
    """A change, in its own transaction: undone with it, told with it."""
    assert kind in RECORDED, kind
    source = asking.get()
    event = Event(kind, source.origin if source else Origin(), clock.real_now(), user_id, object, details)
    db.execute(insert(SecurityEvent).values(**event.row))
    after_commit(lambda _database: event.tell())


def report(kind: str, *, user_id: int | None = None, object: tuple[str, int] | None = None, **details: Any) -> None:
    """Report an event of a call that changes nothing or will be rolled back. Outside a request it is only logged."""
    assert kind in REPORTED, kind
    source = asking.get()
    event = Event(kind, source.origin if source else Origin(), clock.real_now(), user_id, object, details)
    if source is None:
        event.tell()
    else:
        source.report(event)


class Reports:
    """The refusals of one process that wait to be written. So few a minute are written that a flood cannot fill the
    table."""

    def __init__(self, note: Callable[[Callable[[Connection, Mapping[Any, Any]], None], Any, Any], None]) -> None:
        self._note = note
        self._lock = threading.Lock()
        self._process = f"{os.getpid()}.{secrets.token_hex(4)}"
        self._minute = 0
        self._rows: dict[tuple[str, str], int] = {}
        self._more: dict[str, int] = {}
        self._number = 0
        self._told: dict[tuple[int | None, int | None], float] = {}

    def add(self, event: Event) -> None:
        """Log the event and write a row for it soon; when there were many like it, count it in one row with them."""
        counts_for, count, number = self._place(event)
        # 1, 2, 4, 8 ... of those that are only counted have a line too.
        if count & (count - 1) == 0:
            event.tell(count)
        row = {**event.row, "counts_for": counts_for, "count": count}
        if counts_for is not None:
            # Whom and what the others were about nobody knows.
            row |= {"actor_id": None, "real_actor_id": None, "user_id": None, "object_type": None, "object_id": None}
            row |= {"request_id": None, "details": "{}"}
        self._note(_write, counts_for or number, row)

    def add_masquerade(self, event: Event) -> None:
        """``add``, once in a while for each two people: every call of a masquerading program is one."""
        pair = event.origin.real_actor_id, event.origin.actor_id
        now = time.monotonic()
        with self._lock:
            if now < self._told.get(pair, 0.0):
                return
            if len(self._told) > _MOST_PAIRS:
                self._told.clear()
            self._told[pair] = now + MASQUERADES_EVERY
        self.add(event)

    def _place(self, event: Event) -> tuple[str | None, int, int]:
        """None and 1 for a row of its own; else what its row counts for, and how many that are by now. And a number."""
        key = event.kind, neighbourhood(event.origin.address or "")
        with self._lock:
            if (minute := int(time.time() // 60)) != self._minute:
                self._minute, self._rows, self._more = minute, {}, {}
            self._number += 1
            rows = self._rows.get(key, 0)
            if rows < ROWS_PER_ADDRESS and sum(self._rows.values()) < ROWS_PER_MINUTE:
                self._rows[key] = rows + 1
                return None, 1, self._number
            where = key[1] if rows else "anywhere"
            counts_for = f"{event.kind} {where} {minute} {self._process}"
            count = self._more[counts_for] = self._more.get(counts_for, 0) + 1
            return counts_for, count, self._number


def _write(db: Connection, rows: Mapping[Any, dict[str, Any]]) -> None:
    own = [row for row in rows.values() if row["counts_for"] is None]
    if own:
        db.execute(insert(SecurityEvent), own)
    counted = [row for row in rows.values() if row["counts_for"] is not None]
    insert_or_update(db, SecurityEvent, counted, key=["counts_for"], update=["count"])


@job
def forget_old_security_events(tools: Tools) -> None:
    """Delete events older than a year, and refusals beyond the newest million. Can safely run twice."""
    with tools.database.write() as db:
        db.execute(delete(SecurityEvent).where(SecurityEvent.c.created_at <= clock.real_now() - KEPT))
        refusals = select(SecurityEvent.c.id).where(SecurityEvent.c.kind.in_(REPORTED))
        oldest = refusals.order_by(SecurityEvent.c.id.desc()).offset(MOST_REFUSALS).limit(1)
        if (last := db.execute(oldest).scalar_one_or_none()) is not None:
            db.execute(delete(SecurityEvent).where(SecurityEvent.c.kind.in_(REPORTED), SecurityEvent.c.id <= last))


@sweep
def old_security_events(db: Connection) -> Iterable[JobCall]:
    """The job, if there is anything for it to do."""
    ids = db.execute(
        select(SecurityEvent.c.id, SecurityEvent.c.created_at).order_by(SecurityEvent.c.id).limit(1)
    ).first()
    if ids is None:
        return []
    newest = db.execute(select(SecurityEvent.c.id).order_by(SecurityEvent.c.id.desc()).limit(1)).scalar_one()
    # More ids than refusals that may stay: some may have to go. Counting them is left to the job.
    due = ids.created_at <= clock.real_now() - KEPT or newest - ids.id >= MOST_REFUSALS
    return [call(forget_old_security_events)] if due else []
