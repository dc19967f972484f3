"""Calls to other servers whose addresses somebody typed in: only to public ones, and never for long.

A name is resolved once and the connection goes to the address that was checked, so a name that changes its mind leads
nowhere else. Only https; no redirects. Networks that the operator names may be called although they are not public, and
there without TLS too. Network work: never inside a transaction.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_network
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from homeroom.networks import is_in, read_address

_MOST_ADDRESSES = 4
_RESOLVERS = 4
# IPv4 addresses in the clothes of a translator (RFC 6052): behind it may be any network.
_TRANSLATED = ip_network("64:ff9b::/96")
_PART = 65_536


class Unreachable(Exception):
    """The other server did not answer as it should; the text says what was wrong."""


class Forbidden(Unreachable):
    """An address that Homeroom does not call."""


class TimedOut(Unreachable):
    """The other server took too long, or its name did."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``connect`` for the name and the connection, ``whole`` for all of the call, in seconds; ``largest`` in bytes."""

    connect: float = 3.0
    whole: float = 8.0
    largest: int = 256 * 1024


class _Target(NamedTuple):
    is_https: bool
    host: str
    port: int
    path: str


class Answer:
    """What came back; the body is read while the call lasts."""

    def __init__(self, response: HTTPResponse, largest: int) -> None:
        self._response = response
        self._largest = largest
        self.status = response.status
        self.headers = dict(response.headers.items())

    def parts(self) -> Iterator[bytes]:
        """The body, some at a time. Raises Unreachable where it is too large, too slow or breaks off."""
        size = 0
        while True:
            with _as_unreachable():
                part = self._response.read(_PART)
            if not part:
                if self._response.length:
                    raise Unreachable("its answer broke off")
                return
            size += len(part)
            if size > self._largest:
                raise Unreachable("its answer is too large")
            yield part

    def read(self) -> bytes:
        return b"".join(self.parts())


class SafeFetch:
    """``networks`` may be called although they are not public: ``10.0.0.0/8, 127.0.0.1``.

    ``limits`` are those of calls that bring none.
    """

    def __init__(self, networks: str = "", tls: ssl.SSLContext | None = None, limits: Limits | None = None) -> None:
        self._networks = networks
        self._limits = limits or Limits()
        self._tls = tls or ssl.create_default_context()
        # Who asks a silent name server cannot be stopped, only left behind; there are never more than these.
        self._resolvers = BoundedSemaphore(_RESOLVERS)

    @contextmanager
    def call(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Iterator[Answer]:
        """The answer of the server at this address, of any status but a redirect. Raises Unreachable."""
        limits = limits or self._limits
        target = _read_target(url)
        ends = time.monotonic() + limits.whole
        with _as_unreachable():
            line = _Line(self._connect(target, min(ends, time.monotonic() + limits.connect)), ends)
        try:
            with _as_unreachable():
                if target.is_https:
                    line.secure(self._tls, target.host)
                response = _send(line, target, method, body, headers or {})
            if 300 <= response.status < 400:
                raise Unreachable("it sends us somewhere else, and redirects are not followed")
            yield Answer(response, limits.largest)
        finally:
            line.hang_up()

    def _connect(self, target: _Target, ends: float) -> socket.socket:
        """A connection to the first allowed address that answers."""
        addresses = [each for each in self._resolve(target, ends) if self._allows(each, target)]
        if not addresses:
            raise Forbidden("its address is not one that Homeroom calls")
        problem: OSError = TimeoutError()
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, target.port), _left(ends))
            except OSError as error:
                problem = error
        raise problem

    def _allows(self, address: str, target: _Target) -> bool:
        return is_in(address, self._networks) or (target.is_https and is_public(address))

    def _resolve(self, target: _Target, ends: float) -> list[str]:
        if read_address(target.host) is not None:
            return [target.host]
        if not self._resolvers.acquire(timeout=_left(ends)):
            raise TimedOut("its name cannot be looked up")
        found: SimpleQueue[list[Any] | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                found.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                found.put(error)
            finally:
                self._resolvers.release()

        Thread(target=ask, name="resolve", daemon=True).start()
        try:
            answer = found.get(timeout=_left(ends))
        except Empty:
            raise TimedOut("its name cannot be looked up") from None
        if isinstance(answer, Exception):
            raise Unreachable("its name is not known")
        return [str(each[4][0]) for each in answer]


def is_public(text: str) -> bool:
    """Whether the address is one of the public internet: not a loopback, private, link-local or reserved one."""
    address = read_address(text)
    if address is None or not address.is_global or address.is_multicast:
        return False
    return all(is_public(str(inner)) for inner in _inside(address))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return []
    inner = [address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED:
        inner.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in inner if each is not None]


def _read_target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Forbidden("it has no web address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Forbidden("it has no web address")
    is_https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(is_https, parts.hostname, port if port is not None else 443 if is_https else 80, path)


class _Line:
    """A connection all of whose waits end at one time: a server that sends a byte now and then holds nobody up.

    It stands where ``http.client`` has a socket.
    """

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._socket = connection
        self._ends = ends

    def secure(self, tls: ssl.SSLContext, host: str) -> None:
        self._socket.settimeout(_left(self._ends))
        self._socket = tls.wrap_socket(self._socket, server_hostname=host)

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(_left(self._ends))
        self._socket.sendall(data)

    def receive_into(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self._ends))
        return self._socket.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """The answer is read from it yet; see ``hang_up``."""

    def hang_up(self) -> None:
        self._socket.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.receive_into(buffer)


def _send(line: _Line, target: _Target, method: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
    connection = HTTPConnection(target.host, target.port)
    # So that the Host header names a port only where it is an unusual one.
    connection.default_port = 443 if target.is_https else 80
    connection.sock = line
    connection.request(method, target.path, body, {"User-Agent": "Homeroom", "Connection": "close", **headers})
    return connection.getresponse()


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimedOut("it took too long")
    return left


@contextmanager
def _as_unreachable() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise TimedOut("it took too long") from None
    except (OSError, ValueError, HTTPException) as error:
        raise Unreachable(str(error) or type(error).__name__) from None
