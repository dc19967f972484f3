"""Where the server listens: found, and known to be free, before anything is started."""

from __future__ import annotations

import errno
import socket
from typing import NamedTuple

from homeroom.cli.errors import Problem


class Address(NamedTuple):
    """``ip`` and ``port`` to listen at; ``host`` as the person wrote it."""

    host: str
    ip: str
    port: int

    @property
    def url(self) -> str:
        """What a person opens, and what the probe asks."""
        return f"http://{bracketed(self.host)}:{self.port}"

    @property
    def probe(self) -> tuple[str, int]:
        """Where to connect to: "every address" is not one that can be called."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip), self.port  # noqa: S104


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def free_address(host: str, port: int) -> Address:
    """The address to listen at; a free port for 0. Raises Problem when it cannot be had."""
    host = host.strip("[]")
    family, ip = _resolve(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # A port whose last connections still wind down is free; one that somebody listens at is not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ip, port))
            listener.listen(1)
        except OSError as error:
            raise Problem(_sentence(error, host, port)) from None
        return Address(host, ip, listener.getsockname()[1])


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise Problem(f"There is no address for the host {host!r}.") from None
    # "localhost" means both; what people and their programs then call is 127.0.0.1.
    found.sort(key=lambda info: info[0] != socket.AF_INET)
    return found[0][0], str(found[0][4][0])


def _sentence(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            other = "choose another with --port (make run PORT=...), or 0 for any free one"
            return f"Port {port} on {host} is taken; {other}."
        case errno.EACCES:
            return f"This user may not listen at port {port}; choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
    return f"Homeroom cannot listen at {bracketed(host)}:{port}: {error.strerror}."
