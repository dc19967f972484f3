"""Making, changing, switching and deleting developer keys (identity.md §3)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.json import encode
from sqlalchemy import Connection, insert, select, update

from homeroom import clock
from homeroom.db import insert_or_update, insert_returning_id
from homeroom.db.types import AnyRow
from homeroom.school.apps.developer_keys.fields import read_list
from homeroom.school.ground.errors import Fault, Invalid, Refused
from homeroom.school.ground.vault import Vault
from homeroom.school.schema import AccessToken, DeveloperKey, DeveloperKeyBinding, TokenState
from homeroom.school.security.events import record

BINDING_STATES = ("on", "off", "allow")


def make_key(
    db: Connection, vault: Vault, values: Mapping[str, Any], *, owner: int | None, site_admin: int, by: int
) -> int:
    """A new key with its own secret. An account's key is off at first; for a site admin's key each account decides.

    ``owner`` is the account, null for the site admin; ``by`` is the person who creates it.
    """
    now = clock.now()
    key_id = insert_returning_id(
        db,
        insert(DeveloperKey).values(
            **{
                "visible": owner is not None,
                **values,
                "account_id": owner,
                "user_id": by,
                "state": "active",
                "sealed_secret": vault.seal(secrets.token_urlsafe(48)),
                "created_at": now,
                "updated_at": now,
            }
        ),
    )
    if owner is None:
        switch_key(db, key_id, site_admin, "allow")
    else:
        switch_key(db, key_id, owner, "off")
    record(db, "key_created", object=("developer_key", key_id))
    return key_id


def change_key(db: Connection, key: AnyRow, values: Mapping[str, Any], *, event: str | None) -> None:
    """Change a key's columns; ``event`` is ``activate`` or ``deactivate``. Tokens of an inactive key do not work."""
    changes = dict(values)
    if event == "deactivate":
        _keep_default(key, "deactivated")
        changes["state"] = "inactive"
    elif event == "activate":
        changes["state"] = "active"
    # A key that somebody else deletes at the same time must stay deleted.
    live = DeveloperKey.c.id == key.id, DeveloperKey.c.state != "deleted"
    record(db, "key_changed", object=("developer_key", key.id), fields=sorted(changes))
    db.execute(update(DeveloperKey).where(*live).values(**changes, updated_at=clock.now()))


def mark_key(
    db: Connection, key_id: int, *, mobile: bool | None = None, pandata_app_keys: Sequence[str] | None = None
) -> dict[str, Any]:
    """Mark the key as a mobile app's, and set the apps for which it may have Pandata tokens. Returns the new marks."""
    changes: dict[str, Any] = {"updated_at": clock.now()}
    if mobile is not None:
        changes["mobile"] = mobile
    if pandata_app_keys is not None:
        changes["pandata_app_keys"] = encode(list(dict.fromkeys(pandata_app_keys))).decode()
    row = db.execute(
        update(DeveloperKey)
        .where(DeveloperKey.c.id == key_id)
        .values(**changes)
        .returning(DeveloperKey.c.mobile, DeveloperKey.c.pandata_app_keys)
    ).one()
    record(db, "key_changed", object=("developer_key", key_id), fields=sorted(changes.keys() - {"updated_at"}))
    return {"mobile": row.mobile, "pandata_app_keys": read_list(row.pandata_app_keys)}


def delete_key(db: Connection, key: AnyRow) -> None:
    """Mark the key as deleted. Its tokens are deleted with it."""
    _keep_default(key, "deleted")
    record(db, "key_deleted", object=("developer_key", key.id))
    now = clock.now()
    db.execute(update(DeveloperKey).where(DeveloperKey.c.id == key.id).values(state="deleted", updated_at=now))
    db.execute(
        update(AccessToken)
        .where(AccessToken.c.developer_key_id == key.id, AccessToken.c.state != TokenState.DELETED)
        .values(state=TokenState.DELETED, updated_at=now)
    )


def _keep_default(key: AnyRow, what: str) -> None:
    # This key owns every manual token: without it no manual token would work.
    if key.is_default:
        raise Refused(f"The key of user-generated tokens cannot be {what}.")


def switch_key(db: Connection, key_id: int, account_id: int, state: str) -> AnyRow:
    """Switch the key for the account, and return the binding. Raises Invalid for an unknown state."""
    if state not in BINDING_STATES:
        raise Invalid(Fault("workflow_state", "inclusion", "is not included in the list"))
    now = clock.now()
    insert_or_update(
        db,
        DeveloperKeyBinding,
        [
            {
                "developer_key_id": key_id,
                "account_id": account_id,
                "state": state,
                "created_at": now,
                "updated_at": now,
            }
        ],
        key=["developer_key_id", "account_id"],
        update=["state", "updated_at"],
    )
    record(db, "key_changed", object=("developer_key", key_id), account_id=account_id, binding=state)
    return db.execute(
        select(
            DeveloperKeyBinding.c.id,
            DeveloperKeyBinding.c.account_id,
            DeveloperKeyBinding.c.developer_key_id,
            DeveloperKeyBinding.c.state,
        ).where(DeveloperKeyBinding.c.developer_key_id == key_id, DeveloperKeyBinding.c.account_id == account_id)
    ).one()
