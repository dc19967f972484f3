"""Ends browser sessions and tokens, also those of mobile apps (identity.md §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.school.jobs.registry import Tools, call, job, later, sweep
from homeroom.school.schema import (
    AccessToken,
    AccountAdmin,
    DeveloperKey,
    MobileSessionExpiry,
    OAuthCode,
    SessionToken,
    TokenState,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in import sessions
from homeroom.services.jobs import JobCall

_CHUNK = 1_000


def sign_out_everywhere(db: Connection, user_id: int) -> None:
    """End every browser session and token of the person, and every masquerade by them or as them."""
    db.execute(update(User).where(User.c.id == user_id).values(last_logged_out_at=clock.now()))
    # Codes first, then tokens: an exchange that is under way ends first, and its token is found then.
    for table in (OAuthCode, SessionToken):
        db.execute(delete(table).where(or_(table.c.user_id == user_id, table.c.real_user_id == user_id)))
    sessions.end_all_of(db, user_id)
    record(db, "sessions_ended", user_id=user_id)
    db.execute(_expired().where(or_(AccessToken.c.user_id == user_id, AccessToken.c.real_user_id == user_id)))


def expire_mobile_sessions_later(db: Connection, *, user_id: int | None, skip_admins: bool) -> None:
    """Queue a job that ends the mobile apps' current tokens: the person's, or without a person everybody's."""
    expiry_id = insert_returning_id(
        db,
        insert(MobileSessionExpiry).values(
            user_id=user_id, skip_admins=skip_admins, state="queued", created_at=clock.now()
        ),
    )
    record(db, "sessions_ended", user_id=user_id, mobile_apps=True)
    later(expire_mobile_sessions, expiry_id=expiry_id)


@job
def expire_mobile_sessions(tools: Tools, *, expiry_id: int) -> None:
    """End the tokens in batches, so that nobody waits for the whole school. Running it again changes nothing."""
    last: int | None = 0
    while last is not None:
        with tools.database.write() as db:
            last = _expire_some(db, expiry_id, after=last)
            if last is None:
                done = update(MobileSessionExpiry).where(MobileSessionExpiry.c.id == expiry_id).values(state="done")
                db.execute(done)


@sweep
def due_mobile_session_expiries(db: Connection) -> Iterable[JobCall]:
    """Expiries that the queue has lost."""
    rows = db.execute(select(MobileSessionExpiry.c.id).where(MobileSessionExpiry.c.state == "queued"))
    return [call(expire_mobile_sessions, expiry_id=row.id) for row in rows]


def _expire_some(db: Connection, expiry_id: int, *, after: int) -> int | None:
    """End the next tokens. Returns the id of the last one, None if there are no more."""
    asked = db.execute(
        select(
            MobileSessionExpiry.c.user_id, MobileSessionExpiry.c.skip_admins, MobileSessionExpiry.c.created_at
        ).where(MobileSessionExpiry.c.id == expiry_id, MobileSessionExpiry.c.state == "queued")
    ).first()
    if asked is None:
        return None
    tokens = (
        select(AccessToken.c.id)
        .join(DeveloperKey, DeveloperKey.c.id == AccessToken.c.developer_key_id)
        .where(DeveloperKey.c.mobile, AccessToken.c.created_at <= asked.created_at, AccessToken.c.id > after, *_live())
    )
    if asked.user_id is not None:
        tokens = tokens.where(AccessToken.c.user_id == asked.user_id)
    if asked.skip_admins:
        is_admin = exists().where(AccountAdmin.c.user_id == AccessToken.c.user_id, AccountAdmin.c.state == "active")
        tokens = tokens.where(~is_admin)
    ids = db.execute(tokens.order_by(AccessToken.c.id).limit(_CHUNK)).scalars().all()
    db.execute(_expired().where(AccessToken.c.id.in_(ids)))
    return ids[-1] if ids else None


def _live() -> tuple[Any, ...]:
    lasting = or_(AccessToken.c.permanent_expires_at.is_(None), AccessToken.c.permanent_expires_at > clock.now())
    return AccessToken.c.state != TokenState.DELETED, lasting


def _expired() -> Any:
    """An UPDATE that ends tokens: they answer that they expired, and none is refreshed."""
    now = clock.now()
    return update(AccessToken).where(*_live()).values(permanent_expires_at=now, refresh_digest=None, updated_at=now)
