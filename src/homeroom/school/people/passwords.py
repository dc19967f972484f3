"""Passwords: hashing (docs/architecture.md) and what a new one must be like (identity.md §6, users-core.md §4).

Hashing is slow on purpose: call it before the transaction or after it, never inside.
"""

import gzip
import unicodedata
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import Literal

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from homeroom.school.rights.account_settings import LEAST_PASSWORD_LENGTH

MAX_LENGTH = 255
MIN_LENGTH = LEAST_PASSWORD_LENGTH
# Characters that a password of MAX_LENGTH can be typed with: no letter needs more than three accents.
_LONGEST_SPELLING = 4 * MAX_LENGTH

Problem = Literal["blank", "too_short", "too_long", "same_as_login", "too_common"]

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)

# Each hash takes a core and 19 MiB: a burst of sign-ins must not starve every other request.
_gate = BoundedSemaphore(2)

DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$9Pu0Ch46dWK+ML1j9/E3XQ$Ba4cvgfWL/ghTwVrbdcLhhWAuVlZNzuBnbNQ8E8xctQ"
"""The hash of a random text that nobody kept, with today's cost (a test holds it so)."""


def hash_password(text: str) -> str:
    """The salted hash to store."""
    with _gate:
        return _hasher.hash(_prepared(text))


def verify_password(stored: str, text: str) -> bool:
    """Whether this is the password; also False if the stored text is not a hash of ours."""
    with _gate:
        try:
            return _hasher.verify(stored, _prepared(text))
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def verify_against_nothing(text: str) -> Literal[False]:
    """Takes the time of a real check, for a login that does not exist or has no password."""
    verify_password(DUMMY_HASH, text)
    return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other cost parameters; call it after verifying."""
    return _hasher.check_needs_rehash(stored)


def problem_with(password: str, unique_id: str, min_length: int = MIN_LENGTH) -> Problem | None:
    """What keeps this from being the password of the login `unique_id`, as an error's `type`; None if nothing does."""
    if not password.strip():
        return "blank"
    if len(password) < min_length:
        return "too_short"
    if len(password) > MAX_LENGTH:
        return "too_long"
    folded = _folded(password)
    if folded in _names_in(unique_id):
        return "same_as_login"
    return "too_common" if folded in _common_passwords() else None


def message_of(problem: Problem, min_length: int = MIN_LENGTH) -> str:
    """The message for an error type."""
    return {
        "blank": "can't be blank",
        "too_short": f"is too short (minimum is {min_length} characters)",
        "too_long": f"is too long (maximum is {MAX_LENGTH} characters)",
        "same_as_login": "can't be the same as the login",
        "too_common": "is one that many people use, and so is easily guessed",
    }[problem]


def _names_in(unique_id: str) -> set[str]:
    """The login, and the part before its @."""
    login = _folded(unique_id)
    return {login, login.partition("@")[0]}


@cache
def _common_passwords() -> frozenset[str]:
    """The commonest passwords of eight characters and more; read when the first password is chosen."""
    packed = (Path(__file__).parent / "common_passwords" / "passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n"))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()


def _prepared(text: str) -> bytes:
    if len(text) > _LONGEST_SPELLING:
        # Nobody's password. Composing takes time by the square of a row of accents, and holds up the whole process.
        return text.encode("utf-8", "surrogatepass")
    # One keyboard sends "é" as one character and another as two: RFC 8265 compares passwords in form C.
    # A lone surrogate out of a JSON escape is a wrong password, not a crash.
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
