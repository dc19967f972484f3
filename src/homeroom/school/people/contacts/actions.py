"""Adding and retiring communication channels (identity.md §7)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.addresses import is_email, is_phone
from homeroom.school.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.people import channels, directory
from homeroom.school.people.channels import Channel
from homeroom.school.people.notifications.summaries import forget_waiting
from homeroom.school.people.users.queries import hold_users
from homeroom.school.schema import CommunicationChannel, User
from homeroom.school.security_events import record

TYPES = ("email", "sms", "push")
# Only somebody who wants to fill the table adds that many.
MOST_CHANNELS = 100


def check(type_: str, address: str) -> None:
    """Raise Invalid or Refused for an invalid channel."""
    if type_ not in TYPES:
        raise Invalid(Fault("type", "inclusion", "is not included in the list"))
    if type_ == "push":
        raise Refused("Push notifications are not configured.")
    if not address:
        raise Invalid(Fault("path", "blank", "can't be blank"))
    fits = is_email(address) or (type_ == "sms" and is_phone(address))
    if not fits:
        raise Invalid(Fault("path", "invalid", "is invalid"))


def create_channel(db: Connection, secret: str, user_id: int, type_: str, address: str, *, confirmed: bool) -> Channel:
    """Add a checked channel to the person. A confirmed one registers an invited person. Raises Invalid if they already
    have it, and NotFound if they were deleted meanwhile.
    """
    hold_users(db, user_id)
    live = select(func.count()).where(CommunicationChannel.user_id == user_id, CommunicationChannel.state != "retired")
    if db.execute(live).scalar_one() >= MOST_CHANNELS:
        raise Refused(f"Users can have {MOST_CHANNELS} communication channels at most.")
    channel = channels.claim_channel(db, secret, user_id, type_, address, confirmed=confirmed)
    record(db, "address_added", user_id=user_id, object=("communication_channel", channel.id), confirmed=confirmed)
    if confirmed:
        db.execute(
            update(User)
            .where(User.id == user_id, User.state == "pre_registered")
            .values(state="registered", updated_at=clock.now())
        )
    directory.refresh(db, [user_id])
    return channel


def retire_channel(db: Connection, channel: AnyRow) -> None:
    """Retire the channel; its link stops working. Raises NotFound if it is already retired."""
    hold_users(db, channel.user_id)
    retired = db.execute(
        update(CommunicationChannel)
        .where(CommunicationChannel.id == channel.id, CommunicationChannel.state != "retired")
        .values(
            state="retired",
            confirmation_digest=None,
            confirmation_expires_at=None,
            push_token=None,
            updated_at=clock.now(),
        )
    )
    if not retired.rowcount:
        raise NotFound("communication channel")
    record(db, "address_removed", user_id=channel.user_id, object=("communication_channel", channel.id))
    forget_waiting(db, CommunicationChannel.id == channel.id)
    directory.refresh(db, [channel.user_id])


def retire_push_token(db: Connection, user_id: int, token: str) -> None:
    """Delete the person's device with this token."""
    db.execute(
        update(CommunicationChannel)
        .where(
            CommunicationChannel.user_id == user_id,
            CommunicationChannel.type == "push",
            CommunicationChannel.push_token == token,
            CommunicationChannel.state != "retired",
        )
        .values(state="retired", push_token=None, updated_at=clock.now())
    )
