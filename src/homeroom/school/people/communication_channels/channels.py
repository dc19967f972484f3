"""Communication channels: adding one, which one is first, and the secret links that confirm one.

A channel is trusted when the person had it from the start or confirmed it themselves, signed in. Only a trusted one may
get a link that lets somebody in: whoever adds an address to somebody else must not get into their account by it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id, violated
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.ground.events import listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.schema import (
    CommunicationChannel,
    ConfirmationLink,
    Login,
    User,
)
from homeroom.school.states import ChannelState, LoginState, UserState

CONFIRMATION_LIFETIME = timedelta(days=180)
# Each mail has a link of its own, and the older ones go on working: the one that somebody opens may be any of them.
MOST_LINKS = 10


class Channel(NamedTuple):
    """A channel as it was added. ``nonce`` is what a new link to confirm it carries, None once it is confirmed.

    ``is_new``: it was not there before, or retired.
    """

    id: int
    user_id: int
    type: str
    address: str
    nonce: str | None
    is_new: bool = True


def add_channel(
    db: Connection, user_id: int, type_: str, address: str, *, confirmed: bool = False, trusted: bool = False
) -> Channel:
    """The person's channel with this address, below the others if it is new.

    A retired one comes back under the new spelling. A live one stays as it is, but may become confirmed.
    ``trusted``: they have it from the start.
    """
    known = _channel_with(db, user_id, type_, address)
    if known is not None and known.state != ChannelState.RETIRED:
        waits = known.state == ChannelState.UNCONFIRMED
        if waits and confirmed:
            db.execute(
                update(CommunicationChannel)
                .where(_is(known.id))
                .values(state=ChannelState.ACTIVE, updated_at=clock.now())
            )
        nonce = new_link(db, known.id) if waits and not confirmed else None
        return Channel(known.id, user_id, type_, known.address, nonce, is_new=False)
    values = _fresh(address, confirmed=confirmed, trusted=trusted)
    if known is not None:
        db.execute(update(CommunicationChannel).where(_is(known.id)).values(**values))
    channel_id = _insert(db, user_id, type_, address, values) if known is None else known.id
    return Channel(channel_id, user_id, type_, address, None if confirmed else new_link(db, channel_id))


def claim_channel(
    db: Connection, user_id: int, type_: str, address: str, *, confirmed: bool = False, trusted: bool = False
) -> Channel:
    """Like ``add_channel``, but raises Invalid if the person has the channel already."""
    values = _fresh(address, confirmed=confirmed, trusted=trusted)
    known = _channel_with(db, user_id, type_, address)
    try:
        with db.begin_nested():
            if known is not None and known.state == ChannelState.RETIRED:
                channel_id = known.id
                db.execute(update(CommunicationChannel).where(_is(known.id)).values(**values))
            else:
                # The unique index refuses this if there is a live one, even one added at this moment.
                channel_id = _insert(db, user_id, type_, address, values)
    except IntegrityError as error:
        if violated(error, CommunicationChannel) != "uq_communication_channels_address":
            raise
        raise Invalid(Fault("path", "taken", "has already been taken")) from None
    return Channel(channel_id, user_id, type_, address, None if confirmed else new_link(db, channel_id))


def _fresh(address: str, *, confirmed: bool, trusted: bool) -> dict[str, Any]:
    """The columns of a channel that begins now."""
    return {
        "address": address,
        "state": ChannelState.ACTIVE if confirmed else ChannelState.UNCONFIRMED,
        "trusted": trusted,
        "updated_at": clock.now(),
    }


def _insert(db: Connection, user_id: int, type_: str, address: str, values: dict[str, Any]) -> int:
    last = select(func.coalesce(func.max(CommunicationChannel.c.position), 0) + 1).where(
        CommunicationChannel.c.user_id == user_id
    )
    new = insert(CommunicationChannel).values(
        user_id=user_id,
        type=type_,
        address_key=address_key(address),
        position=last.scalar_subquery(),
        created_at=values["updated_at"],
        **values,
    )
    return insert_returning_id(db, new)


def put_first(db: Connection, user_id: int, channel_id: int) -> None:
    """Make this the person's first channel; the others keep their order."""
    position = CommunicationChannel.c.position
    before = select(position).where(_is(channel_id)).scalar_subquery()
    moved = case((_is(channel_id), 1), (position < before, position + 1), else_=position)
    db.execute(update(CommunicationChannel).where(CommunicationChannel.c.user_id == user_id).values(position=moved))


def confirm(db: Connection, channel_id: int) -> bool:
    """The person has shown that the address is theirs; its links are used up. False when it was retired meanwhile."""
    confirmed = db.execute(
        update(CommunicationChannel)
        .where(_is(channel_id), CommunicationChannel.c.state != ChannelState.RETIRED)
        .values(state=ChannelState.ACTIVE, trusted=True, updated_at=clock.now())
    )
    # Of two who come at once, one finds a link.
    used = forget_links(db, channel_id)
    return bool(confirmed.rowcount and used)


def confirmation_path(nonce: str) -> str:
    """The path of the link that confirms a channel."""
    return f"/register/{nonce}"


def new_link(db: Connection, channel_id: int) -> str:
    """The nonce of a new link that confirms this channel. Only its digest is stored, so the caller must send it now."""
    nonce = secrets.token_urlsafe(32)
    now = clock.now()
    links = select(ConfirmationLink.c.digest).where(ConfirmationLink.c.communication_channel_id == channel_id)
    newest_first = links.order_by(ConfirmationLink.c.created_at.desc(), ConfirmationLink.c.digest)
    too_many = db.execute(newest_first.offset(MOST_LINKS - 1)).scalars().all()
    if too_many:
        db.execute(delete(ConfirmationLink).where(ConfirmationLink.c.digest.in_(too_many)))
    db.execute(
        insert(ConfirmationLink).values(
            digest=digest_of(nonce),
            communication_channel_id=channel_id,
            created_at=now,
            expires_at=now + CONFIRMATION_LIFETIME,
        )
    )
    return nonce


def forget_links(db: Connection, *channel_ids: int) -> int:
    """These channels' links confirm nothing any more; how many they were."""
    links = delete(ConfirmationLink).where(ConfirmationLink.c.communication_channel_id.in_(channel_ids))
    return db.execute(links).rowcount


def sweep_links(db: Connection) -> None:
    """Delete the links that are too old."""
    db.execute(delete(ConfirmationLink).where(ConfirmationLink.c.expires_at <= clock.now()))


@listen(ClockMoved)
def _last_no_longer(db: Connection, _event: ClockMoved) -> None:
    latest = clock.now() + CONFIRMATION_LIFETIME
    db.execute(update(ConfirmationLink).where(ConfirmationLink.c.expires_at > latest).values(expires_at=latest))


def invited_channel(db: Connection, user_id: int) -> Channel | None:
    """The e-mail channel by which the person can finish their registration, with a new link; None without one."""
    row = db.execute(
        select(CommunicationChannel.c.id, CommunicationChannel.c.address)
        .where(
            CommunicationChannel.c.user_id == user_id,
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state == ChannelState.UNCONFIRMED,
            CommunicationChannel.c.trusted,
        )
        .order_by(CommunicationChannel.c.position, CommunicationChannel.c.id)
        .limit(1)
    ).first()
    return None if row is None else Channel(row.id, user_id, "email", row.address, new_link(db, row.id))


def confirmable(db: Connection, user_id: int, channel_id: int) -> Channel | None:
    """The person's e-mail channel that they have not confirmed, with a new link; None when they have."""
    address = db.execute(
        select(CommunicationChannel.c.address).where(
            _is(channel_id),
            CommunicationChannel.c.user_id == user_id,
            CommunicationChannel.c.type == "email",
            WAITS,
        )
    ).scalar()
    return None if address is None else Channel(channel_id, user_id, "email", address, new_link(db, channel_id))


# Not confirmed, or by an administrator's word alone.
WAITS = or_(
    CommunicationChannel.c.state == ChannelState.UNCONFIRMED,
    (CommunicationChannel.c.state == ChannelState.ACTIVE) & ~CommunicationChannel.c.trusted,
)


def has_come(db: Connection, user_id: int) -> bool:
    """Whether the person has finished their registration, or could have signed in without it."""
    used = (Login.c.password_hash.is_not(None)) | (Login.c.login_count > 0) | (Login.c.provider_key != 0)
    can_enter = select(Login.c.id).where(Login.c.user_id == user_id, Login.c.state != LoginState.DELETED, used).exists()
    row = db.execute(select(User.c.state, can_enter.label("can_enter")).where(User.c.id == user_id)).one()
    return bool(row.state != UserState.PRE_REGISTERED or row.can_enter)


def _is(channel_id: int) -> Any:
    return CommunicationChannel.c.id == channel_id


def _channel_with(db: Connection, user_id: int, type_: str, address: str) -> AnyRow | None:
    """The live channel with this address, otherwise the retired one."""
    return db.execute(
        select(CommunicationChannel.c.id, CommunicationChannel.c.address, CommunicationChannel.c.state)
        .where(
            CommunicationChannel.c.user_id == user_id,
            CommunicationChannel.c.type == type_,
            CommunicationChannel.c.address_key == address_key(address),
        )
        .order_by(CommunicationChannel.c.state == ChannelState.RETIRED, CommunicationChannel.c.id.desc())
        .limit(1)
    ).first()
