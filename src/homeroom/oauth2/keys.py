"""The public keys of this installation, for whoever checks what it signed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from homeroom.school.access.signing import public_keys
from homeroom.school.access.vault import open_vault
from homeroom.wire.request import Request
from homeroom.wire.routes import PUBLIC, Routes

route = Routes()


@route.get("/oauth2/jwks", right=PUBLIC)
def list_public_keys(request: Request, db: Connection) -> dict[str, list[dict[str, Any]]]:
    """List the public keys as a JSON Web Key Set."""
    return public_keys(db, open_vault(db, request.settings.secret_key))
