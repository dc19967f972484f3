"""Completes a sign-up: the person, the login, the student they observe, and the mail (users-core.md §4)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import Connection

from homeroom.school.mail.queue import Mail, send_later
from homeroom.school.people.logins.uniqueness import Claim, what_is_taken
from homeroom.school.people.observers import links
from homeroom.school.people.users.creation import Created, create_user
from homeroom.school.people.users.sign_up import WRONG_CODE, InvalidSignUp, NewUser
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import attempts, link_mails, observer_proofs
from homeroom.school.sign_in.observer_proofs import TypedCode

# In attempts.WINDOW: each makes a person and sends a mail to an address that somebody typed. A whole school may sit
# behind one network address.
SIGN_UPS_PER_ADDRESS = 100
SIGN_UPS_IN_ALL = 1_000


def admit(db: Connection, address: str) -> bool:
    """Count a self registration; False after too many from this network address or in all."""
    by_address = attempts.count(db, attempts.from_address("registration", address), SIGN_UPS_PER_ADDRESS)
    return attempts.count(db, "registration in all", SIGN_UPS_IN_ALL) and by_address


def join(
    db: Connection, actor: Actor, new: NewUser, typed: TypedCode, password_hash: str | None, base_url: str
) -> Created:
    """Make the person, pair them with the code's student, and send them the mail whose link leads to ``base_url``.

    ``actor`` is who sends the form. Raises InvalidSignUp, TooManyMails, and NotAllowed where the actor may not revive
    somebody; then there is nobody: the transaction must not be committed.
    """
    root = actor.root
    created = create_user(db, root.id, new, password_hash, by=actor)
    if typed.code:
        student_id = observer_proofs.use_code(db, typed)
        if student_id is None:
            raise InvalidSignUp(WRONG_CODE)
        links.link(db, root.id, created.user_id, student_id)
    if new.notice and created.channel:
        link_mails.send(db, new.notice, created.channel, root.name, base_url)
    return created


def join_or_remind(db: Connection, actor: Actor, new: NewUser, typed: TypedCode, base_url: str) -> None:
    """Like ``join``, for a caller who may be anybody: only the mail says whether the person is registered already.

    Neither what this does to the caller nor how long it takes tells more. Raises as ``join`` does.
    """
    root = actor.root
    if not what_is_taken(db, root.id, Claim(new.unique_id)):
        with db.begin_nested():
            join(db, actor, new, typed, None, base_url)
        return
    with db.begin_nested() as made_up:
        # The same work, for somebody who is never seen.
        unique_id = f"{secrets.token_hex(16)}@homeroom.invalid"
        join(db, actor, replace(new, unique_id=unique_id, notice=None), typed, None, base_url)
        made_up.rollback()
    if not link_mails.admit(db, new.unique_id):
        raise link_mails.TooManyMails
    send_later(db, _reminder(new.unique_id, root.name, base_url))


def _reminder(unique_id: str, school: str, base_url: str) -> Mail:
    return Mail(
        notification="Account User Registration",
        recipient=unique_id,
        subject=f"You have an account at {school}",
        text=(
            f"Somebody, probably you, wanted to register at {school} as {unique_id}. There is such an account. "
            f"To sign in, or to choose a new password, open:\n\n{base_url}/login\n\n"
            "If it was not you, do nothing: your account stays as it is.\n"
        ),
    )
