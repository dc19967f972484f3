"""The kinds of assets of this wing: users."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from homeroom.db.types import AnySelect
from homeroom.school.people.users.policy import readable_users
from homeroom.school.rights.assets import register_kind
from homeroom.school.schema import User
from homeroom.school.states import UserState


def _live_users(ids: Collection[int]) -> AnySelect:
    return select(User.c.id).where(User.c.id.in_(ids), User.c.state != UserState.DELETED)


register_kind("user", live=_live_users, readable=readable_users)
