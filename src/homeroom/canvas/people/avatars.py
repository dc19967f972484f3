"""The avatars that a user can choose from (users-core.md §12)."""

from __future__ import annotations

from msgspec import Struct

from homeroom.school.ground.secret_key import own_secret_key
from homeroom.school.people import avatars
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.states import UserState
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Routes
from homeroom.wire.serving.call import Call

route = Routes()

NOT_REGISTERED = {
    "status": "unauthorized",
    "message": "You need to confirm your email address before you can view this page",
}


class AvatarJson(Struct):
    type: str
    url: str
    display_name: str
    token: str


@route.get("/users/:user_id/avatars", right=BY_POLICY)
def list_avatars(user_id: UserId, call: Call) -> list[AvatarJson] | Answer:
    """List avatar options."""
    if call.actor.state == UserState.PRE_REGISTERED:
        return Answer(401, NOT_REGISTERED)
    person = find_user(call.db, call.actor, user_id)
    policy.require(policy.can_update_avatar, call.db, call.actor, person.id)
    if not call.actor.root.settings.avatars:
        return []
    choices = avatars.choices_of(person, call.request.base_url, own_secret_key(call.db))
    return [AvatarJson(choice.type, choice.url, choice.display_name, choice.token) for choice in choices]
