"""Ending sessions (identity.md §5). All three routes answer the JSON string ``"ok"``."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.apps.mobile_sessions import expire_mobile_sessions_later
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.people.users.signing_out import sign_out_everywhere
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


class ExpireMobileSessions(Struct):
    skip_admins: bool = False


@route.delete("/users/:id/sessions", right=BY_POLICY)
def terminate_sessions(id: UserId, actor: Actor, db: Connection) -> str:
    """Terminate all user sessions."""
    person = find_user(db, actor, id)
    if not actor.is_(person.id) and not policy.can_manage_details(db, actor, person.id):
        raise NotAllowed("terminate_sessions")
    sign_out_everywhere(db, person.id)
    return "ok"


@route.delete("/users/mobile_sessions", right=BY_POLICY)
def expire_all_mobile_sessions(params: Params[ExpireMobileSessions], actor: Actor, db: Connection) -> str:
    """Log all users out of all mobile apps."""
    actor.require("manage_user_logins", actor.root.ref)
    expire_mobile_sessions_later(db, user_id=None, skip_admins=params.skip_admins)
    return "ok"


@route.delete("/users/:id/mobile_sessions", right=BY_POLICY)
def expire_mobile_sessions_of(id: UserId, params: Params[ExpireMobileSessions], actor: Actor, db: Connection) -> str:
    """Log a user out of all mobile apps."""
    actor.require("manage_user_logins", actor.root.ref)
    person = find_user(db, actor, id)
    expire_mobile_sessions_later(db, user_id=person.id, skip_admins=params.skip_admins)
    return "ok"
