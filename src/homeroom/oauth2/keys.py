"""The public keys of this installation, for servers that verify its signatures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from homeroom.school.apps.signing import public_keys
from homeroom.school.ground.vault import open_vault
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()


@route.get("/oauth2/jwks", right=PUBLIC)
def list_public_keys(request: Request, db: Connection) -> dict[str, list[dict[str, Any]]]:
    """List the public keys as a JSON Web Key Set."""
    return public_keys(db, open_vault(db))
