"""A person's second factor, for admins who help when a phone is lost (homeroom.md §5)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.logins import policy
from homeroom.school.people.users.queries import Person, find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import second_factors
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Routes

route = Routes()


class SecondFactorJson(Struct):
    """``since`` is null for somebody who has no second factor."""

    user_id: int
    since: datetime | None
    recovery_codes_left: int


@route.get("/users/:id/second_factor", right=BY_POLICY, scope=False)
def show_second_factor(id: UserId, actor: Actor, db: Connection) -> SecondFactorJson:
    """Show whether somebody has a second factor."""
    return _json(db, _find(db, actor, id))


@route.delete("/users/:id/second_factor", right=BY_POLICY, scope=False)
def reset_second_factor(id: UserId, actor: Actor, db: Connection) -> SecondFactorJson:
    """Take somebody's second factor away, and sign them out everywhere."""
    person = _find(db, actor, id)
    if person.id in (actor.id, actor.real_id):
        # A token that was found must not take its owner's second factor away.
        raise NotAllowed("reset one's own second factor")
    second_factors.reset(db, person.id)
    return _json(db, person)


def _find(db: Connection, actor: Actor, form: UserId) -> Person:
    actor.require(policy.RIGHT, actor.root.ref)
    person = find_user(db, actor, form)
    if not policy.can_manage(db, actor, person.id):
        raise NotAllowed(policy.RIGHT)
    return person


def _json(db: Connection, person: Person) -> SecondFactorJson:
    state = second_factors.state_of(db, person.id)
    return SecondFactorJson(person.id, seconds(state.since), state.recovery_codes_left)
