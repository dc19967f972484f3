"""Delivering mail: each message is a row with a state and a lease, and a job gives it to the mail server.

Everything here goes by real time: a clock that was moved while developing must not keep mail back (homeroom.md §5).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from threading import BoundedSemaphore, Event, Timer
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.exc import DBAPIError

from homeroom import clock
from homeroom.db import Database, once_more
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import is_email
from homeroom.school.ground.events import announce
from homeroom.school.jobs.registry import Tools, call, job, sweep
from homeroom.school.mail.events import MailGivenUp
from homeroom.school.mail.html import html_of
from homeroom.school.schema import Account, MailMessage
from homeroom.services import smtp
from homeroom.services.jobs import THREADS, JobCall
from homeroom.settings import Settings
from homeroom.smtp_url import MailServer

log = logging.getLogger("homeroom.mail")

# A conversation may take an hour (services.smtp), and whoever has it renews the lease meanwhile: so nobody else sends
# the message, and what a dead worker held is soon taken over.
LEASE = timedelta(minutes=3)
RENEWED_EVERY = LEASE / 3
# Further ahead than any wait or lease: the machine's clock was wrong when it was written.
_NEVER_MEANT = timedelta(days=2)
# After the first, second ... attempt. After the last there is no other: the message is dead.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
ATTEMPTS = len(RETRY_AFTER) + 1
_MOST_A_SWEEP = 500
_ERROR_LIMIT = 500
# Links that sign in are secrets: who has the database need not have them.
_WITHOUT_TEXT: dict[str, Any] = {"text_body": "", "html_body": None}
_TOO_LATE = "The link in it does not work any more."


# A mail server may keep a thread waiting for minutes. One of a worker's threads is always left for other jobs.
_slots = BoundedSemaphore(THREADS - 1)
# Seconds before a mail that found no slot goes to the end of the queue.
_NO_SLOT = 0.02


@job
def deliver_mail(tools: Tools, *, message_id: int) -> None:
    """Deliver this message, if it is due and nobody else does."""
    if not _slots.acquire(blocking=False):
        time.sleep(_NO_SLOT)
        tools.database.wake([call(deliver_mail, message_id=message_id)])
        return
    try:
        _deliver(tools, message_id)
    finally:
        _slots.release()


def _deliver(tools: Tools, message_id: int) -> None:
    server = tools.settings.mail_server
    with tools.database.write() as db:
        row = _take(db, message_id, to_send=server is not None, keep_text=tools.settings.dev)
    if row is None or server is None:
        return
    try:
        if row.attempts > ATTEMPTS:
            raise smtp.Never("Every attempt broke off.")
        with _lease_kept(tools.database, row.id):
            smtp.send(server, message_of(row, server, tools.settings))
    except smtp.NotNow as error:
        outcome = _put_off(row, str(error), keep_text=tools.settings.dev)
    except smtp.Never as error:
        outcome = _given_up(str(error), keep_text=tools.settings.dev)
    else:
        outcome = _sent(keep_text=tools.settings.dev)
    once_more(lambda: _note(tools.database, row, outcome))


@sweep
def due_mail(db: Connection) -> Iterable[JobCall]:
    """Messages that wait, also those of a worker that died."""
    rows = select(MailMessage.c.id).where(*_due()).order_by(MailMessage.c.next_attempt_at).limit(_MOST_A_SWEEP)
    return [call(deliver_mail, message_id=row.id) for row in db.execute(rows)]


@sweep
def mail_too_late(db: Connection) -> Iterable[JobCall]:
    """The job, if a message holds a link that does not work any more."""
    return [call(forget_old_links)] if db.execute(select(MailMessage.c.id).where(*_too_late()).limit(1)).first() else []


@job
def forget_old_links(tools: Tools) -> None:
    """Keep no text whose link does not work any more, and send none. Again, it changes nothing."""
    with tools.database.write() as db:
        waiting = MailMessage.c.state == "queued"
        given_up = update(MailMessage).where(*_too_late(), waiting).values(state="dead", last_error=_TOO_LATE)
        db.execute(given_up)
        db.execute(update(MailMessage).where(*_too_late()).values(expires_at=None, **_WITHOUT_TEXT))


def _too_late() -> tuple[Any, ...]:
    # By the clock that the links go by.
    return (MailMessage.c.expires_at <= clock.now(),)


def _due() -> tuple[Any, ...]:
    now = clock.real_now()
    return (
        MailMessage.c.state == "queued",
        or_(MailMessage.c.next_attempt_at <= now, MailMessage.c.next_attempt_at > now + _NEVER_MEANT),
        or_(
            MailMessage.c.leased_until.is_(None),
            MailMessage.c.leased_until <= now,
            MailMessage.c.leased_until > now + _NEVER_MEANT,
        ),
    )


@contextmanager
def _lease_kept(database: Database, message_id: int) -> Iterator[None]:
    """Renew the lease again and again until the block ends."""
    over = Event()
    renewal: Timer = Timer(RENEWED_EVERY.total_seconds(), _renew, (database, message_id, over))
    renewal.daemon = True
    renewal.start()
    try:
        yield
    finally:
        over.set()
        renewal.cancel()


def _renew(database: Database, message_id: int, over: Event) -> None:
    while not over.is_set():
        try:
            with database.write() as db:
                row = update(MailMessage).where(MailMessage.c.id == message_id, MailMessage.c.leased_until.is_not(None))
                db.execute(row.values(leased_until=clock.real_now() + LEASE))
        except DBAPIError:
            # The database is away for a moment; there are two more tries before the lease ends.
            log.warning("The lease of a mail could not be renewed.", extra={"fields": {"mail": message_id}})
        over.wait(RENEWED_EVERY.total_seconds())


def _take(db: Connection, message_id: int, *, to_send: bool, keep_text: bool) -> AnyRow | None:
    """The message, for us alone; None when it is not due or somebody else has it.

    Without a mail server it is kept as it is: it would be no kindness to send it when, much later, there is one.
    """
    values: dict[str, Any] = {"state": "kept", **_forgotten(keep_text=keep_text)}
    if to_send:
        values = {"leased_until": clock.real_now() + LEASE, "attempts": MailMessage.c.attempts + 1}
    return db.execute(
        update(MailMessage)
        .where(MailMessage.c.id == message_id, *_due())
        .values(**values)
        .returning(
            MailMessage.c.id,
            MailMessage.c.communication_channel_id,
            MailMessage.c.recipient,
            MailMessage.c.subject,
            MailMessage.c.text_body,
            MailMessage.c.html_body,
            MailMessage.c.attempts,
            MailMessage.c.created_at,
            select(Account.c.name)
            .where(Account.c.parent_account_id.is_(None), Account.c.is_site_admin.is_(False))
            .scalar_subquery()
            .label("school"),
        )
    ).first()


def _sent(*, keep_text: bool) -> dict[str, Any]:
    state = {"state": "sent", "sent_at": clock.real_now(), "last_error": None}
    return {**state, **_forgotten(keep_text=keep_text)}


def _forgotten(*, keep_text: bool) -> dict[str, Any]:
    return {} if keep_text else {**_WITHOUT_TEXT, "expires_at": None}


def _put_off(row: AnyRow, error: str, *, keep_text: bool) -> dict[str, Any]:
    if row.attempts >= ATTEMPTS:
        return _given_up(error, keep_text=keep_text)
    return {"next_attempt_at": clock.real_now() + RETRY_AFTER[row.attempts - 1], "last_error": error[:_ERROR_LIMIT]}


def _given_up(error: str, *, keep_text: bool) -> dict[str, Any]:
    return {"state": "dead", "last_error": error[:_ERROR_LIMIT], **_forgotten(keep_text=keep_text)}


def _note(database: Database, row: AnyRow, outcome: dict[str, Any]) -> None:
    with database.write() as db:
        db.execute(update(MailMessage).where(MailMessage.c.id == row.id).values(leased_until=None, **outcome))
        _tell(db, row, outcome)


def _tell(db: Connection, row: AnyRow, outcome: dict[str, Any]) -> None:
    if outcome.get("state") != "dead":
        return
    log.warning("A mail is given up.", extra={"fields": {"mail": row.id, "reason": outcome["last_error"]}})
    if row.communication_channel_id is not None:
        announce(db, MailGivenUp(row.communication_channel_id, outcome["last_error"]))


def message_of(row: AnyRow, server: MailServer, settings: Settings) -> EmailMessage:
    """The message as it is sent, in text and HTML. Raises smtp.Never if the address is not valid."""
    if not is_email(row.recipient):
        raise smtp.Never("This is not an e-mail address.")
    sender = sender_of(server, settings)
    local, _, domain = sender.rpartition("@")
    message = EmailMessage(policy=SMTP)
    # A name or a subject of two lines would write headers of its own.
    message["From"] = Address(_one_line(row.school), local, domain)
    message["To"] = row.recipient
    message["Subject"] = _one_line(row.subject)
    message["Date"] = format_datetime(clock.real_now())
    # The same for every attempt, so that a mailbox shows a message once even if it arrives twice.
    message["Message-ID"] = f"<{row.created_at:%Y%m%d%H%M%S%f}.{row.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.text_body)
    message.add_alternative(row.html_body or html_of(row.subject, row.text_body), subtype="html")
    return message


def sender_of(server: MailServer, settings: Settings) -> str:
    """The address that mails come from: as the mail server's URL says, else no-reply at the public host."""
    host = urlsplit(settings.public_url or "").hostname
    return server.sender or f"no-reply@{host or 'localhost'}"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
