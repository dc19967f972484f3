"""Servers on this machine that take a connection and then try our patience."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

Behaviour = Callable[[socket.socket, threading.Event], None]


@dataclass
class Listener:
    """``connections`` counts who came."""

    port: int
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def silence(_connection: socket.socket, done: threading.Event) -> None:
    """Never a word."""
    done.wait()


def dripping(beginning: bytes) -> Behaviour:
    """This, and then a byte now and then, without an end."""

    def drip(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(beginning)
        while not done.wait(0.05):
            connection.sendall(b"x")

    return drip


@contextmanager
def listening(behaviour: Behaviour = silence) -> Iterator[Listener]:
    """A listener on a free port that does this to everybody."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                behaviour(connection, done)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                listener.connections += 1
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            done.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
