"""A person's communication channels: list them, and find one (identity.md §7)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, Order, as_it_is
from homeroom.school.schema import CommunicationChannel
from homeroom.school.states import ChannelState

COLUMNS = (
    CommunicationChannel.c.id,
    CommunicationChannel.c.user_id,
    CommunicationChannel.c.type,
    CommunicationChannel.c.address,
    CommunicationChannel.c.position,
    CommunicationChannel.c.state,
    CommunicationChannel.c.trusted,
    CommunicationChannel.c.made_by_sis,
    CommunicationChannel.c.last_bounce_at,
    CommunicationChannel.c.last_bounce_summary,
    CommunicationChannel.c.created_at,
)


def channels_of(user_id: int) -> Listing[AnyRow]:
    """The person's channels that are not retired, in their own order."""
    return Listing(_of(user_id), Order(CommunicationChannel.c.position, CommunicationChannel.c.id), as_it_is)


def find_channel(db: Connection, user_id: int, form: IdForm) -> AnyRow:
    """The person's channel with this id. Raises NotFound."""
    return _only(db, _of(user_id).where(CommunicationChannel.c.id == number_of(form)))


def find_channel_at(db: Connection, user_id: int, type_: str, address: str) -> AnyRow:
    """The person's channel with this address, whatever its case. Raises NotFound."""
    same = CommunicationChannel.c.type == type_, CommunicationChannel.c.address_key == address_key(address)
    return _only(db, _of(user_id).where(*same))


def channel_with_id(db: Connection, channel_id: int) -> AnyRow:
    """The channel, retired or not."""
    return db.execute(select(*COLUMNS).where(CommunicationChannel.c.id == channel_id)).one()


def _of(user_id: int) -> AnySelect:
    return select(*COLUMNS).where(
        CommunicationChannel.c.user_id == user_id, CommunicationChannel.c.state != ChannelState.RETIRED
    )


def _only(db: Connection, rows: AnySelect) -> AnyRow:
    row = db.execute(rows).first()
    if row is None:
        raise NotFound("communication channel")
    return row
