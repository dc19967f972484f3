"""The token endpoint, and ending a token (identity.md §2)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.oauth2.assertions import Assertion, check_assertion, issue_service_token
from homeroom.oauth2.errors import oauth_answer
from homeroom.school.apps.access_tokens.endings import delete_token
from homeroom.school.apps.oauth import clients, codes, tokens
from homeroom.school.apps.oauth.clients import Client
from homeroom.school.apps.oauth.codes import ReplayedCode
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.apps.oauth.tokens import Issued, ReplayedRefreshToken
from homeroom.school.ground.errors import Refused
from homeroom.school.ground.ids import global_id
from homeroom.school.ground.vault import open_vault
from homeroom.school.people.users.queries import people_with_ids
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import sessions
from homeroom.school.sign_in.openid.sign_out import end_session_url_of
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Params, Prepared, Routes

route = Routes()
_GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
_NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]


class TokenRequest(Struct):
    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    code_verifier: str = ""
    redirect_uri: str = ""
    refresh_token: str = ""
    replace_tokens: bool = False
    scope: str = ""


class TokenUserJson(Struct):
    id: int
    name: str
    global_id: str
    effective_locale: str | UnsetType = UNSET


class TokenJson(Struct):
    """The answer of the token endpoint; ``refresh_token`` and ``expires_in`` only where they apply."""

    access_token: str | None
    token_type: str
    user: TokenUserJson
    real_user: TokenUserJson | UnsetType = UNSET
    canvas_region: str = "unknown"
    refresh_token: str | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET


def _brings_assertion(params: dict[str, Any]) -> bool:
    return params.get("grant_type") == "client_credentials"


@route.post("/oauth2/token", right=PUBLIC, scope=False, prepare=check_assertion, outside=_brings_assertion)
def issue_token(
    params: Params[TokenRequest], assertion: Prepared[Assertion | None], actor: Actor, request: Request, db: Connection
) -> Answer:
    """Exchange a code or a refresh token, or a signed assertion, for an access token."""
    grant_type = params.grant_type or ("authorization_code" if params.code else "")
    if grant_type not in _GRANT_TYPES:
        raise OAuthError("unsupported_grant_type", "The grant_type you requested is not currently supported")
    if grant_type == "client_credentials":
        return Answer(200, issue_service_token(db, assertion, params.scope.split(), actor.root, request), _NO_STORE)
    client = _client(db, params, request)
    clients.require_switched_on(db, actor.root, client)
    if grant_type == "refresh_token":
        if not params.refresh_token:
            raise OAuthError("invalid_request", _MUST_PROVIDE.format("refresh_token", "refresh_token"))
        try:
            issued = tokens.refresh(db, client, params.refresh_token)
        except ReplayedRefreshToken as replay:
            # Answered and not raised, as below.
            delete_token(db, replay.access_token_id)
            return oauth_answer(replay)
    else:
        if not params.code:
            raise OAuthError("invalid_request", _MUST_PROVIDE.format("code", "authorization_code"))
        try:
            code = codes.take_code(db, client, params.code, params.code_verifier, params.redirect_uri)
        except ReplayedCode as replay:
            # Answered and not raised: that the copied code's token dies must be committed.
            codes.revoke_after_replay(db, replay.access_token_id)
            return oauth_answer(replay)
        issued = tokens.issue(db, client, code, replace=params.replace_tokens)
    return Answer(200, _token_json(db, issued, actor), _NO_STORE)


_MUST_PROVIDE = "You must provide the {} parameter when using the {} grant type"


class EndToken(Struct):
    expire_sessions: bool = False


@route.delete("/oauth2/token", right=PUBLIC, scope=False)
def end_token(params: Params[EndToken], actor: Actor, request: Request, db: Connection) -> dict[str, Any]:
    """End the token that this call is made with; ``forward_url`` is where the person's provider signs them out."""
    if actor.token_id is None:
        raise Refused("can't delete OAuth access token when not using an OAuth access token")
    delete_token(db, actor.token_id)
    if params.expire_sessions:
        sessions.end_all_of(db, actor.id)
    if actor.is_masquerading:
        # Whoever acts as somebody is not signed in there as them.
        return {}
    url = end_session_url_of(db, actor.id, f"{request.own_address}/login/canvas")
    return {"forward_url": url} if url else {}


def _client(db: Connection, params: TokenRequest, request: Request) -> Client:
    """The client, authenticated by its secret. A public client proves itself later, by the code's verifier."""
    client_id, secret = _basic(request) or (params.client_id, params.client_secret)
    client = clients.find_client(db, client_id)
    if client.is_public and not secret:
        return client
    clients.require_secret(client, secret, open_vault(db))
    return client


def _basic(request: Request) -> tuple[str, str] | None:
    header = request.header(b"authorization") or ""
    if not header.startswith("Basic "):
        return None
    try:
        name, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _token_json(db: Connection, issued: Issued, actor: Actor) -> TokenJson:
    people = people_with_ids(db, [id_ for id_ in (issued.user_id, issued.real_user_id) if id_ is not None])
    user = people[issued.user_id]
    json = TokenJson(
        issued.access_token,
        "Bearer",
        TokenUserJson(user.id, user.name, str(global_id(user.id)), user.locale or actor.root.settings.default_locale),
    )
    if issued.real_user_id is not None:
        real = people[issued.real_user_id]
        json.real_user = TokenUserJson(real.id, real.name, str(global_id(real.id)))
    if issued.refresh_token is not None:
        json.refresh_token = issued.refresh_token
    if issued.expires_in is not None:
        json.expires_in = issued.expires_in
    return json
