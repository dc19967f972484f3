"""What people have granted to applications: their list, and ending one of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, func, or_, select

from homeroom import clock
from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.apps.access_tokens.endings import delete_token, not_ended
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, as_it_is, by
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import AccessToken, DeveloperKey
from homeroom.school.states import TokenState

# A grant that nobody used for so long is over: its refresh token does not work any more.
UNUSED = timedelta(days=180)
LAST_USED = func.coalesce(AccessToken.c.last_used_at, AccessToken.c.created_at)


def grants_of(user_id: int) -> Listing[AnyRow]:
    """The person's grants that still let an application do something, or know who they are without asking. The newest
    one comes first.
    """
    return Listing(_grants_of(user_id), by(AccessToken.c.id, descending=True), as_it_is)


def _grants_of(user_id: int) -> AnySelect:
    now = clock.now()
    since = now - UNUSED
    can_be_refreshed = AccessToken.c.refresh_digest.is_not(None) & or_(
        since < LAST_USED, AccessToken.c.updated_at > since
    )
    works = or_(AccessToken.c.expires_at.is_(None), AccessToken.c.expires_at > now)
    return (
        select(
            AccessToken.c.id,
            AccessToken.c.developer_key_id,
            AccessToken.c.real_user_id,
            AccessToken.c.scopes,
            AccessToken.c.purpose,
            AccessToken.c.remember_access,
            AccessToken.c.last_used_at,
            AccessToken.c.created_at,
            DeveloperKey.c.name.label("app_name"),
            DeveloperKey.c.icon_url,
        )
        .join(DeveloperKey, DeveloperKey.c.id == AccessToken.c.developer_key_id)
        .where(
            AccessToken.c.user_id == user_id,
            ~DeveloperKey.c.is_default,
            AccessToken.c.state == TokenState.ACTIVE,
            *not_ended(),
            or_(works, can_be_refreshed, AccessToken.c.remember_access),
        )
    )


def end_grant(db: Connection, actor: Actor, form: IdForm) -> AnyRow:
    """The application can do nothing for the actor any more, and has to ask again; what it had been granted.

    Raises NotFound, and NotAllowed for who only acts as the person.
    """
    if actor.is_masquerading:
        raise NotAllowed("end what somebody else has granted")
    found = db.execute(_grants_of(actor.id).where(AccessToken.c.id == number_of(form))).first()
    if found is None:
        raise NotFound("grant")
    delete_token(db, found.id)
    return found
