"""Turning a demo school into one that only its own people get into."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom.db import Database, digest_of
from homeroom.school.apps.access_tokens.endings import delete_tokens
from homeroom.school.ground.system_facts import find_fact, keep_fact
from homeroom.school.people.logins.passwords import replace_passwords, stored_hashes
from homeroom.school.people.passwords import hash_password, verify_password
from homeroom.school.people.users.signing_out import sign_out_everywhere
from homeroom.school.schema import AccessToken
from homeroom.school.security.events import record
from homeroom.school.seed.demo.load import FACT, LOADED, PASSWORD, RETIRED, everybodys_tokens
from homeroom.school.states import TokenState


class Replaced(NamedTuple):
    passwords: int
    tokens: int


def is_open(db: Connection) -> bool:
    """Whether the demo school is here, and its tokens and passwords, which everybody knows, may still work."""
    return find_fact(db, FACT) == LOADED


def retire(database: Database) -> Replaced:
    """End the demo tokens, and give whoever has the demo password one that nobody knows; sign all of them out.

    Whose password it is is found by trying it, so that no renamed login and nobody who was given it is forgotten.
    """
    with database.read() as db:
        hashes = stored_hashes(db)
    known = [stored for stored in hashes if verify_password(stored, PASSWORD)]
    unknown = hash_password(secrets.token_urlsafe(32))
    with database.write() as db:
        return _replace(db, known, unknown)


def _replace(db: Connection, known: list[str], unknown: str) -> Replaced:
    owners = replace_passwords(db, known, unknown, by="demo retire")
    digests = [digest_of(token) for token in everybodys_tokens()]
    known_tokens = AccessToken.c.digest.in_(digests), AccessToken.c.state != TokenState.DELETED
    tokens = db.execute(select(AccessToken.c.id, AccessToken.c.user_id).where(*known_tokens)).all()
    delete_tokens(db, *known_tokens)
    for token in tokens:
        record(db, "token_deleted", user_id=token.user_id, object=("access_token", token.id))
    # What was made while everybody could sign in as them is not trusted either.
    for user_id in {*owners, *(token.user_id for token in tokens)}:
        sign_out_everywhere(db, user_id)
    keep_fact(db, FACT, RETIRED)
    return Replaced(len(owners), len(tokens))
