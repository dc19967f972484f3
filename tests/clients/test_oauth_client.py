"""Client libraries, unmodified and over a socket, get tokens through the real pages (identity.md §2, §5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey
from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session
from tests.support.live import LiveServer
from tests.support.outside import Outside, outside
from tests.support.person import Person

pytestmark = pytest.mark.spec("identity.md#2")


@pytest.fixture
def callback() -> Iterator[Outside]:
    """The application's own server, where the browser ends."""
    with outside() as server:
        server.documents["/callback"] = b"Welcome back"
        yield server


def make_key(live_server: LiveServer, callback: Outside, **fields: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
    url = f"{live_server.url}/api/v1/accounts/1/developer_keys"
    values = {"name": "Lab Notebook", "redirect_uris": f"{callback.url}/callback", **fields}
    key: dict[str, Any] = requests.post(url, json={"developer_key": values}, headers=headers, timeout=10).json()
    switch = {"developer_key_account_binding": {"workflow_state": "on"}}
    bound = requests.post(f"{url}/{key['id']}/developer_key_account_bindings", json=switch, headers=headers, timeout=10)
    assert bound.status_code == 200, bound.text
    return key


def application(
    live_server: LiveServer, callback: Outside, key: dict[str, Any], method: str = "client_secret_post", **more: Any
) -> OAuth2Session:
    secret = None if method == "none" else key["api_key"]
    return OAuth2Session(
        str(key["id"]),
        secret,
        redirect_uri=f"{callback.url}/callback",
        token_endpoint_auth_method=method,
        token_endpoint=f"{live_server.url}/login/oauth2/token",
        default_timeout=10,
        **more,
    )


def whoami(client: OAuth2Session, live_server: LiveServer) -> tuple[int, Any]:
    reply = client.request("GET", f"{live_server.url}/api/v1/users/self")
    return reply.status_code, reply.json()


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
@pytest.mark.spec("identity.md#5")
def test_authlib_gets_a_token_calls_refreshes_and_loses_it(
    live_server: LiveServer, callback: Outside, method: str
) -> None:
    client = application(live_server, callback, make_key(live_server, callback), method)
    link, state = client.create_authorization_url(f"{live_server.url}/login/oauth2/auth")
    arrived = Person("student").allow(link)
    assert callback.queries["/callback"]["state"] == state
    first = client.fetch_token(authorization_response=arrived)
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 3600)
    assert first["user"]["id"] == live_server.id("student")
    assert whoami(client, live_server)[1]["name"] == "Stella Student"

    second = client.refresh_token(refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] == first["refresh_token"]
    assert whoami(client, live_server)[0] == 200
    old = {"Authorization": f"Bearer {first['access_token']}"}
    assert requests.get(f"{live_server.url}/api/v1/users/self", headers=old, timeout=10).status_code == 401

    ended = requests.delete(
        f"{live_server.url}/api/v1/users/{live_server.id('student')}/sessions",
        headers={"Authorization": f"Bearer {live_server.token('admin')}"},
        timeout=10,
    )
    assert (ended.status_code, ended.text) == (200, '"ok"')
    assert whoami(client, live_server)[0] == 401


def test_authlib_proves_itself_by_pkce_without_a_secret(live_server: LiveServer, callback: Outside) -> None:
    key = make_key(live_server, callback, client_type="public")
    client = application(live_server, callback, key, "none", code_challenge_method="S256")
    verifier = generate_token(48)
    link, _ = client.create_authorization_url(f"{live_server.url}/login/oauth2/auth", code_verifier=verifier)
    arrived = Person("classmate").allow(link)
    wrong = application(live_server, callback, key, "none")
    with pytest.raises(AuthlibBaseError, match="incorrect code_verifier"):
        wrong.fetch_token(authorization_response=arrived, code_verifier=generate_token(48))
    token = client.fetch_token(authorization_response=arrived, code_verifier=verifier)
    assert whoami(client, live_server)[1]["id"] == live_server.id("classmate")
    assert client.refresh_token()["refresh_token"] != token["refresh_token"]
    assert whoami(client, live_server)[0] == 200


def test_requests_oauthlib_gets_a_token_and_refreshes_it(
    live_server: LiveServer, callback: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    key = make_key(live_server, callback)
    own = WebApplicationClient(str(key["id"]))
    client = RequestsOAuth2Session(client=own, redirect_uri=f"{callback.url}/callback", pkce="S256")
    link, _ = client.authorization_url(f"{live_server.url}/login/oauth2/auth")
    token_url = f"{live_server.url}/login/oauth2/token"
    arrived = Person("ta").allow(link)
    token = client.fetch_token(token_url, authorization_response=arrived, client_secret=key["api_key"], timeout=10)
    assert client.get(f"{live_server.url}/api/v1/users/self", timeout=10).json()["name"] == "Tariq Aide"
    credentials = {"client_id": str(key["id"]), "client_secret": key["api_key"]}
    again = client.refresh_token(token_url, refresh_token=token["refresh_token"], timeout=10, **credentials)
    assert again["access_token"] != token["access_token"]
    assert client.get(f"{live_server.url}/api/v1/users/self", timeout=10).status_code == 200


def test_who_says_no_is_brought_back_with_that_answer(live_server: LiveServer, callback: Outside) -> None:
    client = application(live_server, callback, make_key(live_server, callback))
    link, state = client.create_authorization_url(f"{live_server.url}/login/oauth2/auth")
    person = Person("student")
    question = person.sign_in(person.open(link))
    person.open(f"{live_server.url}/login/oauth2/deny")
    assert "Allow Lab Notebook?" in question.text
    assert callback.queries["/callback"] == {"error": "access_denied", "state": state}


def test_authlib_signs_an_assertion(live_server: LiveServer, callback: Outside) -> None:
    scope = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    own = RSAKey.generate_key(2_048)
    key = make_key(live_server, callback, public_jwk=own.as_dict(private=False), scopes=[scope])
    client = OAuth2Session(
        str(key["id"]), own.as_pem(private=True).decode(), token_endpoint_auth_method="private_key_jwt", scope=scope
    )
    token_url = f"{live_server.url}/login/oauth2/token"
    client.register_client_auth_method(PrivateKeyJWT(token_url))
    token = client.fetch_token(token_url, grant_type="client_credentials", timeout=10)
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, scope)
