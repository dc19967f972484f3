"""Custom colors of a user's courses, groups and calendars (users-core.md §8)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.accounts import feature_flags
from homeroom.school.ground.errors import NotFound, Refused
from homeroom.school.people.color_codes import for_high_contrast, hexcode
from homeroom.school.people.dashboard_cards import color_of, colors_of, set_color
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.assets import find_asset, named_asset
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes, told

route = Routes()


class CustomColorsJson(Struct):
    custom_colors: dict[str, str]


class ColorJson(Struct):
    hexcode: str


class UpdateColor(Struct):
    # Any value, because the refusal has its own body.
    hexcode: Annotated[object, told("a color such as abc123", type="string")] = None


@route.get("/users/:id/colors", right=BY_POLICY)
def list_colors(id: UserId, actor: Actor, db: Connection) -> CustomColorsJson:
    """Get custom colors."""
    user = find_user(db, actor, id)
    policy.require(policy.can_read, db, actor, user.id)
    colors = colors_of(db, user.id)
    if colors and _sees_high_contrast(db, user.id):
        colors = {asset: for_high_contrast(color) for asset, color in colors.items()}
    return CustomColorsJson(colors)


@route.get("/users/:id/colors/:asset_string", right=BY_POLICY)
def show_color(id: UserId, asset_string: str, actor: Actor, db: Connection) -> ColorJson:
    """Get custom color."""
    user = find_user(db, actor, id)
    policy.require(policy.can_read, db, actor, user.id)
    asset = named_asset(asset_string)
    color = color_of(db, user.id, asset.string) if asset is not None else None
    if color is None:
        raise NotFound("color")
    return ColorJson(for_high_contrast(color) if _sees_high_contrast(db, user.id) else color)


@route.put("/users/:id/colors/:asset_string", right=BY_POLICY)
def update_color(id: UserId, asset_string: str, params: Params[UpdateColor], actor: Actor, db: Connection) -> ColorJson:
    """Update custom color."""
    user = find_user(db, actor, id)
    policy.require(policy.can_manage, db, actor, user.id)
    # Whether the user may read the asset is not asked.
    asset = find_asset(db, asset_string)
    color = hexcode(params.hexcode) if isinstance(params.hexcode, str) else None
    if color is None:
        raise Refused("Invalid Hexcode Provided")
    set_color(db, user.id, asset.string, color)
    return ColorJson(color)


def _sees_high_contrast(db: Connection, user_id: int) -> bool:
    return feature_flags.is_on(db, "high_contrast", feature_flags.UserRef(user_id))
