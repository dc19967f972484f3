"""The addresses and logins on a person's settings page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.people.logins.queries import HAS_PASSWORD
from homeroom.school.schema import CommunicationChannel, Login


def addresses_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The person's addresses that are not retired, the first one first."""
    return db.execute(
        select(
            CommunicationChannel.id,
            CommunicationChannel.address,
            CommunicationChannel.type,
            CommunicationChannel.state,
            CommunicationChannel.trusted,
            CommunicationChannel.last_bounce_at,
        )
        .where(CommunicationChannel.user_id == user_id, CommunicationChannel.state != "retired")
        .order_by(CommunicationChannel.position, CommunicationChannel.id)
    ).all()


def logins_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The person's logins."""
    return db.execute(
        select(Login.id, Login.unique_id, Login.state, HAS_PASSWORD.label("has_password"))
        .where(Login.user_id == user_id, Login.state != "deleted")
        .order_by(Login.position, Login.id)
    ).all()
