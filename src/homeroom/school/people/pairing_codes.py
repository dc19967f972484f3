"""Codes by which a student lets somebody observe them (identity.md §9): six characters, seven days, used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import violated
from homeroom.school.schema import ObserverPairingCode, User

LENGTH = 6
LIFETIME = timedelta(days=7)
# Codes are read aloud and typed on phones, so letters that look alike are left out.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
_TRIES = 5


class PairingCode(NamedTuple):
    """A new code. It is shown only once."""

    user_id: int
    code: str
    expires_at: datetime
    state: str


def make_code(db: Connection, secret: str, student_id: int) -> PairingCode:
    """Create a code of this student. ``secret`` is the installation's: a copy of the database reveals no codes."""
    now = clock.now()
    db.execute(
        delete(ObserverPairingCode).where(
            ObserverPairingCode.user_id == student_id, ObserverPairingCode.expires_at <= now
        )
    )
    for _ in range(_TRIES):
        code = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
        made = PairingCode(student_id, code, now + LIFETIME, "active")
        if _keep(db, secret, made):
            return made
    raise RuntimeError("No free pairing code was found.")


def find_student(db: Connection, secret: str, code: str) -> int | None:
    """The student with this code; None if it is unknown, used or expired, or if the student is deleted."""
    rows = (
        select(ObserverPairingCode.user_id)
        .join(User, User.id == ObserverPairingCode.user_id)
        .where(
            ObserverPairingCode.digest == _digest(secret, code),
            ObserverPairingCode.state == "active",
            ObserverPairingCode.expires_at > clock.now(),
            User.state != "deleted",
        )
    )
    return db.execute(rows).scalar()


def use_code(db: Connection, secret: str, code: str) -> int | None:
    """Like ``find_student``, and uses the code up; of two calls at the same time only one gets the student."""
    student_id = find_student(db, secret, code)
    used = db.execute(
        update(ObserverPairingCode)
        .where(ObserverPairingCode.digest == _digest(secret, code), ObserverPairingCode.state == "active")
        .values(state="used", updated_at=clock.now())
    ).rowcount
    return student_id if used else None


def _keep(db: Connection, secret: str, made: PairingCode) -> bool:
    now = clock.now()
    row = insert(ObserverPairingCode).values(
        user_id=made.user_id,
        digest=_digest(secret, made.code),
        state=made.state,
        expires_at=made.expires_at,
        created_at=now,
        updated_at=now,
    )
    try:
        with db.begin_nested():
            db.execute(row)
    except IntegrityError as error:
        if violated(error, ObserverPairingCode) != "uq_observer_pairing_codes_digest":
            raise
        return False
    return True


def _digest(secret: str, code: str) -> bytes:
    """Six characters are quickly guessed, so the digest also uses the installation's secret."""
    text = f"pairing code {code.strip()}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), text, hashlib.sha256).digest()
