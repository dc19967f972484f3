"""Completes a sign-up: the person, the login, the student they observe, and the mail (users-core.md §4)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from homeroom.school.access import observees
from homeroom.school.access.credentials import secret_key
from homeroom.school.actor import Actor, Root
from homeroom.school.people import observers, pairing_codes
from homeroom.school.people.users.creation import Created, create_user
from homeroom.school.people.users.notices import send_notice
from homeroom.school.people.users.sign_up import WRONG_CODE, InvalidSignUp, NewUser


class TypedCode(NamedTuple):
    """A typed pairing code (empty: none), the id of the person who typed it (0: nobody), and the network address."""

    code: str
    user_id: int
    address: str


def try_code(db: Connection, typed: TypedCode) -> bool | None:
    """Whether the code leads to a student; None after too many attempts. A code can be guessed, so the attempt is
    counted. The count must be committed even if the call fails.
    """
    if not typed.code:
        return False
    if not observees.admit_code(db, typed.user_id, typed.address):
        return None
    return pairing_codes.find_student(db, secret_key(db), typed.code) is not None


def join(
    db: Connection, actor: Actor, new: NewUser, typed: TypedCode, password_hash: str | None, base_url: str
) -> Created:
    """Create the person, pair them with the code's student, and send the mail whose link leads to ``base_url``.
    ``actor`` sends the form. Raises InvalidSignUp, and NotAllowed if the actor may not revive a person. The transaction
    must not be committed then.
    """
    root = actor.root
    created = create_user(db, root.id, secret_key(db), new, password_hash, by=actor)
    if typed.code:
        _pair(db, root, created.user_id, typed)
    if new.notice and created.channel:
        send_notice(db, new.notice, created.channel, root.name, base_url)
    return created


def _pair(db: Connection, root: Root, user_id: int, typed: TypedCode) -> None:
    student_id = pairing_codes.use_code(db, secret_key(db), typed.code)
    if student_id is None:
        # Somebody used the code after it was looked up.
        raise InvalidSignUp(WRONG_CODE)
    observees.code_was_right(db, typed.user_id, typed.address)
    observers.link(db, root.id, user_id, student_id)
