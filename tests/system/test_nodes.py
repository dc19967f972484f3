"""Several nodes over one database keep no state of their own: any of them may get any request."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from tests.support.cast import PASSWORD
from tests.support.live import LiveServer, serving
from tests.support.person import Person

TOKEN = "the-same-token-for-every-node"
NADIA = {"user": {"name": "Nadia"}, "pseudonym": {"unique_id": "nadia@school.test", "password": PASSWORD}}


@pytest.fixture
def nodes(empty_url: str, tmp_path: Path) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two nodes, started at the same time over a database with nothing in it; each has a folder of its own."""
    settings = {"HOMEROOM_DEV": "1", "HOMEROOM_ADMIN_TOKEN": TOKEN}

    def start(name: str) -> LiveServer:
        return stack.enter_context(serving(tmp_path / name, "--database", empty_url, settings=settings))

    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        one, other = pool.map(start, ("one", "other"))
        yield one, other


def call(node: LiveServer, method: str, path: str, body: object = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return requests.request(method, node.url + path, json=body, headers=headers, timeout=10)


def test_what_one_node_was_told_every_node_knows(nodes: tuple[LiveServer, LiveServer]) -> None:
    one, other = nodes
    user = call(one, "POST", "/api/v1/accounts/1/users", NADIA).json()
    assert call(other, "GET", f"/api/v1/users/{user['id']}").json()["name"] == "Nadia"
    # A right that is taken away on one node is gone on the other with the next request.
    token = call(one, "POST", "/api/v1/users/self/tokens", {"token": {"purpose": "both"}}).json()
    bearer = {"Authorization": f"Bearer {token['visible_token']}"}
    assert requests.get(f"{other.url}/api/v1/users/self", headers=bearer, timeout=10).status_code == 200
    assert call(other, "DELETE", f"/api/v1/users/self/tokens/{token['id']}").status_code == 200
    assert requests.get(f"{one.url}/api/v1/users/self", headers=bearer, timeout=10).status_code == 401
    # The clock is the school's, not the node's.
    assert call(one, "PUT", "/homeroom/v1/clock", {"now": "2031-05-06T07:08:09Z", "frozen": True}).status_code == 200
    assert call(other, "GET", "/homeroom/v1/clock").json()["now"] == "2031-05-06T07:08:09Z"


def test_a_session_and_a_sealed_secret_are_good_on_every_node(nodes: tuple[LiveServer, LiveServer]) -> None:
    one, other = nodes
    call(one, "POST", "/api/v1/accounts/1/users", NADIA)
    key = call(one, "POST", "/api/v1/accounts/1/developer_keys", {"developer_key": {"name": "App"}}).json()
    found = call(other, "GET", "/api/v1/accounts/1/developer_keys").json()
    assert key["api_key"] in [other_key["api_key"] for other_key in found]
    nadia = Person("nadia")
    assert nadia.sign_in(nadia.open(f"{one.url}/login")).status_code == 200
    # As a load balancer does it: a browser tells hosts apart, and not their ports.
    mine = nadia.open(f"{other.url}/api/v1/users/self")
    assert (mine.status_code, mine.json()["name"]) == (200, "Nadia")
