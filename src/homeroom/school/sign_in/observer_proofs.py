"""The proof that a student agrees to be observed: a password, an access token or a pairing code. Each can be guessed,
so attempts are counted before they are checked (identity.md §9).
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from homeroom.db import Database, digest_of
from homeroom.school.ground.secret_key import given_secret_key, own_secret_key
from homeroom.school.people.observers import pairing_codes
from homeroom.school.sign_in import attempts
from homeroom.school.sign_in.credentials import BadToken, actor_of_token

# In attempts.WINDOW. A whole school may sit behind one address.
TRIES_PER_USER = 10
TRIES_PER_ADDRESS = 100
TRIES_IN_ALL = 1_000
_PURPOSE = b"homeroom: pairing codes"


class TypedCode(NamedTuple):
    """A pairing code as it was typed (empty: none), by whom (0: nobody) and from which network address.

    ``digest`` and ``student_id`` are what ``look_up`` found.
    """

    code: str
    user_id: int
    address: str
    digest: bytes = b""
    student_id: int | None = None

    @property
    def is_wrong(self) -> bool:
        return bool(self.code) and self.student_id is None


def look_up(database: Database, typed: TypedCode) -> TypedCode | None:
    """The code with its student; None after too many tries. Slow: not inside a transaction.

    A code can be guessed, so the try is counted first, even if the call fails later.
    """
    if not typed.code:
        return typed
    with database.write() as db:
        if not admit(db, "pairing code", typed.user_id, typed.address):
            return None
        key = code_key(db)
    digest = pairing_codes.digest_of_code(typed.code, key)
    with database.read() as db:
        return typed._replace(digest=digest, student_id=pairing_codes.find_student(db, digest))


def use_code(db: Connection, typed: TypedCode) -> int | None:
    """Use the code up and return its student; None if somebody else used it since it was looked up."""
    student_id = pairing_codes.use_code(db, typed.digest)
    if student_id is not None:
        was_right(db, "pairing code", typed.user_id, typed.address)
    return student_id


def code_key(db: Connection) -> bytes:
    """The key for digests of pairing codes: made from HOMEROOM_SECRET_KEY if it is set, because no copy of the
    database has that.
    """
    secret = given_secret_key(db) or own_secret_key(db)
    return HKDF(algorithm=SHA256(), length=16, salt=None, info=_PURPOSE).derive(secret.encode())


def admit(db: Connection, what: str, user_id: int, address: str) -> bool:
    """Count a try of this kind of proof; False when there were too many by this person (0: nobody), from there, or
    in all."""
    by_user = user_id == 0 or attempts.count(db, _by(what, user_id), TRIES_PER_USER)
    by_address = attempts.count(db, attempts.from_address(what, address), TRIES_PER_ADDRESS)
    in_all = attempts.count(db, f"{what} in all", TRIES_IN_ALL)
    return by_user and by_address and in_all


def was_right(db: Connection, what: str, user_id: int, address: str) -> None:
    """The try was no guess."""
    attempts.forget(db, _by(what, user_id))
    attempts.give_back(db, attempts.from_address(what, address))
    attempts.give_back(db, f"{what} in all")


def student_of_token(db: Connection, token: str) -> int | None:
    """The owner of the token, if it has no scopes. A token with scopes must not give more rights than these."""
    try:
        owner = actor_of_token(db, digest_of(token))
    except BadToken:
        return None
    return owner.id if owner.scopes is None and not owner.is_masquerading else None


def _by(what: str, user_id: int) -> str:
    return f"{what} by user {user_id}"
