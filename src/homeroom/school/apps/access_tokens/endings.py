"""The one place where access tokens end: deleted for good, or expired for good, their refresh tokens with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, update

from homeroom import clock
from homeroom.school.ground.events import listen
from homeroom.school.people.events import UserDeleted
from homeroom.school.schema import AccessToken, OAuthCode
from homeroom.school.security.events import record
from homeroom.school.states import TokenState


def delete_tokens(db: Connection, *which: ColumnElement[bool]) -> None:
    """Delete these tokens together with their refresh tokens: from now on they answer that they were revoked."""
    live = update(AccessToken).where(*which, AccessToken.c.state != TokenState.DELETED)
    db.execute(live.values(state="deleted", updated_at=clock.now()))


def delete_token(db: Connection, token_id: int, **details: Any) -> None:
    """Delete the token permanently. ``details`` go into the security event."""
    delete_tokens(db, AccessToken.c.id == token_id)
    record(db, "token_deleted", object=("access_token", token_id), **details)


def delete_tokens_of_key(db: Connection, key_id: int) -> None:
    """Delete what people granted to this developer key, whether the code was exchanged yet or not."""
    # Codes before what they are exchanged for: an exchange under way ends first, and its token is found.
    db.execute(delete(OAuthCode).where(OAuthCode.c.developer_key_id == key_id))
    delete_tokens(db, AccessToken.c.developer_key_id == key_id)


def expire_tokens(db: Connection, *which: ColumnElement[bool]) -> None:
    """Expire these tokens now: they answer that they expired, and none is refreshed."""
    now = clock.now()
    ended = update(AccessToken).where(*which, *not_ended())
    db.execute(ended.values(permanent_expires_at=now, refresh_digest=None, updated_at=now))


def not_ended() -> tuple[Any, ...]:
    """The condition of tokens that are neither deleted nor permanently expired."""
    lasting = or_(AccessToken.c.permanent_expires_at.is_(None), AccessToken.c.permanent_expires_at > clock.now())
    return AccessToken.c.state != TokenState.DELETED, lasting


def made_by_or_for(user_id: int) -> ColumnElement[bool]:
    """The person's tokens, and those they made while they acted as somebody else."""
    return or_(AccessToken.c.user_id == user_id, AccessToken.c.real_user_id == user_id)


@listen(UserDeleted)
def _delete_with_the_person(db: Connection, event: UserDeleted) -> None:
    delete_tokens(db, made_by_or_for(event.user_id))
