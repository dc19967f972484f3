"""Signing in with a login or an e-mail address, and a password (homeroom.md §4).

In two steps, because hashing is slow: ``check`` finds whom the text may mean and verifies the password outside any
transaction; ``enter`` does the rest if nothing has changed meanwhile. When a try may be made: ``lockout``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from homeroom.db import Database, lock
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.people.logins.passwords import keep_hash, note_sign_in
from homeroom.school.people.logins.queries import HAS_PASSWORD
from homeroom.school.people.names import search_key
from homeroom.school.people.passwords import hash_password, needs_rehash, verify_against_nothing, verify_password
from homeroom.school.schema import (
    CommunicationChannel,
    Login,
    User,
)
from homeroom.school.security.events import report
from homeroom.school.sign_in import lockout, places
from homeroom.school.sign_in.lockout import Limit
from homeroom.school.sign_in.places import Place
from homeroom.school.states import ChannelState, UserState


class Candidate(NamedTuple):
    """The login for the typed text."""

    login_id: int
    user_id: int
    password_hash: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a try. Without ``password_hash`` the password was wrong, or not looked at (``wait``).

    ``password_hash`` is the hash to keep from now on; ``wait``: seconds until the next try may be made.
    """

    candidate: Candidate | None = None
    password_hash: str = ""
    wait: int = 0
    limits: Sequence[Limit] = ()

    @property
    def is_right(self) -> bool:
        return bool(self.password_hash)


def check(
    database: Database,
    typed: str,
    password: str,
    place: Place,
    *,
    own: Candidate | None = None,
) -> Checked:
    """Try the password of the login or address that was typed; a failure is counted. Not inside a transaction.

    ``own``: the login, where it is known already.
    """
    with database.read() as db:
        candidate = own or find_candidate(db, typed)
        known = places.known(db, candidate.login_id if candidate else None, place)
        limits = lockout.limits_of(typed, place, known)
        wait = lockout.seconds_to_wait(db, limits)
    if wait:
        return locked_out(candidate, place, wait)
    if candidate is not None and is_password_of(candidate, password):
        return Checked(candidate, _rehashed(candidate, password), limits=limits)
    if candidate is None:
        verify_against_nothing(password)
    # Counted after it failed, so that a hundred people who sign in at eight o'clock are none of the hundred failures.
    # As many as run at once get past the count; ``enter`` looks again.
    with database.write() as db:
        failed(db, candidate, place, limits)
    return Checked(candidate)


def check_own(database: Database, login: AnyRow, password: str, place: Place) -> Checked:
    """Try the password of a login from ``find_password_login``: as hard to guess for who is signed in already."""
    own = Candidate(login.id, login.user_id, login.password_hash)
    return check(database, login.unique_id, password, place, own=own)


def locked_out(candidate: Candidate | None, place: Place, wait: int) -> Checked:
    """A try came too early or too often: nobody looks at the password."""
    report("sign_in_locked", user_id=candidate.user_id if candidate else None)
    return Checked(candidate, wait=wait)


def failed(db: Connection, candidate: Candidate | None, place: Place, limits: Sequence[Limit]) -> None:
    """The password was wrong: count it."""
    lockout.count_failure(db, limits)
    report("sign_in_failed", user_id=candidate.user_id if candidate else None)


def find_candidate(db: Connection, typed: str) -> Candidate | None:
    """The login whose password to check. A login id wins over an e-mail address, and an address that two people share
    does not count. Always one statement, so that the time reveals nothing.
    """
    key = search_key(typed.strip())
    has_address = select(CommunicationChannel.c.user_id).where(
        CommunicationChannel.c.address_key == address_key(typed.strip()),
        CommunicationChannel.c.type == "email",
        CommunicationChannel.c.state == ChannelState.ACTIVE,
    )
    rows = db.execute(
        select(Login.c.id, Login.c.user_id, Login.c.password_hash, Login.c.unique_id_key)
        .join(User, User.c.id == Login.c.user_id)
        .where(
            or_(Login.c.unique_id_key == key, Login.c.user_id.in_(has_address)),
            HAS_PASSWORD,
            User.c.state != UserState.DELETED,
        )
        .order_by(Login.c.position, Login.c.id)
    ).all()
    by_login = [row for row in rows if row.unique_id_key == key]
    if not by_login and len({row.user_id for row in rows}) != 1:
        return None
    row = (by_login or rows)[0]
    return Candidate(row.id, row.user_id, row.password_hash)


def is_password_of(candidate: Candidate, password: str) -> bool:
    return verify_password(candidate.password_hash, password)


def _rehashed(candidate: Candidate, password: str) -> str:
    """A new hash when the old was made with other costs than today's."""
    return hash_password(password) if needs_rehash(candidate.password_hash) else candidate.password_hash


def enter(db: Connection, checked: Checked) -> bool:
    """Sign in after ``check``; False if the login or its password changed since, or no tries are left."""
    candidate = checked.candidate
    if candidate is None or not checked.is_right or lockout.is_over(db, checked.limits):
        return False
    _hold(db, candidate.user_id)
    unchanged = keep_hash(db, candidate.login_id, candidate.password_hash, checked.password_hash)
    if unchanged:
        was_right(db, checked)
    return unchanged


def was_right(db: Connection, checked: Checked) -> None:
    """The password was right: earlier failures in this place are forgotten."""
    lockout.forget_failures(db, checked.limits)


def signed_in(db: Connection, login_id: int, user_id: int, place: Place | None = None) -> None:
    """Somebody is in: count it, show its time in lists, and know the place from now on (None: another's word)."""
    _hold(db, user_id)
    note_sign_in(db, user_id, login_id)
    if place is not None:
        places.remember(db, login_id, place)


def _hold(db: Connection, user_id: int) -> None:
    # The person goes before their logins, always: two who hold both in another order would wait for each other.
    lock(db, User, [user_id])
