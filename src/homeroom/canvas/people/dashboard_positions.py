"""Where a user's dashboard cards stand (users-core.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.people.dashboard_cards import Position, checked_position, positions_of, set_positions
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.assets import find_assets, readable_assets
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.scalars import BadParameter, MissingParameter
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes, told

route = Routes()


class DashboardPositionsJson(Struct):
    dashboard_positions: dict[str, int | str]


class UpdateDashboardPositions(Struct):
    # Read in the handler: who may not write is told that first.
    dashboard_positions: Annotated[
        object, told("positions by asset string", type="object", additionalProperties={"type": "integer"})
    ] = None


@route.get("/users/:id/dashboard_positions", right=BY_POLICY)
def show_dashboard_positions(id: UserId, actor: Actor, db: Connection) -> DashboardPositionsJson:
    """Get dashboard positions."""
    user = find_user(db, actor, id)
    policy.require(policy.can_read, db, actor, user.id)
    return DashboardPositionsJson(positions_of(db, user.id))


@route.put("/users/:id/dashboard_positions", right=BY_POLICY)
def update_dashboard_positions(
    id: UserId, params: Params[UpdateDashboardPositions], actor: Actor, db: Connection
) -> DashboardPositionsJson:
    """Update dashboard positions: all of those given, or none."""
    user = find_user(db, actor, id)
    policy.require(policy.can_manage, db, actor, user.id)
    set_positions(db, user.id, _checked(db, actor, _given(params.dashboard_positions)))
    return DashboardPositionsJson(positions_of(db, user.id))


def _given(value: object) -> Mapping[str, object]:
    if value is None or value == "":
        raise MissingParameter("dashboard_positions")
    if not isinstance(value, dict):
        raise BadParameter("dashboard_positions", "must be an object")
    return value


def _checked(db: Connection, actor: Actor, given: Mapping[str, object]) -> dict[str, Position]:
    """The positions by asset string. The first pair with a fault decides, and in it the asset before its position."""
    found = find_assets(db, given)
    readable = readable_assets(db, actor, (asset for asset in found.values() if asset is not None))
    positions: dict[str, Position] = {}
    for name, value in given.items():
        asset = found[name]
        if asset is None:
            raise NotFound("asset")
        if asset not in readable:
            raise NotAllowed("read")
        positions[asset.string] = checked_position(value)
    return positions
