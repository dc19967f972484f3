"""Accepting the terms of use (identity.md §11)."""

from __future__ import annotations

from sqlalchemy import Connection, update

from homeroom import clock
from homeroom.school.schema import User


def accept_terms(db: Connection, user_id: int) -> None:
    """Record that the person accepts the terms. The first time counts."""
    db.execute(
        update(User)
        .where(User.c.id == user_id, User.c.terms_accepted_at.is_(None))
        .values(terms_accepted_at=clock.now())
    )
