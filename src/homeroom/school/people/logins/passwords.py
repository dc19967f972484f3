"""The password of a login, and its use. A caller hashes it before the transaction, for hashing is slow."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.school.ground.events import announce
from homeroom.school.people import account_notices, directory
from homeroom.school.people.events import PasswordChanged
from homeroom.school.schema import Login
from homeroom.school.security.events import record
from homeroom.school.states import LoginState


def choose_first_password(db: Connection, user_id: int, login_id: int, password_hash: str, channel_id: int) -> None:
    """A new person chooses a password, by the link that was mailed to this channel."""
    db.execute(update(Login).where(Login.c.id == login_id).values(password_hash=password_hash))
    account_notices.tell_of_first_password(db, user_id, channel_id)
    record(db, "password_changed", user_id=user_id, object=("login", login_id), by="invitation")


def replace_password(db: Connection, user_id: int, login_id: int, password_hash: str) -> None:
    """The person has forgotten it and sets a new one, by a link that was mailed to them. All their sessions end."""
    db.execute(update(Login).where(Login.c.id == login_id).values(password_hash=password_hash, updated_at=clock.now()))
    announce(db, PasswordChanged(user_id, None))
    record(db, "password_changed", user_id=user_id, object=("login", login_id), by="link")


def replace_passwords(db: Connection, known: Collection[str], unknown: str, *, by: str) -> list[int]:
    """Give every login with one of the ``known`` hashes the hash ``unknown``. Returns the owner of each."""
    changed = update(Login).where(Login.c.password_hash.in_(known))
    logins = db.execute(
        changed.values(password_hash=unknown, updated_at=clock.now()).returning(Login.c.id, Login.c.user_id)
    ).all()
    for login in logins:
        record(db, "password_changed", user_id=login.user_id, object=("login", login.id), by=by)
    for user_id in {login.user_id for login in logins}:
        announce(db, PasswordChanged(user_id, None))
    return [login.user_id for login in logins]


def keep_hash(db: Connection, login_id: int, old: str, new: str) -> bool:
    """Store another hash of the same password. False if the password or the login has changed meanwhile."""
    same = Login.c.id == login_id, Login.c.state == LoginState.ACTIVE, Login.c.password_hash == old
    return bool(db.execute(update(Login).where(*same).values(password_hash=new)).rowcount)


def stored_hashes(db: Connection) -> set[str]:
    """Every different hash of a password."""
    return set(filter(None, db.execute(select(Login.c.password_hash).distinct()).scalars()))


def note_sign_in(db: Connection, user_id: int, login_id: int) -> None:
    """Somebody has signed in with the login: count it, and show its time in lists."""
    db.execute(
        update(Login)
        .where(Login.c.id == login_id)
        .values(
            login_count=Login.c.login_count + 1,
            last_login_at=Login.c.current_login_at,
            current_login_at=clock.now(),
        )
    )
    directory.refresh(db, [user_id])
