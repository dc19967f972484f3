"""Tokens for usage events of mobile apps (identity.md §5)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.apps.pandata import pandata_tokens
from homeroom.school.ground.vault import open_vault
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes

route = Routes()


class AskForTokens(Struct):
    app_key: str = ""


class PandataTokensJson(Struct):
    """``expires_at`` is in milliseconds since 1970."""

    url: str
    auth_token: str
    props_token: str
    expires_at: int


@route.post("/users/self/pandata_events_token", right=SELF_ONLY)
def create_pandata_events_token(
    params: Params[AskForTokens], actor: Actor, request: Request, db: Connection
) -> PandataTokensJson:
    """Get a Pandata Events jwt token and its expiration date."""
    tokens = pandata_tokens(db, open_vault(db), actor, params.app_key)
    return PandataTokensJson(
        url=f"{request.base_url}/pandata/events",
        auth_token=tokens.auth_token,
        props_token=tokens.props_token,
        expires_at=int(tokens.expires_at.timestamp()) * 1000,
    )
