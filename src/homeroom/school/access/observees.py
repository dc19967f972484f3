"""The proof that a student agrees to be observed: a password, an access token or a pairing code. Each can be guessed,
so attempts are counted before they are checked (identity.md §9).
"""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.access import attempts
from homeroom.school.access.credentials import BadToken, actor_of_token, digest_of

CODES_PER_USER = 10
# A whole school may share one network address.
CODES_PER_ADDRESS = 100


def admit_code(db: Connection, user_id: int, address: str) -> bool:
    """Count an attempt with a pairing code; False after too many by this person (0: nobody) or from this address."""
    by_user = user_id == 0 or attempts.count(db, _by(user_id), CODES_PER_USER)
    by_address = attempts.count(db, attempts.from_address("pairing code", address), CODES_PER_ADDRESS)
    return by_user and by_address


def code_was_right(db: Connection, user_id: int, address: str) -> None:
    """Take the attempt back, because it was not a guess."""
    attempts.forget(db, _by(user_id))
    attempts.give_back(db, attempts.from_address("pairing code", address))


def student_of_token(db: Connection, token: str) -> int | None:
    """The owner of the token, if it has no scopes. A token with scopes must not give more rights than these."""
    try:
        owner = actor_of_token(db, digest_of(token))
    except BadToken:
        return None
    return owner.id if owner.scopes is None and not owner.is_masquerading else None


def _by(user_id: int) -> str:
    return f"pairing code by user {user_id}"
