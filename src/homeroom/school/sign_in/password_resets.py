"""Forgotten passwords: a link by mail, to addresses that are known to be the person's (homeroom.md §4).

Anybody can ask, and learns nothing: a job looks up the person after the answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id, lock
from homeroom.db.types import AnyRow
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.events import listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.jobs.registry import Tools, call, job, later
from homeroom.school.jobs.registry import sweep as find_due
from homeroom.school.mail.queue import Mail, send_later
from homeroom.school.people.events import PasswordChanged
from homeroom.school.people.logins.passwords import replace_password
from homeroom.school.people.names import search_key
from homeroom.school.schema import (
    CommunicationChannel,
    Login,
    PasswordReset,
    PasswordResetRequest,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in import attempts, link_mails, registration
from homeroom.school.sign_in.credentials import find_root
from homeroom.school.states import ChannelState, LoginState, UserState
from homeroom.services.jobs import JobCall

LIFETIME = timedelta(hours=1)
# Within attempts.WINDOW: enough for a person who does not find the mail, too few to fill a mailbox.
MAILS_PER_LOGIN = 3
MAILS_PER_ADDRESS = 30
MAILS_IN_ALL = 1_000
# No login and no address is longer.
_LONGEST = 320
_MOST_A_SWEEP = 500
# Families share an address.
_MOST_LOGINS = 5


class Reset(NamedTuple):
    """A link that still works, and its login."""

    digest: bytes
    login_id: int
    unique_id: str
    user_id: int


def ask_for_reset(db: Connection, typed: str, address: str, base_url: str) -> None:
    """Have a link sent to the person with this login or e-mail address. Nothing is sent if there is none, or after
    too many.

    People who have not finished their registration get the link for that. This takes the same time for everybody.
    """
    limits = (
        (attempts.from_address("new password", address), MAILS_PER_ADDRESS),
        ("new password in all", MAILS_IN_ALL),
        (attempts.about("new password for", search_key(typed.strip())), MAILS_PER_LOGIN),
    )
    # In this order: whoever asks without end gets no row for what was typed, so no table fills.
    if len(typed) <= _LONGEST and all(attempts.count(db, name, limit) for name, limit in limits):
        row = insert(PasswordResetRequest).values(typed=typed, base_url=base_url, created_at=clock.now())
        later(answer_request, request_id=insert_returning_id(db, row))


@job
def answer_request(tools: Tools, *, request_id: int) -> None:
    """Send the links that somebody asked for. Can safely run twice."""
    with tools.database.write() as db:
        asked = PasswordResetRequest.c.id == request_id
        columns = PasswordResetRequest.c.typed, PasswordResetRequest.c.base_url
        row = db.execute(delete(PasswordResetRequest).where(asked).returning(*columns)).first()
        if row is None:
            return
        school = find_root(db).name
        with suppress(link_mails.TooManyMails):
            send_reset(db, row.typed, school, row.base_url)
            registration.invite_again(db, row.typed, school, row.base_url)


@find_due
def requests(db: Connection) -> Iterable[JobCall]:
    """Those that the queue has lost."""
    rows = db.execute(select(PasswordResetRequest.c.id).order_by(PasswordResetRequest.c.id).limit(_MOST_A_SWEEP))
    return [call(answer_request, request_id=row.id) for row in rows]


def send_reset(db: Connection, typed: str, school: str, base_url: str) -> bool:
    """Send the link; False if nobody with this login or address could use it. Raises TooManyMails."""
    logins = _logins_of(db, typed)
    now = clock.now()
    for login in logins:
        if not link_mails.admit(db, login.address):
            raise link_mails.TooManyMails
        secret = secrets.token_urlsafe(32)
        row = insert(PasswordReset).values(
            digest=digest_of(secret), login_id=login.id, created_at=now, expires_at=now + LIFETIME
        )
        db.execute(row)
        record(db, "password_link_sent", user_id=login.user_id, object=("login", login.id))
        send_later(db, _mail(login, school, f"{base_url}/login/canvas/reset/{secret}"))
    return bool(logins)


def _logins_of(db: Connection, typed: str) -> Sequence[AnyRow]:
    """The matching logins, each with the address to write to: the typed one, otherwise the person's first."""
    key, address = search_key(typed.strip()), address_key(typed.strip())
    rows = db.execute(
        select(
            Login.c.id,
            Login.c.unique_id,
            Login.c.user_id,
            CommunicationChannel.c.id.label("channel_id"),
            CommunicationChannel.c.address,
        )
        .join(User, User.c.id == Login.c.user_id)
        .join(CommunicationChannel, CommunicationChannel.c.user_id == User.c.id)
        .where(
            or_(Login.c.unique_id_key == key, CommunicationChannel.c.address_key == address),
            Login.c.state == LoginState.ACTIVE,
            # People who sign in through a provider have no password here.
            Login.c.provider_key == 0,
            User.c.state != UserState.DELETED,
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state == ChannelState.ACTIVE,
            # Who added an address to somebody else must not get in by it.
            CommunicationChannel.c.trusted,
        )
        .order_by(
            Login.c.id,
            CommunicationChannel.c.address_key != address,
            CommunicationChannel.c.position,
            CommunicationChannel.c.id,
        )
    )
    first: dict[int, AnyRow] = {}
    for row in rows:
        first.setdefault(row.id, row)
    return list(first.values())[:_MOST_LOGINS]


def _mail(login: AnyRow, school: str, url: str) -> Mail:
    return Mail(
        notification="Forgot Password",
        recipient=login.address,
        subject=f"A new password at {school}",
        text=(
            f"Somebody, probably you, asked for a new password for {login.unique_id} at {school}. To choose one, open "
            f"this address within an hour:\n\n{url}\n\nIf it was not you, do nothing: your password stays as it is.\n"
        ),
        user_id=login.user_id,
        channel_id=login.channel_id,
        expires_at=clock.now() + LIFETIME,
    )


def find_reset(db: Connection, secret: str) -> Reset:
    """The reset of this link. Raises NotFound if it was used, has expired, or never existed."""
    row = db.execute(
        select(PasswordReset.c.digest, Login.c.id, Login.c.unique_id, Login.c.user_id)
        .join(Login, Login.c.id == PasswordReset.c.login_id)
        .join(User, User.c.id == Login.c.user_id)
        .where(
            PasswordReset.c.digest == digest_of(secret),
            PasswordReset.c.expires_at > clock.now(),
            Login.c.state == LoginState.ACTIVE,
            User.c.state != UserState.DELETED,
        )
    ).first()
    if row is None:
        raise NotFound("password reset")
    return Reset(*row)


def reset_password(db: Connection, secret: str, password_hash: str) -> Reset:
    """Set the login's password, sign the person out everywhere, and invalidate all its links. Raises NotFound."""
    reset = find_reset(db, secret)
    lock(db, User, [reset.user_id])
    # Of two requests at the same time only one finds it.
    if db.execute(delete(PasswordReset).where(PasswordReset.c.digest == reset.digest)).rowcount != 1:
        raise NotFound("password reset")
    replace_password(db, reset.user_id, reset.login_id, password_hash)
    return reset


@listen(PasswordChanged)
def _forget_links(db: Connection, event: PasswordChanged) -> None:
    # A link that was mailed earlier must not bypass the new password.
    logins = select(Login.c.id).where(Login.c.user_id == event.user_id)
    db.execute(delete(PasswordReset).where(PasswordReset.c.login_id.in_(logins)))


@listen(ClockMoved)
def _forget_later_links(db: Connection, _event: ClockMoved) -> None:
    db.execute(delete(PasswordReset).where(PasswordReset.c.created_at > clock.now()))


def sweep(db: Connection) -> None:
    """Delete expired links."""
    db.execute(delete(PasswordReset).where(PasswordReset.c.expires_at <= clock.now()))
