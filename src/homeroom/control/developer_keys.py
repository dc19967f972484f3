"""Marking a developer key as a mobile app's (homeroom.md §5)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.control.contexts import require_site_admin, without_credentials
from homeroom.school.apps.developer_keys.actions import mark_key
from homeroom.school.apps.developer_keys.queries import find_managed_key
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.ids import global_id
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import RecordId
from homeroom.wire.routing.routes import BY_POLICY, RawParams, Routes

route = Routes()
_NAMES = ("mobile", "pandata_app_keys")


class KeyMarks(Struct):
    mobile: bool | UnsetType = UNSET
    pandata_app_keys: list[str] | UnsetType = UNSET


class MarkedKeyJson(Struct):
    id: int
    mobile: bool
    pandata_app_keys: list[str]


@route.put("/developer_keys/:id", right=BY_POLICY, takes=KeyMarks, answers=MarkedKeyJson)
def mark_developer_key(id: RecordId, params: RawParams, actor: Actor, db: Connection) -> dict[str, Any]:
    """Mark a developer key as a mobile app's, and allow it Pandata tokens for these app keys."""
    require_site_admin(actor)
    key = find_managed_key(db, actor, id)
    marks = mark_key(db, key.id, **_wanted(params))
    return {"id": global_id(key.id), **marks}


def _wanted(params: dict[str, Any]) -> dict[str, Any]:
    """The wanted changes. Raises the error for anything that cannot be understood."""
    given = without_credentials(params)
    for name in given:
        if name not in _NAMES:
            raise Refused(f"Unknown field {name!r}; mobile and pandata_app_keys can be set here.")
    if not isinstance(given.get("mobile", False), bool):
        raise Refused("mobile must be true or false.")
    app_keys = given.get("pandata_app_keys", [])
    if not isinstance(app_keys, list) or not all(isinstance(name, str) and name for name in app_keys):
        raise Refused("pandata_app_keys must be a list of names.")
    return given
