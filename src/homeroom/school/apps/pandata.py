"""Tokens with which a mobile app sends usage events (identity.md §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from homeroom import clock
from homeroom.school.apps.developer_keys.fields import read_list
from homeroom.school.apps.signing import sign
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.ids import global_id
from homeroom.school.ground.vault import Vault
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import DeveloperKey

AUDIENCE = "PANDATA"
LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PandataTokens:
    auth_token: str
    props_token: str
    expires_at: datetime


def pandata_tokens(db: Connection, vault: Vault, actor: Actor, app_key: str) -> PandataTokens:
    """The actor's tokens for this app. Raises Refused unless the key of the actor's token is allowed to get them."""
    if actor.developer_key_id is None:
        raise Refused("Access token required")
    known = db.execute(
        select(DeveloperKey.c.pandata_app_keys).where(DeveloperKey.c.id == actor.developer_key_id)
    ).scalar_one()
    app_keys = read_list(known)
    if not app_keys:
        raise Refused("Developer key not authorized", status=403)
    if app_key not in app_keys:
        raise Refused("Invalid app key")
    now = clock.now().replace(microsecond=0)
    expires_at = now + LIFETIME
    user = str(global_id(actor.id))
    claims = {"iss": app_key, "aud": AUDIENCE, "sub": user, "exp": int(expires_at.timestamp())}
    props = {
        **claims,
        "user_id": user,
        "root_account_id": str(global_id(actor.root.id)),
        "root_account_uuid": actor.root.uuid,
    }
    return PandataTokens(sign(db, vault, claims), sign(db, vault, props), expires_at)
