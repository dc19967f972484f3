"""Codes by which a student lets somebody observe them (identity.md §9): six characters, seven days, used once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import NamedTuple

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import violated
from homeroom.school.ground.errors import Refused
from homeroom.school.schema import (
    ObserverPairingCode,
    User,
)
from homeroom.school.states import UserState

LENGTH = 6
LIFETIME = timedelta(days=7)
# Codes are read aloud and typed on phones, so letters that look alike are left out.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
# Six characters are soon tried out on a copy of the table: each try costs what a try of a password costs.
_gate = BoundedSemaphore(2)


class PairingCode(NamedTuple):
    """A new code. It is shown only once."""

    user_id: int
    code: str
    expires_at: datetime
    state: str


def new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def digest_of_code(code: str, key: bytes) -> bytes:
    """The digest by which a code is stored and found. Slow on purpose: call it before or after the transaction, never
    inside.

    ``key``: 16 bytes from the installation's secret.
    """
    text = code.strip().encode("utf-8", "surrogatepass")
    with _gate:
        return hash_secret_raw(text, key, time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)


def is_free(db: Connection, digest: bytes) -> bool:
    """Whether nobody has this code. Only ``keep_code`` is certain."""
    taken = ObserverPairingCode.c.digest == digest, ObserverPairingCode.c.state == "active"
    return db.execute(select(ObserverPairingCode.c.id).where(*taken)).first() is None


def keep_code(db: Connection, student_id: int, code: str, digest: bytes) -> PairingCode:
    """Store a new code of the student. Raises Refused if somebody else got the same code at this moment."""
    now = clock.now()
    made = PairingCode(student_id, code, now + LIFETIME, "active")
    row = insert(ObserverPairingCode).values(
        user_id=student_id, digest=digest, state=made.state, expires_at=made.expires_at, created_at=now, updated_at=now
    )
    try:
        with db.begin_nested():
            db.execute(row)
    except IntegrityError as error:
        if violated(error, ObserverPairingCode) != "uq_observer_pairing_codes_digest":
            raise
        raise Refused("No free code was found; try again.", status=409) from None
    return made


def find_student(db: Connection, digest: bytes) -> int | None:
    """The student of this code; None if it is unknown, used or expired, or the student was deleted."""
    rows = (
        select(ObserverPairingCode.c.user_id)
        .join(User, User.c.id == ObserverPairingCode.c.user_id)
        .where(
            ObserverPairingCode.c.digest == digest,
            ObserverPairingCode.c.state == "active",
            ObserverPairingCode.c.expires_at > clock.now(),
            User.c.state != UserState.DELETED,
        )
    )
    return db.execute(rows).scalar()


def use_code(db: Connection, digest: bytes) -> int | None:
    """Like ``find_student``, and uses the code up. Of two callers at once only one gets the student."""
    student_id = find_student(db, digest)
    used = db.execute(
        update(ObserverPairingCode)
        .where(ObserverPairingCode.c.digest == digest, ObserverPairingCode.c.state == "active")
        .values(state="used", updated_at=clock.now())
    ).rowcount
    return student_id if used else None


def sweep(db: Connection) -> None:
    """Forget the codes that are too old, used or not."""
    db.execute(delete(ObserverPairingCode).where(ObserverPairingCode.c.expires_at <= clock.now()))
