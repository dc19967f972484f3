"""What a client can do wrong on a real socket: an answer, and the server lives on (basics.md §2.5)."""

from __future__ import annotations

import contextlib
import socket

import pytest
from tests.support.live import LiveServer

SELF = b"/api/v1/users/self"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
WRONGS = {
    "two hosts": (b"GET " + SELF + b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "no host": (b"GET " + SELF + b" HTTP/1.1\r\n\r\n", 400),
    "a trace": (b"TRACE " + SELF + b" HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "a length of letters": (b"PUT " + SELF + b" HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    "two lengths": (b"PUT " + SELF + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "a huge header": (b"GET " + SELF + b" HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", 431),
    "a path that is no text": (b"GET /api/v1/users/%FF HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "10 MB": (
        b"PUT " + SELF + b" HTTP/1.1\r\nHost: a\r\n" + FORM + b"Content-Length: 10000000\r\n\r\n" + b"a" * 10_000_000,
        413,
    ),
}


def first_line(server: LiveServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        with contextlib.suppress(OSError):  # It may answer, and close, before all was sent.
            client.sendall(request)
        return client.recv(4096).partition(b"\r\n")[0]


@pytest.mark.spec("basics.md#2.5")
@pytest.mark.parametrize("wrong", WRONGS)
def test_it_is_refused_and_the_next_request_is_answered(live_server: LiveServer, wrong: str) -> None:
    request, status = WRONGS[wrong]
    assert first_line(live_server, request).startswith(b"HTTP/1.1 %d " % status)
    well = b"GET http://a" + SELF + b" HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n"
    assert first_line(live_server, well % live_server.token().encode()) == b"HTTP/1.1 200 OK"
