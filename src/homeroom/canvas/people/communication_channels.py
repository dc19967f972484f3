"""Communication channels (identity.md §7)."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Refused
from homeroom.school.people.communication_channels import actions, policy
from homeroom.school.people.communication_channels.queries import (
    channel_with_id,
    channels_of,
    find_channel,
    find_channel_at,
)
from homeroom.school.people.users.queries import find_user
from homeroom.school.people.users.sign_up import Notice
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import attempts, link_mails
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.ids import RecordId, UserId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()
# In attempts.WINDOW: nobody fills the mailboxes of others with our mails.
MAILS_PER_USER = 10


class ChannelFields(Struct):
    address: str = ""
    type: str = "email"
    token: str | None = None


class MakeChannel(Struct):
    communication_channel: ChannelFields
    skip_confirmation: bool = False


class ForgetDevice(Struct):
    push_token: str


class ChannelJson(Struct):
    """A channel. What bounced is for site admins only."""

    id: int
    created_at: datetime | None
    address: str
    type: str
    position: int
    user_id: int
    workflow_state: str
    last_bounce_at: datetime | UnsetType | None = UNSET
    last_bounce_summary: str | UnsetType | None = UNSET
    last_suppression_bounce_at: datetime | UnsetType | None = UNSET
    last_transient_bounce_at: datetime | UnsetType | None = UNSET
    last_transient_bounce_summary: str | UnsetType | None = UNSET


@route.get("/users/:user_id/communication_channels", right=BY_POLICY)
def list_communication_channels(user_id: UserId, paging: Paging, actor: Actor, db: Connection) -> Page[ChannelJson]:
    """List user communication channels."""
    person = find_user(db, actor, user_id)
    policy.require(db, actor, person.id)
    return paging.of(db, channels_of(person.id)).map(lambda channel: channel_json(channel, actor))


@route.post("/users/:user_id/communication_channels", right=BY_POLICY)
def create_communication_channel(user_id: UserId, params: Params[MakeChannel], call: Call) -> ChannelJson:
    """Create a communication channel."""
    person = find_user(call.db, call.actor, user_id)
    policy.require(call.db, call.actor, person.id)
    fields = params.communication_channel
    address = fields.address.strip()
    actions.check(fields.type, address)
    confirmed = params.skip_confirmation and policy.can_confirm(call.actor)
    if (
        call.actor.is_(person.id)
        and not confirmed
        and not attempts.count(call.db, _mails_of(person.id), MAILS_PER_USER)
    ):
        raise Refused("Too many addresses were added; try again later.")
    trusted = policy.can_invite(call.db, call.actor, person.id)
    channel = actions.create_channel(call.db, person.id, fields.type, address, confirmed=confirmed, trusted=trusted)
    if channel.nonce is not None:
        notice: Notice = "registration" if trusted else "account"
        link_mails.send(call.db, notice, channel, call.actor.root.name, call.request.address_for_mail)
    return channel_json(channel_with_id(call.db, channel.id), call.actor)


@route.delete("/users/self/communication_channels/push", right=SELF_ONLY)
def delete_push_token(params: Params[ForgetDevice], actor: Actor, db: Connection) -> dict[str, bool]:
    """Delete a push notification endpoint."""
    actions.retire_push_token(db, actor.id, params.push_token)
    return {"success": True}


@route.delete("/users/:user_id/communication_channels/:id", right=BY_POLICY)
def delete_communication_channel(user_id: UserId, id: RecordId, actor: Actor, db: Connection) -> ChannelJson:
    """Delete a communication channel by its id."""
    person = find_user(db, actor, user_id)
    policy.require(db, actor, person.id)
    return _retire(db, actor, find_channel(db, person.id, id))


# An address may end in .json.
@route.delete("/users/:user_id/communication_channels/:type/:address", right=BY_POLICY, free_tail=True)
def delete_communication_channel_by_address(
    user_id: UserId, type: str, address: str, actor: Actor, db: Connection
) -> ChannelJson:
    """Delete a communication channel by its type and address."""
    person = find_user(db, actor, user_id)
    policy.require(db, actor, person.id)
    return _retire(db, actor, find_channel_at(db, person.id, type, address))


def _retire(db: Connection, actor: Actor, channel: AnyRow) -> ChannelJson:
    policy.require_retire(actor, channel)
    actions.retire_channel(db, channel)
    return channel_json(channel_with_id(db, channel.id), actor)


def _mails_of(user_id: int) -> str:
    return f"confirmation mails by {user_id}"


def channel_json(channel: AnyRow, actor: Actor) -> ChannelJson:
    json = ChannelJson(
        id=channel.id,
        created_at=seconds(channel.created_at),
        address=channel.address,
        type=channel.type,
        position=channel.position,
        user_id=channel.user_id,
        workflow_state=channel.state,
    )
    if actor.is_site_admin:
        json.last_bounce_at = seconds(channel.last_bounce_at)
        json.last_bounce_summary = channel.last_bounce_summary
        json.last_suppression_bounce_at = None
        json.last_transient_bounce_at = None
        json.last_transient_bounce_summary = None
    return json
