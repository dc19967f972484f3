"""Signing in with a login or an e-mail address, and a password (homeroom.md §4).

In three steps, because hashing is slow: ``admit`` counts the try, ``find_candidate`` finds whom the text may mean; the
caller verifies the password outside any transaction; ``enter`` does the rest if nothing has changed meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, or_, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.access import attempts
from homeroom.school.addresses import address_key
from homeroom.school.people import directory
from homeroom.school.people.logins.queries import HAS_PASSWORD
from homeroom.school.people.names import search_key
from homeroom.school.people.passwords import hash_password, needs_rehash, verify_against_nothing, verify_password
from homeroom.school.schema import CommunicationChannel, Login, User

# Failures within attempts.WINDOW. A whole school may share one network address.
TRIES_PER_LOGIN = 10
TRIES_PER_ADDRESS = 100


class Candidate(NamedTuple):
    """The login for the typed text."""

    login_id: int
    user_id: int
    password_hash: str


def admit(db: Connection, typed: str, address: str) -> bool:
    """Count this try; False when there were too many with this login or from this network address."""
    if not attempts.count(db, _address_name(address), TRIES_PER_ADDRESS):
        return False  # And no row for what was typed: who tries without end must not fill a table.
    return attempts.count(db, _login_name(typed), TRIES_PER_LOGIN)


def find_candidate(db: Connection, typed: str) -> Candidate | None:
    """The login whose password to check. A login id wins over an e-mail address, and an address that two people share
    does not count. Always one statement, so that the time reveals nothing.
    """
    key = search_key(typed.strip())
    has_address = select(CommunicationChannel.user_id).where(
        CommunicationChannel.address_key == address_key(typed.strip()),
        CommunicationChannel.type == "email",
        CommunicationChannel.state == "active",
    )
    rows = db.execute(
        select(Login.id, Login.user_id, Login.password_hash, Login.unique_id_key)
        .join(User, User.id == Login.user_id)
        .where(
            or_(Login.unique_id_key == key, Login.user_id.in_(has_address)),
            HAS_PASSWORD,
            User.state != "deleted",
        )
        .order_by(Login.position, Login.id)
    ).all()
    by_login = [row for row in rows if row.unique_id_key == key]
    if not by_login and len({row.user_id for row in rows}) != 1:
        return None
    row = (by_login or rows)[0]
    return Candidate(row.id, row.user_id, row.password_hash)


def is_password_of(candidate: Candidate | None, password: str) -> bool:
    """Whether the password is the candidate's. Takes the same time without a candidate."""
    if candidate is None:
        return verify_against_nothing(password)
    return verify_password(candidate.password_hash, password)


def rehashed(candidate: Candidate, password: str) -> str:
    """The hash to store: a new one if the old one was made with other cost parameters."""
    return hash_password(password) if needs_rehash(candidate.password_hash) else candidate.password_hash


def enter(db: Connection, candidate: Candidate, password_hash: str, typed: str, address: str) -> bool:
    """Record the sign-in; False if the login was suspended or its password changed since the check."""
    _hold(db, candidate.user_id)
    unchanged = db.execute(
        update(Login)
        .where(
            Login.id == candidate.login_id,
            Login.state == "active",
            Login.password_hash == candidate.password_hash,
        )
        .values(password_hash=password_hash)
    ).rowcount
    if not unchanged:
        return False
    was_right(db, typed, address)
    note(db, candidate.login_id, candidate.user_id)
    return True


def note(db: Connection, login_id: int, user_id: int) -> None:
    """Count a sign-in with this login, and show its time in lists."""
    _hold(db, user_id)
    db.execute(
        update(Login)
        .where(Login.id == login_id)
        .values(
            login_count=Login.login_count + 1,
            last_login_at=Login.current_login_at,
            current_login_at=clock.now(),
        )
    )
    directory.refresh(db, [user_id])


def _hold(db: Connection, user_id: int) -> None:
    # The person goes before their logins, always: two who hold both in another order would wait for each other.
    lock(db, User, [user_id])


def was_right(db: Connection, typed: str, address: str) -> None:
    """Take back the attempt that ``admit`` counted, because it was not a guess."""
    attempts.forget(db, _login_name(typed))
    attempts.give_back(db, _address_name(address))


def _login_name(typed: str) -> str:
    return attempts.about("sign-in as", search_key(typed.strip()))


def _address_name(address: str) -> str:
    return attempts.from_address("sign-in", address)
