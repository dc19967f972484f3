"""``client_credentials``: a client proves who it is by a JWT that its own key signed (identity.md §2)."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct
from sqlalchemy import Connection

from homeroom import clock
from homeroom.school.apps.oauth import assertions, clients
from homeroom.school.apps.oauth.assertions import Claims
from homeroom.school.apps.oauth.clients import Client
from homeroom.school.apps.oauth.errors import OAuthError
from homeroom.school.ground.vault import open_vault
from homeroom.school.rights.actor import Root
from homeroom.school.sign_in import attempts
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import Params
from homeroom.wire.serving.services import Services

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


# Failures from one network address in attempts.WINDOW: anybody can name a client whose keys we then fetch.
_TRIES_PER_ADDRESS = 100


class AssertionParams(Struct):
    grant_type: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""


class ServiceTokenJson(Struct):
    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Assertion:
    """A genuine assertion: who signed it and what it says."""

    client: Client
    claims: Claims


def check_assertion(params: Params[AssertionParams], request: Request, services: Services) -> Assertion | None:
    """The assertion, if the call has one. The client's keys may have to be fetched, so call this outside any
    transaction.
    """
    if params.grant_type != "client_credentials":
        return None
    if params.client_assertion_type != JWT_BEARER:
        raise OAuthError("invalid_request", f"client_assertion_type must be {JWT_BEARER}")
    subject = assertions.subject_of(params.client_assertion)
    with services.database.write() as db:
        admitted = attempts.count(db, _address_name(request), _TRIES_PER_ADDRESS)
    if not admitted:
        raise OAuthError("invalid_request", "too many assertions were refused; wait a quarter of an hour", status=429)
    with services.database.read() as db:
        client = clients.find_client(db, subject)
        now = clock.now()
    audiences = (f"{request.own_address}/login/oauth2/token",)
    claims = assertions.verify(params.client_assertion, services.remote, client, audiences, now)
    return Assertion(client, claims)


def _address_name(request: Request) -> str:
    return attempts.from_address("assertion", request.remote_ip)


def issue_service_token(
    db: Connection, assertion: Assertion | None, scopes: list[str], root: Root, request: Request
) -> ServiceTokenJson:
    """A token for the client itself, limited to these scopes. Raises OAuthError."""
    if assertion is None:
        raise OAuthError("invalid_request", "client_assertion is missing")
    client = assertion.client
    clients.require_switched_on(db, root, client)
    refused = sorted(set(scopes) - client.allowed_scopes)
    if refused or not scopes:
        raise OAuthError("invalid_scope", f"The scope is missing or not the client's: {' '.join(refused)}".rstrip(": "))
    assertions.use_once(db, client, assertion.claims)
    attempts.give_back(db, _address_name(request))
    vault = open_vault(db)
    token, seconds = assertions.sign_service_token(db, client, scopes, request.own_address, vault)
    return ServiceTokenJson(token, seconds, " ".join(scopes))
