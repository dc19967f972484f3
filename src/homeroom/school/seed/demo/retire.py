"""Turning a demo school into one that only its own people get into."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import Database, digest_of
from homeroom.school.ground.events import PasswordChanged, announce
from homeroom.school.people.passwords import hash_password, verify_password
from homeroom.school.schema import AccessToken, Login, SystemFact, TokenState
from homeroom.school.security.events import record
from homeroom.school.seed.demo.load import FACT, LOADED, PASSWORD, RETIRED, everybodys_tokens
from homeroom.school.sign_in.sign_out import sign_out_everywhere


class Replaced(NamedTuple):
    passwords: int
    tokens: int


def is_open(db: Connection) -> bool:
    """Whether the demo school is here, and its tokens and passwords, which everybody knows, may still work."""
    return db.execute(select(SystemFact.c.value).where(SystemFact.c.name == FACT)).scalar() == LOADED


def retire(database: Database) -> Replaced:
    """End the demo tokens, and give whoever has the demo password one that nobody knows; sign all of them out.

    Whose password it is is found by trying it, so that no renamed login and nobody who was given it is forgotten.
    """
    with database.read() as db:
        hashes = set(filter(None, db.execute(select(Login.c.password_hash).distinct()).scalars()))
    known = [stored for stored in hashes if verify_password(stored, PASSWORD)]
    unknown = hash_password(secrets.token_urlsafe(32))
    with database.write() as db:
        return _replace(db, known, unknown)


def _replace(db: Connection, known: list[str], unknown: str) -> Replaced:
    now = clock.now()
    logins = db.execute(
        update(Login)
        .where(Login.c.password_hash.in_(known))
        .values(password_hash=unknown, updated_at=now)
        .returning(Login.c.id, Login.c.user_id)
    ).all()
    tokens = db.execute(
        update(AccessToken)
        .where(
            AccessToken.c.digest.in_([digest_of(token) for token in everybodys_tokens()]),
            AccessToken.c.state != TokenState.DELETED,
        )
        .values(state=TokenState.DELETED, updated_at=now)
        .returning(AccessToken.c.id, AccessToken.c.user_id)
    ).all()
    for login in logins:
        record(db, "password_changed", user_id=login.user_id, object=("login", login.id), by="demo retire")
    for token in tokens:
        record(db, "token_deleted", user_id=token.user_id, object=("access_token", token.id))
    # What was made while everybody could sign in as them is not trusted either.
    for user_id in {row.user_id for row in (*logins, *tokens)}:
        sign_out_everywhere(db, user_id)
        announce(db, PasswordChanged(user_id, None))
    db.execute(update(SystemFact).where(SystemFact.c.name == FACT).values(value=RETIRED))
    return Replaced(len(logins), len(tokens))
