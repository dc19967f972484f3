"""Daily and weekly summaries: notices that wait for their hour and are then sent in one mail (identity.md §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.ground.events import listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.jobs.registry import Tools, call, job, sweep
from homeroom.school.mail.queue import Mail, mail_to, send_later
from homeroom.school.schema import (
    CommunicationChannel,
    WaitingNotice,
)
from homeroom.school.states import ChannelState
from homeroom.services.jobs import JobCall

# In the evening of the person's own day, and at the end of their week.
_HOUR = 18
_SATURDAY = 5
_MOST_A_SWEEP = 500


def next_summary(frequency: Literal["daily", "weekly"], now: datetime, time_zone: str) -> datetime:
    """When the next summary goes out to somebody in this time zone."""
    local = now.astimezone(ZoneInfo(iana_name(time_zone)))
    at = local.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    if at <= local:
        at += timedelta(days=1)
    if frequency == "weekly":
        at += timedelta(days=(_SATURDAY - at.weekday()) % 7)
    return at.astimezone(UTC)


def forget_waiting(db: Connection, *which: ColumnElement[bool]) -> None:
    """Delete the waiting notices of these channels."""
    channels = select(CommunicationChannel.c.id).where(*which)
    db.execute(delete(WaitingNotice).where(WaitingNotice.c.communication_channel_id.in_(channels)))


@listen(ClockMoved)
def _wait_no_longer(db: Connection, _event: ClockMoved) -> None:
    now = clock.now()
    db.execute(update(WaitingNotice).where(WaitingNotice.c.created_at > now).values(created_at=now, send_at=now))


@sweep
def due_summaries(db: Connection) -> Iterable[JobCall]:
    """The channels whose hour has come."""
    due = select(WaitingNotice.c.communication_channel_id).where(_is_due())
    rows = db.execute(due.distinct().limit(_MOST_A_SWEEP))
    return [call(send_summary, channel_id=row.communication_channel_id) for row in rows]


@job
def send_summary(tools: Tools, *, channel_id: int) -> None:
    """Send the channel's waiting notices in one mail. Running it again finds nothing."""
    with tools.database.write() as db:
        due = WaitingNotice.c.communication_channel_id == channel_id, _is_due()
        columns = WaitingNotice.c.id, WaitingNotice.c.subject, WaitingNotice.c.text_body
        taken = db.execute(delete(WaitingNotice).where(*due).returning(*columns)).all()
        channel = db.execute(
            select(CommunicationChannel.c.id, CommunicationChannel.c.user_id, CommunicationChannel.c.address).where(
                CommunicationChannel.c.id == channel_id, CommunicationChannel.c.state != ChannelState.RETIRED
            )
        ).first()
        if taken and channel is not None:
            send_later(db, _mail(channel, sorted(taken, key=lambda notice: notice.id)))


def _is_due() -> ColumnElement[bool]:
    # What was written while the clock stood ahead of where it is now does not wait for that day to come again.
    return or_(WaitingNotice.c.send_at <= clock.now(), WaitingNotice.c.created_at > clock.now())


def _mail(channel: AnyRow, notices: Sequence[AnyRow]) -> Mail:
    texts = [f"{notice.subject}\n\n{notice.text_body.strip()}\n" for notice in notices]
    subject = notices[0].subject if len(notices) == 1 else f"What is new: {len(notices)} notices"
    return mail_to(channel, "Summaries", subject, "\n\n".join(texts))
