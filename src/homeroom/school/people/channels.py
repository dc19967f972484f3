"""Communication channels: adding one, which one is first, and the secret link that confirms one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id, violated
from homeroom.db.types import AnyRow
from homeroom.school.addresses import address_key
from homeroom.school.errors import Fault, Invalid
from homeroom.school.schema import CommunicationChannel

CONFIRMATION_LIFETIME = timedelta(days=180)


class Channel(NamedTuple):
    """An added channel. ``nonce`` is the secret in its confirmation link, None once it is confirmed. ``is_new``: it did
    not exist before, or was retired.
    """

    id: int
    user_id: int
    type: str
    address: str
    nonce: str | None
    is_new: bool = True


def add_channel(
    db: Connection, secret: str, user_id: int, type_: str, address: str, *, confirmed: bool = False
) -> Channel:
    """The person's channel with this address; a new one goes below the others. A retired one comes back with the new
    spelling. A live one stays as it is, except that it can become confirmed. ``secret`` is the installation's, for the
    confirmation link.
    """
    known = _channel_with(db, user_id, type_, address)
    if known is not None and known.state != "retired" and not (confirmed and known.state == "unconfirmed"):
        return Channel(known.id, user_id, type_, known.address, _nonce_of(secret, user_id, known), is_new=False)
    values, nonce = _fresh(secret, user_id, address, confirmed=confirmed)
    if known is not None:
        db.execute(update(CommunicationChannel).where(CommunicationChannel.id == known.id).values(**values))
        return Channel(known.id, user_id, type_, address, nonce)
    return Channel(_insert(db, user_id, type_, address, values), user_id, type_, address, nonce)


def claim_channel(
    db: Connection, secret: str, user_id: int, type_: str, address: str, *, confirmed: bool = False
) -> Channel:
    """Like ``add_channel``, but raises Invalid if the person already has the channel."""
    values, nonce = _fresh(secret, user_id, address, confirmed=confirmed)
    known = _channel_with(db, user_id, type_, address)
    try:
        with db.begin_nested():
            if known is not None and known.state == "retired":
                channel_id = known.id
                db.execute(update(CommunicationChannel).where(CommunicationChannel.id == known.id).values(**values))
            else:
                # The unique index refuses this if there is a live one, even one added at this moment.
                channel_id = _insert(db, user_id, type_, address, values)
    except IntegrityError as error:
        if violated(error, CommunicationChannel) != "uq_communication_channels_address":
            raise
        raise Invalid(Fault("path", "taken", "has already been taken")) from None
    return Channel(channel_id, user_id, type_, address, nonce)


def _fresh(secret: str, user_id: int, address: str, *, confirmed: bool) -> tuple[dict[str, Any], str | None]:
    """The columns of a new channel, and its nonce."""
    now = clock.now()
    expires = None if confirmed else now + CONFIRMATION_LIFETIME
    nonce = _make_nonce(secret, user_id, address, expires) if expires else None
    values = {
        "address": address,
        "state": "active" if confirmed else "unconfirmed",
        "confirmation_digest": digest_of(nonce) if nonce else None,
        "confirmation_expires_at": expires,
        "updated_at": now,
    }
    return values, nonce


def _insert(db: Connection, user_id: int, type_: str, address: str, values: dict[str, Any]) -> int:
    last = select(func.coalesce(func.max(CommunicationChannel.position), 0) + 1).where(
        CommunicationChannel.user_id == user_id
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
    position = CommunicationChannel.position
    before = select(position).where(CommunicationChannel.id == channel_id).scalar_subquery()
    moved = case((CommunicationChannel.id == channel_id, 1), (position < before, position + 1), else_=position)
    db.execute(update(CommunicationChannel).where(CommunicationChannel.user_id == user_id).values(position=moved))


def confirmation_path(nonce: str) -> str:
    """The path of the link that confirms a channel."""
    return f"/register/{nonce}"


def pending_channel(db: Connection, secret: str, user_id: int) -> Channel | None:
    """The person's first unconfirmed e-mail channel, if any. Its ``nonce`` is None if this installation did not make
    the link.
    """
    row = db.execute(
        select(
            CommunicationChannel.id,
            CommunicationChannel.address,
            CommunicationChannel.state,
            CommunicationChannel.confirmation_digest,
            CommunicationChannel.confirmation_expires_at,
        )
        .where(
            CommunicationChannel.user_id == user_id,
            CommunicationChannel.type == "email",
            CommunicationChannel.state == "unconfirmed",
            CommunicationChannel.confirmation_expires_at > clock.now(),
        )
        .order_by(CommunicationChannel.position, CommunicationChannel.id)
        .limit(1)
    ).first()
    return Channel(row.id, user_id, "email", row.address, _nonce_of(secret, user_id, row)) if row is not None else None


def confirmable(db: Connection, secret: str, user_id: int, channel_id: int) -> Channel | None:
    """The person's unconfirmed e-mail channel, with a nonce that works: its own or a new one. None if it is not waiting
    any longer.
    """
    row = db.execute(
        select(
            CommunicationChannel.address,
            CommunicationChannel.state,
            CommunicationChannel.confirmation_digest,
            CommunicationChannel.confirmation_expires_at,
        ).where(
            CommunicationChannel.id == channel_id,
            CommunicationChannel.user_id == user_id,
            CommunicationChannel.type == "email",
            CommunicationChannel.state == "unconfirmed",
        )
    ).first()
    if row is None:
        return None
    works = row.confirmation_expires_at is not None and row.confirmation_expires_at > clock.now()
    nonce = _nonce_of(secret, user_id, row) if works else None
    if nonce is None:
        values, nonce = _fresh(secret, user_id, row.address, confirmed=False)
        db.execute(update(CommunicationChannel).where(CommunicationChannel.id == channel_id).values(**values))
    return Channel(channel_id, user_id, "email", row.address, nonce)


def _channel_with(db: Connection, user_id: int, type_: str, address: str) -> AnyRow | None:
    """The live channel with this address, else the retired one."""
    return db.execute(
        select(
            CommunicationChannel.id,
            CommunicationChannel.address,
            CommunicationChannel.state,
            CommunicationChannel.confirmation_digest,
            CommunicationChannel.confirmation_expires_at,
        )
        .where(
            CommunicationChannel.user_id == user_id,
            CommunicationChannel.type == type_,
            CommunicationChannel.address_key == address_key(address),
        )
        .order_by(CommunicationChannel.state == "retired", CommunicationChannel.id.desc())
        .limit(1)
    ).first()


def _nonce_of(secret: str, user_id: int, row: AnyRow) -> str | None:
    expires = row.confirmation_expires_at
    if row.state != "unconfirmed" or expires is None:
        return None
    nonce = _make_nonce(secret, user_id, row.address, expires)
    # A nonce made elsewhere (by an import, or with another secret) cannot be computed again.
    return nonce if digest_of(nonce) == row.confirmation_digest else None


def _make_nonce(secret: str, user_id: int, address: str, expires: datetime) -> str:
    """Made from the installation's secret and not stored: an admin may ask for the link again (users-core.md §3)."""
    text = f"confirm\n{user_id}\n{address_key(address)}\n{expires.isoformat()}"
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
