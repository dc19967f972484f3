"""What the caller has granted to applications, and ending it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.apps.developer_keys.fields import read_list
from homeroom.school.apps.oauth import granted_apps
from homeroom.school.ground.ids import global_id
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.ids import RecordId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Routes

route = Routes()


class GrantJson(Struct):
    """A grant. No scopes: the application may do all that the person may."""

    id: int
    developer_key_id: int
    app_name: str | None
    icon_url: str | None
    scopes: list[str]
    purpose: str | None
    remember_access: bool
    real_user_id: int | None
    created_at: datetime
    last_used_at: datetime | None


@route.get("/users/self/grants", right=SELF_ONLY, scope=False)
def list_grants(paging: Paging, actor: Actor, db: Connection) -> Page[GrantJson]:
    """List the applications that may act for the caller, the newest grant first."""
    return paging.of(db, granted_apps.grants_of(actor.id)).map(grant_json)


@route.delete("/users/self/grants/:id", right=SELF_ONLY, scope=False)
def end_grant(id: RecordId, actor: Actor, db: Connection) -> GrantJson:
    """End a grant: its tokens work no more, and the application has to ask again."""
    return grant_json(granted_apps.end_grant(db, actor, id))


def grant_json(grant: AnyRow) -> GrantJson:
    return GrantJson(
        id=grant.id,
        developer_key_id=global_id(grant.developer_key_id),
        app_name=grant.app_name,
        icon_url=grant.icon_url,
        scopes=read_list(grant.scopes),
        purpose=grant.purpose,
        remember_access=grant.remember_access,
        real_user_id=grant.real_user_id,
        created_at=seconds(grant.created_at),  # type: ignore[arg-type]
        last_used_at=seconds(grant.last_used_at),
    )
