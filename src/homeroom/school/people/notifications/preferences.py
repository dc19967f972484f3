"""A person's frequency for each notification and channel (identity.md §7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from homeroom import clock
from homeroom.db import insert_or_update
from homeroom.db.types import AnyRow
from homeroom.school.people.notifications.catalog import CATEGORY_OF, Frequency, default_frequency
from homeroom.school.schema import (
    CommunicationChannel,
    NotificationPreference,
    WaitingNotice,
)
from homeroom.school.states import ChannelState


class Chosen(NamedTuple):
    notification: str
    category: str
    frequency: str


def preferences_of(db: Connection, channel: AnyRow, names: Collection[str] = CATEGORY_OF.keys()) -> list[Chosen]:
    """The channel's frequency for each of these notifications, chosen or default, in the catalog's order."""
    chosen = {
        row.notification: row.frequency
        for row in db.execute(
            select(NotificationPreference.c.notification, NotificationPreference.c.frequency).where(
                NotificationPreference.c.communication_channel_id == channel.id
            )
        )
    }
    main = _is_main_email(db, channel)
    return [
        Chosen(name, category, chosen.get(name) or default_frequency(name, main_channel=main))
        for name, category in CATEGORY_OF.items()
        if name in names
    ]


def choose(db: Connection, channel_id: int, frequencies: Mapping[str, Frequency]) -> None:
    """Store these choices, by notification. Waiting notices that are not wanted any longer are deleted."""
    now = clock.now()
    rows = [
        {"communication_channel_id": channel_id, "notification": name, "frequency": frequency, "updated_at": now}
        for name, frequency in frequencies.items()
    ]
    insert_or_update(
        db,
        NotificationPreference,
        rows,
        key=["communication_channel_id", "notification"],
        update=["frequency", "updated_at"],
    )
    unwanted = [name for name, frequency in frequencies.items() if frequency == "never"]
    db.execute(
        delete(WaitingNotice).where(
            WaitingNotice.c.communication_channel_id == channel_id, WaitingNotice.c.notification.in_(unwanted)
        )
    )


def _is_main_email(db: Connection, channel: AnyRow) -> bool:
    # A new address counts only after it is confirmed.
    main = (
        select(CommunicationChannel.c.id)
        .where(
            CommunicationChannel.c.user_id == channel.user_id,
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state != ChannelState.RETIRED,
        )
        .order_by(
            CommunicationChannel.c.state != ChannelState.ACTIVE,
            CommunicationChannel.c.position,
            CommunicationChannel.c.id,
        )
        .limit(1)
    )
    return bool(db.execute(main).scalar() == channel.id)
