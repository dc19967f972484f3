"""Web sessions: a browser's cookie holds a random secret, its row the secret's digest (homeroom.md §4).

A session ends after too long without use, at its expiry in any case, when its login is suspended or deleted, and when
the person is signed out everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, exists, func, or_, select, update

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow
from homeroom.school.ground.events import listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.people.events import LoginsClosed, PasswordChanged, SignedOutEverywhere, UserDeleted
from homeroom.school.people.users.queries import hold_users
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import (
    Login,
    User,
    WebSession,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in.credentials import (
    IS_ROOT,
    ROOT_ACCOUNT,
    ROOT_COLUMNS,
    USER_COLUMNS,
    actor_of,
    may_still_act_as,
    root_of,
)
from homeroom.school.states import LoginState, UserState

IDLE, LIFETIME = timedelta(hours=24), timedelta(days=7)
REMEMBERED_IDLE, REMEMBERED_LIFETIME = timedelta(days=30), timedelta(days=90)
# How long a waiting request is kept while the browser signs in.
WAITING_LIFETIME = timedelta(hours=1)
# What is kept for one person, by name: whoever signs in next in the same browser does not find it.
ENTERING, SETTING_UP = "entering", "setting up"
_PERSONAL = frozenset((ENTERING, SETTING_UP))

_real = User.alias("real_user")
_HAS_LOGIN = exists().where(
    Login.c.user_id == func.coalesce(WebSession.c.real_user_id, WebSession.c.user_id),
    Login.c.state == LoginState.ACTIVE,
    or_(WebSession.c.login_id.is_(None), Login.c.id == WebSession.c.login_id),
)
_BY_DIGEST = Prepared(
    select(
        *ROOT_COLUMNS,
        *USER_COLUMNS,
        User.c.last_logged_out_at,
        User.c.terms_accepted_at,
        _real.c.last_logged_out_at.label("real_last_logged_out_at"),
        WebSession.c.id.label("session_id"),
        WebSession.c.real_user_id,
        WebSession.c.login_id,
        WebSession.c.vouched,
        WebSession.c.data,
        WebSession.c.remember,
        WebSession.c.created_at,
        WebSession.c.last_seen_at,
        WebSession.c.expires_at,
        _HAS_LOGIN.label("has_login"),
    )
    .select_from(ROOT_ACCOUNT)
    .outerjoin(WebSession, WebSession.c.digest == bindparam("digest"))
    .outerjoin(User, User.c.id == WebSession.c.user_id)
    .outerjoin(_real, _real.c.id == WebSession.c.real_user_id)
    .where(IS_ROOT)
)


@dataclass(slots=True)
class Session:
    """The state of a browser. ``id`` is None without a row; ``actor`` is nobody when signed out."""

    actor: Actor
    id: int | None = None
    login_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    remember: bool = False
    last_seen_at: datetime | None = None
    terms_accepted: bool = True


def find(db: Connection, secret: str | None) -> Session:
    """The session with this secret, in one statement; a signed-out one if there is none. If it acts as somebody, this
    also checks whether that is still allowed.
    """
    row = _BY_DIGEST.first(db, digest=digest_of(secret) if secret else b"")
    if row.session_id is None or row.expires_at <= clock.now():
        return Session(Actor(root=root_of(row)))
    if row.user_id is None:
        return Session(Actor(root=root_of(row)), row.session_id, data=msgspec.json.decode(row.data))
    if not _is_live(row):
        return Session(Actor(root=root_of(row)))
    actor = actor_of(row)
    if _lacks_second_factor(actor, row):
        return Session(Actor(root=root_of(row)))
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
        row.user_state != UserState.DELETED
        and row.has_login
        and row.last_seen_at + idle > clock.now()
        and all(row.created_at >= time for time in signed_out)
    )


def _lacks_second_factor(actor: Actor, row: AnyRow) -> bool:
    """Whether the account wants more of an admin than the password that began this session.

    Asked each time: the account may want it, and the person may be an admin, since then. Only admins act as others.
    """
    required = actor.root.settings.require_second_factor_of_admins
    return required and not row.vouched and bool(actor.roles or row.real_user_id is not None)


def start(
    db: Connection,
    user_id: int,
    *,
    login_id: int | None = None,
    real_user_id: int | None = None,
    remember: bool = False,
    vouched: bool = False,
    user_agent: str = "",
    replaces: Session | None = None,
) -> str:
    """Sign a browser in. Returns the secret for its cookie. It is always new, so nobody can have planted it.

    Data that waits in the replaced session moves to the new one. ``vouched``: by a second factor or a provider.
    Raises NotFound for somebody who was deleted meanwhile.
    """
    hold_users(db, user_id, *filter(None, [real_user_id]))
    data = _left_by(replaces)
    if replaces is not None:
        end(db, replaces)
    lifetime = REMEMBERED_LIFETIME if remember else LIFETIME
    kind = "sign_in" if real_user_id is None else "masquerade_begun"
    record(db, kind, user_id=user_id, object=("login", login_id) if login_id is not None else None)
    return _insert(
        db, data, lifetime, user_id=user_id, login_id=login_id, real_user_id=real_user_id, remember=remember,
        vouched=vouched, user_agent=user_agent[:255],
    )[1]  # fmt: skip


def wait_for_second_factor(db: Connection, user_id: int, value: Any, *, replaces: Session | None) -> str:
    """Make a session that waits for the second factor; nobody is signed in. Returns its secret, which is always new.

    It ends with the person's sessions: after a new password it cannot go on.
    """
    data = _left_by(replaces)
    if replaces is not None:
        end(db, replaces)
    return _insert(db, {**data, ENTERING: value}, WAITING_LIFETIME, waiting_user_id=user_id)[1]


def _left_by(session: Session | None) -> dict[str, Any]:
    data = session.data if session is not None else {}
    return {name: value for name, value in data.items() if name not in _PERSONAL}


def vouch_for(db: Connection, session_id: int) -> None:
    """A second factor was given in this session."""
    db.execute(update(WebSession).where(WebSession.c.id == session_id).values(vouched=True))


def keep(db: Connection, secret: str, session: Session, name: str, value: Any) -> None:
    """Store JSON data for this browser, signed in or not; None deletes it."""
    session.data = {**session.data, name: value}
    if value is None:
        del session.data[name]
    if session.id is None:
        # An expired session may still have this secret.
        db.execute(delete(WebSession).where(WebSession.c.digest == digest_of(secret)))
        session.id, _ = _insert(db, session.data, WAITING_LIFETIME, secret)
    else:
        text = msgspec.json.encode(session.data).decode()
        db.execute(update(WebSession).where(WebSession.c.id == session.id).values(data=text))


def _insert(
    db: Connection, data: dict[str, Any], lifetime: timedelta, secret: str | None = None, **values: Any
) -> tuple[int, str]:
    secret = secret or new_secret()
    now = clock.now()
    row = WebSession.insert().values(
        digest=digest_of(secret),
        data=msgspec.json.encode(data).decode(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        **values,
    )
    return insert_returning_id(db, row), secret


def new_secret() -> str:
    """The secret for a browser's cookie."""
    return secrets.token_urlsafe(32)


def note_use(db: Connection, times: Mapping[int, datetime]) -> None:
    """Write when these sessions, by id, were last seen."""
    db.execute(
        update(WebSession).where(WebSession.c.id == bindparam("session")).values(last_seen_at=bindparam("at")),
        [{"session": session, "at": at} for session, at in times.items()],
    )


def end(db: Connection, session: Session) -> None:
    """Sign this browser out."""
    if session.id is not None:
        db.execute(delete(WebSession).where(WebSession.c.id == session.id))


def end_all_of(db: Connection, user_id: int, *, but: int | None = None) -> None:
    """Sign the person out of every browser (except ``but``), and end every masquerade by them or as them."""
    theirs = or_(
        WebSession.c.user_id == user_id, WebSession.c.real_user_id == user_id, WebSession.c.waiting_user_id == user_id
    )
    db.execute(delete(WebSession).where(and_(theirs, WebSession.c.id != but) if but is not None else theirs))


@listen(SignedOutEverywhere)
def _end_everywhere(db: Connection, event: SignedOutEverywhere) -> None:
    end_all_of(db, event.user_id)


@listen(ClockMoved)
def _end_later_ones(db: Connection, _event: ClockMoved) -> None:
    db.execute(delete(WebSession).where(WebSession.c.created_at > clock.now()))


@listen(UserDeleted)
def _end_with_the_person(db: Connection, event: UserDeleted) -> None:
    end_all_of(db, event.user_id)


@listen(PasswordChanged)
def _end_with_the_old_password(db: Connection, event: PasswordChanged) -> None:
    end_all_of(db, event.user_id, but=event.session_id)


@listen(LoginsClosed)
def _end_with_the_login(db: Connection, event: LoginsClosed) -> None:
    """End the browsers that signed in by these logins, and the person's of which it is not known by which."""
    theirs = func.coalesce(WebSession.c.real_user_id, WebSession.c.user_id) == event.user_id
    unknown = and_(WebSession.c.login_id.is_(None), theirs)
    db.execute(delete(WebSession).where(or_(WebSession.c.login_id.in_(event.login_ids), unknown)))


def sweep(db: Connection) -> None:
    """Delete expired sessions."""
    db.execute(delete(WebSession).where(WebSession.c.expires_at <= clock.now()))


def sessions_of(db: Connection, user_id: int) -> Sequence[AnyRow]:
    """The browsers in which this person is signed in, most recently used first."""
    return db.execute(
        select(
            WebSession.c.id,
            WebSession.c.user_agent,
            WebSession.c.created_at,
            WebSession.c.last_seen_at,
            WebSession.c.remember,
        )
        .where(
            WebSession.c.user_id == user_id, WebSession.c.real_user_id.is_(None), WebSession.c.expires_at > clock.now()
        )
        .order_by(WebSession.c.last_seen_at.desc(), WebSession.c.id.desc())
        .limit(100)
    ).all()
