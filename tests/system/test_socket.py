"""What only a socket shows: request lines, hosts, HEAD, escaped slashes, and two web processes as one."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from tests.support.live import LiveServer, serving


def raw(server: LiveServer, request: str) -> tuple[int, dict[str, str], bytes]:
    """Send exactly this; the status, the headers and the body of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode() + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines)}
    return int(line.split()[1]), headers, body


def auth(server: LiveServer, who: str = "admin") -> str:
    return f"Authorization: Bearer {server.token(who)}\n"


@pytest.mark.spec("basics.md#3")
def test_a_request_line_in_absolute_form(live_server: LiveServer) -> None:
    url = live_server.url
    status, _, body = raw(
        live_server, f"GET {url}/api/v1/users/self HTTP/1.1\nHost: {url[7:]}\n{auth(live_server, 'teacher')}"
    )
    assert (status, json.loads(body)["id"]) == (200, live_server.id("teacher"))
    status, headers, _ = raw(
        live_server, f"GET {url}/api/v1/accounts/1/users?per_page=2 HTTP/1.1\nHost: {url[7:]}\n{auth(live_server)}"
    )
    assert status == 200
    for link in headers["link"].split(","):
        assert link.startswith(f"<{url}/api/v1/accounts/1/users?")


@pytest.mark.spec("basics.md#3")
def test_links_start_with_the_host_that_the_client_used(live_server: LiveServer) -> None:
    _, headers, _ = raw(
        live_server, f"GET /api/v1/accounts/1/users?per_page=2 HTTP/1.1\nHost: school.test:8080\n{auth(live_server)}"
    )
    for link in headers["link"].split(","):
        assert link.startswith("<http://school.test:8080/api/v1/accounts/1/users?")


@pytest.mark.spec("homeroom.md#2")
def test_head_has_the_headers_of_get_and_no_body(live_server: LiveServer) -> None:
    request = f"/api/v1/users/self HTTP/1.1\nHost: x\n{auth(live_server)}"
    status, get, body = raw(live_server, f"GET {request}")
    head_status, head, nothing = raw(live_server, f"HEAD {request}")
    assert (head_status, nothing) == (status, b"") == (200, b"")
    assert head["content-length"] == get["content-length"] == str(len(body))
    assert head["content-type"] == get["content-type"]


@pytest.mark.spec("homeroom.md#2")
def test_an_escaped_slash_is_part_of_an_id(live_server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
    form = {"user[name]": "Slash", "pseudonym[unique_id]": "slash@school.test", "pseudonym[sis_user_id]": "a/b c"}
    made = requests.post(f"{live_server.url}/api/v1/accounts/1/users", form, headers=headers, timeout=10)
    assert made.status_code == 200, made.text
    for target in ("/api/v1/users/sis_user_id:a%2Fb%20c", "/api/v1/users/sis_user_id%3Aa%2fb%20c.json"):
        status, _, body = raw(live_server, f"GET {target} HTTP/1.1\nHost: x\n{auth(live_server)}")
        assert (status, json.loads(body)["id"]) == (200, made.json()["id"])
    status, _, _ = raw(live_server, f"GET /api/v1/users/sis_user_id:a/b%20c HTTP/1.1\nHost: x\n{auth(live_server)}")
    assert status == 404


def test_what_is_no_request_is_refused_and_the_server_lives_on(live_server: LiveServer) -> None:
    for request in (
        f"GET /api/v1/users/%FF HTTP/1.1\nHost: x\n{auth(live_server)}",
        f"GET /api/v1/users/%00 HTTP/1.1\nHost: x\n{auth(live_server)}",
        f"POST /api/v1/users/self HTTP/1.1\nHost: x\nContent-Length: 99999999\n{auth(live_server)}",
        "BREW /api/v1/users/self HTTP/1.1\nHost: x\n",
        "nonsense\n",
    ):
        status, _, _ = raw(live_server, request)
        assert 400 <= status < 500
    assert requests.get(f"{live_server.url}/homeroom/v1/health", timeout=10).status_code == 200


def test_two_web_processes_are_one_server(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        headers = {"Authorization": f"Bearer {server.first_token}"}

        def create_and_find(number: int) -> bool:
            form = {"user[name]": f"N {number}", "pseudonym[unique_id]": f"n{number}@school.test"}
            # Each call takes a connection of its own, so that either process may get it.
            made = requests.post(f"{server.url}/api/v1/accounts/1/users", form, headers=headers, timeout=20)
            url = f"{server.url}/api/v1/users/{made.json()['id']}"
            return bool(requests.get(url, headers=headers, timeout=20).json()["name"] == f"N {number}")

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(create_and_find, range(60)))

        def create_the_same(_: int) -> int:
            form = {"user[name]": "Same", "pseudonym[unique_id]": "same@school.test"}
            return requests.post(f"{server.url}/api/v1/accounts/1/users", form, headers=headers, timeout=20).status_code

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(create_the_same, range(8))) == [200] + [400] * 7
