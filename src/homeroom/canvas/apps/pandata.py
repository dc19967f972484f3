"""Tokens for usage events of mobile apps (identity.md §5)."""

from __future__ import annotations

from msgspec import Struct

from homeroom.school.apps.pandata import pandata_tokens
from homeroom.school.ground.vault import open_vault
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

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
def create_pandata_events_token(params: Params[AskForTokens], call: Call) -> PandataTokensJson:
    """Get a Pandata Events jwt token and its expiration date."""
    tokens = pandata_tokens(call.db, open_vault(call.db), call.actor, params.app_key)
    return PandataTokensJson(
        url=f"{call.request.base_url}/pandata/events",
        auth_token=tokens.auth_token,
        props_token=tokens.props_token,
        expires_at=int(tokens.expires_at.timestamp()) * 1000,
    )
