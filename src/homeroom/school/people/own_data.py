"""The addresses and logins on a person's settings page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.people.logins.queries import HAS_PASSWORD
from homeroom.school.schema import (
    CommunicationChannel,
    Login,
)
from homeroom.school.states import ChannelState, LoginState


def addresses_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The person's addresses that are not retired, the first one first."""
    return db.execute(
        select(
            CommunicationChannel.c.id,
            CommunicationChannel.c.address,
            CommunicationChannel.c.type,
            CommunicationChannel.c.state,
            CommunicationChannel.c.trusted,
            CommunicationChannel.c.last_bounce_at,
        )
        .where(CommunicationChannel.c.user_id == user_id, CommunicationChannel.c.state != ChannelState.RETIRED)
        .order_by(CommunicationChannel.c.position, CommunicationChannel.c.id)
    ).all()


def logins_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The person's logins."""
    return db.execute(
        select(Login.c.id, Login.c.unique_id, Login.c.state, HAS_PASSWORD.label("has_password"))
        .where(Login.c.user_id == user_id, Login.c.state != LoginState.DELETED)
        .order_by(Login.c.position, Login.c.id)
    ).all()
