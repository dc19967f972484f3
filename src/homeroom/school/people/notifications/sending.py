"""Sends notifications, as often as people want them at each of their addresses (identity.md §7).

What somebody asked for and waits for (a link to confirm an address, to choose a password) is no notification: it goes
to the address it is about, whatever was chosen, by ``homeroom.school.mail.queue``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.mail.queue import mail_to, send_later
from homeroom.school.people.notifications.catalog import Frequency, default_frequency

# What waits for a summary is sent by its job.
from homeroom.school.people.notifications.summaries import next_summary
from homeroom.school.rights.account_settings import effective_zone, read_settings
from homeroom.school.schema import (
    Account,
    CommunicationChannel,
    NotificationPreference,
    User,
    WaitingNotice,
)
from homeroom.school.states import ChannelState, UserState


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification. ``name`` is one of the catalog's; people choose a frequency for it."""

    name: str
    subject: str
    text: str


class _Recipient(NamedTuple):
    channel: AnyRow
    frequency: Frequency


def notify(db: Connection, user_ids: Collection[int], notification: Notification) -> None:
    """Send it to these people's e-mail addresses now, or store it for their summaries."""
    waiting = []
    now = clock.now()
    for channel, frequency in _recipients(db, user_ids, notification.name):
        if frequency == "immediately":
            send_later(db, mail_to(channel, title_of(notification.name), notification.subject, notification.text))
        elif frequency != "never":
            row = {
                "communication_channel_id": channel.id,
                "notification": notification.name,
                "subject": notification.subject,
                "text_body": notification.text,
                "send_at": next_summary(frequency, now, _zone_of(channel)),
                "created_at": now,
            }
            waiting.append(row)
    if waiting:
        db.execute(insert(WaitingNotice), waiting)


def _zone_of(channel: AnyRow) -> str:
    return effective_zone(read_settings(channel.root_settings), channel.time_zone)


def title_of(name: str) -> str:
    """The name of a notification in a mail's row and in the outbox: ``Account User Notification``."""
    return name.replace("_", " ").title()


def _recipients(db: Connection, user_ids: Collection[int], name: str) -> Iterable[_Recipient]:
    for _, rows in groupby(_channels_of(db, user_ids, name), key=lambda row: row.user_id):
        channels = list(rows)
        confirmed = [channel for channel in channels if channel.state == ChannelState.ACTIVE]
        # Who has confirmed no address yet is told at the first that they had from the start.
        reached = confirmed or [channel for channel in channels if channel.trusted][:1]
        for channel in reached:
            chosen = channel.frequency or default_frequency(name, main_channel=channel is reached[0])
            yield _Recipient(channel, chosen)


def _channels_of(db: Connection, user_ids: Collection[int], name: str) -> Iterable[AnyRow]:
    """Their e-mail channels, each person's in order, with what was chosen there; one statement for all of them."""
    preference = (NotificationPreference.c.communication_channel_id == CommunicationChannel.c.id) & (
        NotificationPreference.c.notification == name
    )
    settings = select(Account.c.settings).where(Account.c.parent_account_id.is_(None), ~Account.c.is_site_admin)
    return db.execute(
        select(
            CommunicationChannel.c.id,
            CommunicationChannel.c.user_id,
            CommunicationChannel.c.address,
            CommunicationChannel.c.state,
            CommunicationChannel.c.trusted,
            NotificationPreference.c.frequency,
            User.c.time_zone,
            settings.scalar_subquery().label("root_settings"),
        )
        .join(User, User.c.id == CommunicationChannel.c.user_id)
        .outerjoin(NotificationPreference, preference)
        .where(
            CommunicationChannel.c.user_id.in_(user_ids),
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state != ChannelState.RETIRED,
            User.c.state != UserState.DELETED,
        )
        .order_by(CommunicationChannel.c.user_id, CommunicationChannel.c.position, CommunicationChannel.c.id)
    )
