"""Who may give a developer key which scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.db.types import AnyRow
from homeroom.school.apps.developer_keys.fields import read_list
from homeroom.school.apps.developer_keys.queries import owner_ref
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import PERMISSIONS

Rights = Mapping[str, str]


def require_rights_of_new_scopes(
    actor: Actor, owner: int | None, key: AnyRow | None, values: Mapping[str, Any], rights: Rights
) -> None:
    """Raise NotAllowed where the key would reach further than the actor: by a new scope, or by none being required.

    ``values`` are the key's new columns, ``key`` what it was; ``rights`` says which right the route of a scope asks.
    """
    were_required = key is not None and key.require_scopes
    required = values.get("require_scopes", were_required)
    old = set(read_list(key.scopes)) if key is not None else set()
    if required:
        # Scopes of a key that had no limit were no limit: all of them are new.
        new = set(read_list(values.get("scopes", key.scopes if key is not None else "[]"))) - (
            old if were_required else set()
        )
    else:
        new = set(rights) if key is None or were_required else set()
    account = owner_ref(actor, owner)
    for right in sorted({rights[scope] for scope in new if rights.get(scope) in PERMISSIONS}):
        actor.require(right, account)
