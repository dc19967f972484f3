"""Access tokens (identity.md §4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import decode
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.apps.access_tokens import actions, endings, policy
from homeroom.school.apps.access_tokens.queries import find_token, manual_tokens, token_with_id
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import Answer, seconds
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()
# A bare list: the documented odd body of this one check (identity.md §4).
_NO_PURPOSE = [{"message": "token[purpose] is missing"}]


class TokenFields(Struct):
    """``token[...]``. A ``token[token]`` is ignored: nobody chooses the text of a token."""

    purpose: str | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    scopes: list[str] | UnsetType = UNSET


class ChangedFields(TokenFields):
    regenerate: bool = False


class MakeToken(Struct):
    token: TokenFields


class ChangeToken(Struct):
    token: ChangedFields


class TokenJson(Struct):
    """A token. ``visible_token`` is whole only in the answer that made it, and null for an application's token."""

    id: int
    created_at: datetime | None
    updated_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    purpose: str | None
    real_user_id: int | None
    remember_access: bool
    scopes: list[str]
    user_id: int
    workflow_state: str
    app_name: str | None
    visible_token: str | None
    can_manually_regenerate: bool


@route.get("/users/:user_id/user_generated_tokens", right=BY_POLICY)
def list_tokens(user_id: UserId, paging: Paging, actor: Actor, db: Connection) -> Page[TokenJson]:
    """List a user's manually generated access tokens."""
    person = find_user(db, actor, user_id)
    if not policy.can_view(db, actor, person.id):
        raise NotAllowed(policy.VIEW)
    return paging.of(db, manual_tokens(person.id)).map(token_json)


@route.get("/users/:user_id/tokens/:id", right=BY_POLICY)
def show_token(user_id: UserId, id: str, actor: Actor, db: Connection) -> TokenJson:
    """Show an access token."""
    person = find_user(db, actor, user_id)
    if not policy.can_view(db, actor, person.id):
        raise NotFound("token")
    token = find_token(db, person.id, id)
    if not token.is_manual and not actor.is_(person.id):
        raise NotFound("token")
    return token_json(token)


@route.post("/users/:user_id/tokens", right=BY_POLICY)
def create_token(user_id: UserId, params: Params[MakeToken], call: Call) -> TokenJson | Answer:
    """Create an access token."""
    person = find_user(call.db, call.actor, user_id)
    policy.require_create(call.db, call.actor, person.id)
    fields = params.token
    if fields.purpose is UNSET or not fields.purpose.strip():
        return Answer(400, _NO_PURPOSE)
    expires_at = None if fields.expires_at is UNSET else fields.expires_at
    policy.require_expiry(call.db, call.actor, person.id, expires_at)
    token_id, text = actions.make_token(
        call.db,
        person.id,
        purpose=fields.purpose,
        expires_at=expires_at,
        scopes=() if fields.scopes is UNSET else fields.scopes,
        active=policy.is_own(call.actor, person.id),
        real_user_id=call.actor.real_id if call.actor.is_masquerading else None,
        within=call.actor.scopes,
        most=call.request.settings.max_tokens,
    )
    return token_json(token_with_id(call.db, token_id), text)


@route.put("/users/:user_id/tokens/:id", right=BY_POLICY)
def update_token(
    user_id: UserId, id: str, params: Params[ChangeToken], actor: Actor, db: Connection
) -> TokenJson | Answer:
    """Update an access token."""
    policy.require_unlimited(actor)
    person = find_user(db, actor, user_id)
    token = _find_managed(db, actor, person.id, id, policy.CREATE)
    own = policy.is_own(actor, person.id)
    if own:
        policy.require_create(db, actor, person.id)
    fields = params.token
    changes: dict[str, Any] = {}
    if fields.purpose is not UNSET:
        if not fields.purpose.strip():
            return Answer(400, _NO_PURPOSE)
        changes["purpose"] = fields.purpose
    if fields.expires_at is not UNSET:
        changes["permanent_expires_at"] = fields.expires_at
    if token.is_manual and ("permanent_expires_at" in changes or fields.regenerate):
        expires_at = changes.get("permanent_expires_at", token.permanent_expires_at)
        policy.require_expiry(db, actor, person.id, expires_at)
    text = actions.change_token(db, token, changes, regenerate=fields.regenerate, own=own)
    return token_json(token_with_id(db, token.id), text)


@route.delete("/users/:user_id/tokens/:id", right=BY_POLICY)
def delete_token(user_id: UserId, id: str, actor: Actor, db: Connection) -> TokenJson:
    """Delete an access token."""
    person = find_user(db, actor, user_id)
    token = _find_managed(db, actor, person.id, id, policy.DELETE)
    endings.delete_token(db, token.id)
    return token_json(token_with_id(db, token.id))


@route.post("/users/self/tokens/:id/activate", right=SELF_ONLY)
def activate_token(id: str, actor: Actor, db: Connection) -> TokenJson:
    """Activate a pending access token, which only its own user can do."""
    policy.require_unlimited(actor)
    if actor.is_masquerading:
        raise NotAllowed("activate")
    token = find_token(db, actor.id, id)
    actions.activate_token(db, token.id)
    return token_json(token_with_id(db, token.id))


def _find_managed(db: Connection, actor: Actor, user_id: int, text: str, right: str) -> AnyRow:
    """The token. Without the right, another person's token is not found. While masquerading, one's own is not
    allowed.
    """
    if not policy.is_own(actor, user_id) and not policy.can_manage(db, actor, user_id, right):
        raise NotAllowed(right) if actor.is_(user_id) else NotFound("token")
    return find_token(db, user_id, text)


def token_json(token: AnyRow, text: str | None = None) -> TokenJson:
    """The object; ``text`` is the whole token in the answer that made it."""
    hint = f"{token.hint}..." if token.is_manual else None
    return TokenJson(
        id=token.id,
        created_at=seconds(token.created_at),
        updated_at=seconds(token.updated_at),
        expires_at=seconds(token.permanent_expires_at),
        last_used_at=seconds(token.last_used_at),
        purpose=token.purpose,
        real_user_id=token.real_user_id,
        remember_access=token.remember_access,
        scopes=decode(token.scopes, type=list[str]),
        user_id=token.user_id,
        workflow_state=token.state,
        app_name=token.app_name,
        visible_token=text or hint,
        can_manually_regenerate=token.is_manual and not actions.is_expired(token.permanent_expires_at),
    )
