"""Web sessions: a browser's cookie holds a random secret, its row the secret's digest (homeroom.md §4).

A session ends when it was idle for too long, at its expiry however busy it is, when its login is suspended or deleted,
and when the person was signed out everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow
from homeroom.school.access.credentials import (
    IS_ROOT,
    ROOT_ACCOUNT,
    ROOT_COLUMNS,
    USER_COLUMNS,
    actor_of,
    digest_of,
    may_still_act_as,
    root_of,
)
from homeroom.school.actor import Actor
from homeroom.school.events import LoginsClosed, PasswordChanged, UserDeleted, listen
from homeroom.school.schema import Login, User, WebSession

IDLE, LIFETIME = timedelta(hours=24), timedelta(days=7)
REMEMBERED_IDLE, REMEMBERED_LIFETIME = timedelta(days=30), timedelta(days=90)
# How long a browser may take to sign in while something waits for it.
WAITING_LIFETIME = timedelta(hours=1)
SEEN_EVERY = timedelta(minutes=10)

_real = aliased(User, name="real_user")
_HAS_LOGIN = exists().where(
    Login.user_id == func.coalesce(WebSession.real_user_id, WebSession.user_id),
    Login.state == "active",
    or_(WebSession.login_id.is_(None), Login.id == WebSession.login_id),
)
_BY_DIGEST = Prepared(
    select(
        *ROOT_COLUMNS,
        *USER_COLUMNS,
        User.last_logged_out_at,
        User.terms_accepted_at,
        _real.last_logged_out_at.label("real_last_logged_out_at"),
        WebSession.id.label("session_id"),
        WebSession.real_user_id,
        WebSession.login_id,
        WebSession.data,
        WebSession.remember,
        WebSession.created_at,
        WebSession.last_seen_at,
        WebSession.expires_at,
        _HAS_LOGIN.label("has_login"),
    )
    .select_from(ROOT_ACCOUNT)
    .outerjoin(WebSession, WebSession.digest == bindparam("digest"))
    .outerjoin(User, User.id == WebSession.user_id)
    .outerjoin(_real, _real.id == WebSession.real_user_id)
    .where(IS_ROOT)
)


@dataclass(slots=True)
class Session:
    """What the server knows of a browser. ``id`` is None when there is no row; ``actor`` is nobody when signed out."""

    actor: Actor
    id: int | None = None
    login_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    remember: bool = False
    last_seen_at: datetime | None = None
    terms_accepted: bool = True


def find(db: Connection, secret: str | None) -> Session:
    """The session whose secret this is, in one statement; one that is signed out when there is none.

    Of one that acts as somebody it is asked, too, whether that may still be.
    """
    row = _BY_DIGEST.first(db, digest=digest_of(secret) if secret else b"")
    if row.session_id is None or row.expires_at <= clock.now():
        return Session(Actor(root=root_of(row)))
    if row.user_id is None:
        return Session(Actor(root=root_of(row)), row.session_id, data=msgspec.json.decode(row.data))
    if not _is_live(row):
        return Session(Actor(root=root_of(row)))
    actor = actor_of(row)
    if row.real_user_id is not None and not may_still_act_as(db, row.real_user_id, actor):
        return Session(Actor(root=root_of(row)))
    actor.real_id = row.real_user_id or row.user_id
    actor.session_id = row.session_id
    actor.last_used_at = row.last_seen_at
    return Session(
        actor,
        row.session_id,
        row.login_id,
        msgspec.json.decode(row.data),
        row.remember,
        row.last_seen_at,
        terms_accepted=row.terms_accepted_at is not None,
    )


def _is_live(row: AnyRow) -> bool:
    idle = REMEMBERED_IDLE if row.remember else IDLE
    signed_out = [time for time in (row.last_logged_out_at, row.real_last_logged_out_at) if time is not None]
    return (
        row.user_state != "deleted"
        and row.has_login
        and row.last_seen_at + idle > clock.now()
        and all(row.created_at >= time for time in signed_out)
    )


def start(
    db: Connection,
    user_id: int,
    *,
    login_id: int | None = None,
    real_user_id: int | None = None,
    remember: bool = False,
    user_agent: str = "",
    replaces: Session | None = None,
) -> str:
    """Sign a browser in; the secret for its cookie, which is always a new one: nobody can have planted it.

    What waited in the session that this one replaces goes on in it.
    """
    data = replaces.data if replaces is not None else {}
    if replaces is not None:
        end(db, replaces)
    lifetime = REMEMBERED_LIFETIME if remember else LIFETIME
    return _insert(
        db, data, lifetime, user_id=user_id, login_id=login_id, real_user_id=real_user_id, remember=remember,
        user_agent=user_agent[:255],
    )[1]  # fmt: skip


def keep(db: Connection, secret: str, session: Session, name: str, value: Any) -> None:
    """Keep something JSON can hold for this browser, signed in or not; None forgets it."""
    session.data = {**session.data, name: value}
    if value is None:
        del session.data[name]
    if session.id is None:
        # A session that is over may still stand under this secret.
        db.execute(delete(WebSession).where(WebSession.digest == digest_of(secret)))
        session.id, _ = _insert(db, session.data, WAITING_LIFETIME, secret)
    else:
        text = msgspec.json.encode(session.data).decode()
        db.execute(update(WebSession).where(WebSession.id == session.id).values(data=text))


def _insert(
    db: Connection, data: dict[str, Any], lifetime: timedelta, secret: str | None = None, **values: Any
) -> tuple[int, str]:
    secret = secret or new_secret()
    now = clock.now()
    row = WebSession.__table__.insert().values(  # type: ignore[attr-defined]
        digest=digest_of(secret),
        data=msgspec.json.encode(data).decode(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        **values,
    )
    return insert_returning_id(db, row), secret


def new_secret() -> str:
    """What a browser's cookie holds."""
    return secrets.token_urlsafe(32)


def note_use(db: Connection, times: Mapping[int, datetime]) -> None:
    """Write when these sessions, by id, were last seen."""
    db.execute(
        update(WebSession).where(WebSession.id == bindparam("session")).values(last_seen_at=bindparam("at")),
        [{"session": session, "at": at} for session, at in times.items()],
    )


def end(db: Connection, session: Session) -> None:
    """Sign this browser out."""
    if session.id is not None:
        db.execute(delete(WebSession).where(WebSession.id == session.id))


def end_all_of(db: Connection, user_id: int, *, but: int | None = None) -> None:
    """Sign the person out of every browser (``but`` one), and out of every masquerade by them or as them."""
    theirs = or_(WebSession.user_id == user_id, WebSession.real_user_id == user_id)
    db.execute(delete(WebSession).where(and_(theirs, WebSession.id != but) if but is not None else theirs))


@listen(UserDeleted)
def _end_with_the_person(db: Connection, event: UserDeleted) -> None:
    end_all_of(db, event.user_id)


@listen(PasswordChanged)
def _end_with_the_old_password(db: Connection, event: PasswordChanged) -> None:
    end_all_of(db, event.user_id, but=event.session_id)


@listen(LoginsClosed)
def _end_with_the_login(db: Connection, event: LoginsClosed) -> None:
    """End the browsers that signed in by these logins, and the person's of which it is not known by which."""
    theirs = func.coalesce(WebSession.real_user_id, WebSession.user_id) == event.user_id
    unknown = and_(WebSession.login_id.is_(None), theirs)
    db.execute(delete(WebSession).where(or_(WebSession.login_id.in_(event.login_ids), unknown)))


def sweep(db: Connection) -> None:
    """Forget the sessions that are over."""
    db.execute(delete(WebSession).where(WebSession.expires_at <= clock.now()))


def sessions_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The browsers in which this person is signed in, the last used first."""
    return db.execute(
        select(
            WebSession.id,
            WebSession.user_agent,
            WebSession.created_at,
            WebSession.last_seen_at,
            WebSession.remember,
        )
        .where(WebSession.user_id == user_id, WebSession.real_user_id.is_(None), WebSession.expires_at > clock.now())
        .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
        .limit(100)
    ).all()
