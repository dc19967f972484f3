"""The one place where access tokens end: deleted for good, or expired for good, their refresh tokens with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, update

from homeroom import clock
from homeroom.school.ground.events import UserDeleted, listen
from homeroom.school.schema import AccessToken, OAuthCode


def delete_tokens(db: Connection, *which: ColumnElement[bool]) -> None:
    """From now on they answer that they were revoked."""
    live = update(AccessToken).where(AccessToken.c.state != "deleted", *which)
    db.execute(live.values(state="deleted", updated_at=clock.now()))


def delete_token(db: Connection, token_id: int) -> None:
    """The token is never valid again."""
    delete_tokens(db, AccessToken.c.id == token_id)


def delete_tokens_of_key(db: Connection, key_id: int) -> None:
    """Whatever people granted to this developer key, exchanged already or not."""
    # Codes before what they are exchanged for: an exchange under way ends first, and its token is found.
    db.execute(delete(OAuthCode).where(OAuthCode.c.developer_key_id == key_id))
    delete_tokens(db, AccessToken.c.developer_key_id == key_id)


def expire_tokens(db: Connection, *which: ColumnElement[bool]) -> None:
    """From now on they answer that they expired, and none is refreshed."""
    now = clock.now()
    live = update(AccessToken).where(*unexpired(), *which)
    db.execute(live.values(permanent_expires_at=now, refresh_digest=None, updated_at=now))


def unexpired() -> tuple[Any, ...]:
    """Neither deleted nor expired for good."""
    lasting = or_(AccessToken.c.permanent_expires_at.is_(None), AccessToken.c.permanent_expires_at > clock.now())
    return AccessToken.c.state != "deleted", lasting


def of_or_as(user_id: int) -> ColumnElement[bool]:
    """The person's own tokens, and those by which they act as somebody."""
    return or_(AccessToken.c.user_id == user_id, AccessToken.c.real_user_id == user_id)


@listen(UserDeleted)
def _end_with_the_person(db: Connection, event: UserDeleted) -> None:
    delete_tokens(db, of_or_as(event.user_id))
