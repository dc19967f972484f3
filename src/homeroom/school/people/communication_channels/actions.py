"""Adding and retiring communication channels (identity.md §7)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import is_email, is_phone
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.events import listen
from homeroom.school.mail.events import MailGivenUp
from homeroom.school.people import account_notices, directory
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.notifications.summaries import forget_waiting
from homeroom.school.people.users.queries import hold_users
from homeroom.school.schema import (
    CommunicationChannel,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.states import ChannelState, UserState

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


def create_channel(
    db: Connection, user_id: int, type_: str, address: str, *, confirmed: bool, trusted: bool
) -> Channel:
    """Add a checked channel. A confirmed one makes an invited person registered.

    ``trusted``: by it they may finish their registration. Their other addresses are told.
    Raises Invalid when they have it already, and NotFound for who was deleted meanwhile.
    """
    hold_users(db, user_id)
    live = select(func.count()).where(
        CommunicationChannel.c.user_id == user_id, CommunicationChannel.c.state != ChannelState.RETIRED
    )
    if db.execute(live).scalar_one() >= MOST_CHANNELS:
        raise Refused(f"Users can have {MOST_CHANNELS} communication channels at most.")
    channel = channels.claim_channel(db, user_id, type_, address, confirmed=confirmed, trusted=trusted)
    record(db, "address_added", user_id=user_id, object=("communication_channel", channel.id), confirmed=confirmed)
    if confirmed:
        db.execute(
            update(User)
            .where(User.c.id == user_id, User.c.state == UserState.PRE_REGISTERED)
            .values(state=UserState.REGISTERED, updated_at=clock.now())
        )
    directory.refresh(db, [user_id])
    account_notices.tell_of_address(db, channel)
    return channel


def retire_channel(db: Connection, channel: AnyRow) -> None:
    """Retire the channel; its link stops working. Raises NotFound if it is already retired."""
    hold_users(db, channel.user_id)
    retired = db.execute(
        update(CommunicationChannel)
        .where(CommunicationChannel.c.id == channel.id, CommunicationChannel.c.state != ChannelState.RETIRED)
        .values(
            state=ChannelState.RETIRED,
            push_token=None,
            updated_at=clock.now(),
        )
    )
    if not retired.rowcount:
        raise NotFound("communication channel")
    channels.forget_links(db, channel.id)
    record(db, "address_removed", user_id=channel.user_id, object=("communication_channel", channel.id))
    forget_waiting(db, CommunicationChannel.c.id == channel.id)
    if channel.state == ChannelState.ACTIVE:
        account_notices.tell_of_removal(db, channel)
    directory.refresh(db, [channel.user_id])


def retire_push_token(db: Connection, user_id: int, token: str) -> None:
    """Delete the person's device with this token."""
    db.execute(
        update(CommunicationChannel)
        .where(
            CommunicationChannel.c.user_id == user_id,
            CommunicationChannel.c.type == "push",
            CommunicationChannel.c.push_token == token,
            CommunicationChannel.c.state != ChannelState.RETIRED,
        )
        .values(state=ChannelState.RETIRED, push_token=None, updated_at=clock.now())
    )


@listen(MailGivenUp)
def _note_bounce(db: Connection, event: MailGivenUp) -> None:
    bounced = update(CommunicationChannel).where(CommunicationChannel.c.id == event.channel_id)
    db.execute(bounced.values(last_bounce_at=clock.now(), last_bounce_summary=event.reason))
