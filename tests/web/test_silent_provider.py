"""Attacks with a provider, or a client's keys, on a server that never answers (homeroom.md §3)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Thread

import pytest
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.client import Client, Reply
from tests.support.silent import Listener, listening

from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import Limits, SafeFetch

pytestmark = pytest.mark.spec("homeroom.md#3")
PROVIDERS = "/api/v1/accounts/1/authentication_providers"
CALLS = 16


@pytest.fixture
def school(school: School) -> School:
    """Whose calls to other servers may take three seconds."""
    school.server.services.remote = Remote(SafeFetch("127.0.0.1", limits=Limits(1.0, 3.0)))
    return school


@pytest.fixture
def silent() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def add_provider(school: School, **fields: str) -> None:
    values = {"auth_type": "openid_connect", "client_id": "x", **fields}
    assert school.as_("admin").post(PROVIDERS, json=values).status == 200


def test_attack_a_silent_provider_stops_nobody_else(school: School, silent: Listener) -> None:
    add_provider(school, discovery_url=f"{silent.url}/.well-known/openid-configuration")
    anonymous = school.as_("anonymous")
    calls = [lambda client: client.get("/login/openid_connect")] * CALLS
    asking = Thread(target=anonymous.at_once, args=calls)
    asking.start()
    while not silent.connections:
        time.sleep(0.01)
    began = time.monotonic()
    assert school.as_("student").get("/api/v1/users/self").status == 200
    assert sign_in(Browser(school), "student").status == 302
    assert school.as_("admin").put("/api/v1/users/self", {"user": {"short_name": "Ada"}}).status == 200
    assert time.monotonic() - began < 1.5
    asking.join()
    # Of all who asked, one was sent there; and who asks now is answered at once.
    assert silent.connections == 1
    began = time.monotonic()
    reply = anonymous.get("/login/openid_connect")
    assert (reply.status, "does not answer" in reply.text) == (502, True)
    assert time.monotonic() - began < 0.5


def test_attack_so_many_wait_for_silent_servers_that_the_rest_is_refused(
    school: School, silent: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homeroom.wire.serving.server._OUTSIDE_QUEUE", 2)
    monkeypatch.setattr("homeroom.wire.serving.server._OUTSIDE_THREADS", 1)
    add_provider(school, discovery_url=f"{silent.url}/doc")

    def begin(client: Client) -> Reply:
        return client.get("/login/openid_connect")

    replies = school.as_("anonymous").at_once(*[begin] * 8)
    assert sorted(reply.status for reply in replies) == [502] * 3 + [503] * 5


def test_attack_a_provider_on_an_inner_network(school: School, silent: Listener) -> None:
    school.server.services.remote = Remote(SafeFetch())
    add_provider(school, discovery_url=f"{silent.url}/doc")
    assert school.as_("anonymous").get("/login/openid_connect").status == 502
    assert silent.connections == 0
