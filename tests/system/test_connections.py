"""Connections on which nothing comes must not keep others out (docs/operations.md, "Connections")."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest
from tests.support.live import LiveServer, serving

from homeroom.cli import connections

HALF_OPEN = 1_500
BROKEN = {
    "no number": b"zz\r\n{}",
    "no end": b"2\r\n{}XX0\r\n\r\n",
    "a huge number": b"ffffffffffffffffff\r\n{}",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("data"), settings={"HOMEROOM_IDLE_TIMEOUT": "3"}) as server:
        yield server


@pytest.fixture
def many_files() -> Iterator[None]:
    resource = pytest.importorskip("resource")
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * HALF_OPEN + 500
    if soft < needed:
        if hard < needed:
            pytest.skip(f"This machine lets a process open {hard} files, and {needed} are needed.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def health(server: LiveServer) -> tuple[int, float]:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", "/homeroom/v1/health")
        return connection.getresponse().status, time.monotonic() - began
    finally:
        connection.close()


@pytest.mark.usefixtures("many_files")
def test_attack_half_open_connections_leave_others_served(server: LiveServer) -> None:
    beginnings = (
        b"",
        b"GET /api/v1/users/self HTTP/1.1\r\nHost: a\r\nX",
        b"PUT /api/v1/users/self HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
    )
    with contextlib.ExitStack() as opened:
        silent: list[socket.socket] = []
        for number in range(HALF_OPEN):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            connection.sendall(beginnings[number % 3])
            silent.append(connection)
        for _ in range(3):
            status, seconds = health(server)
            assert (status, seconds < 5) == (200, True)
        # Those that sent no whole head are closed; a body has longer (`wire/http/transfer.py`).
        deadline = time.monotonic() + 20
        for connection in (silent[0], silent[1], silent[-3], silent[-2]):
            connection.settimeout(max(0.1, deadline - time.monotonic()))
            assert connection.recv(100) == b""


@pytest.mark.spec("basics.md#2.5")
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_chunks_are_refused_in_our_words_and_logged(server: LiveServer, kind: str) -> None:
    head = (
        f"PUT /api/v1/users/self HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.first_token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + BROKEN[kind])
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    headers, _, body = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["errors"][0]["message"] == "The request body broke off."
    id = next(line.split(b": ")[1] for line in headers.split(b"\r\n") if line.startswith(b"x-request-context-id"))
    deadline = time.monotonic() + 5
    while not any(id.decode() in line for line in server.errors):
        assert time.monotonic() < deadline, server.errors
        time.sleep(0.05)


@pytest.mark.parametrize(("files", "most"), [(1_024, 768), (256, 128), (1_000_000, 16_384)])
def test_connections_fit_into_the_files_that_a_process_may_open(files: int, most: int) -> None:
    assert connections.connections_of(files) == most


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections.MOST_CONNECTIONS + connections.OTHER_FILES
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        raised = connections.raise_file_limit()
        assert raised == min(wanted, before[1])
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raised, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
