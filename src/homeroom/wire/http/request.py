"""A request as our routes need it, cut from the ASGI scope once."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from homeroom.networks import is_in
from homeroom.school.ground.errors import SchoolError
from homeroom.school.sign_in.sessions import Session
from homeroom.settings import Settings
from homeroom.wire.http.proxies import client_behind
from homeroom.wire.params.parsing import BadParameters

STRING_IDS = b"application/json+canvas-string-ids"

_THIS_MACHINE = frozenset(("localhost", "127.0.0.1", "[::1]"))
_EVERYWHERE = frozenset(("0.0.0.0", "::"))  # noqa: S104 (compared with, not bound to)
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_NO_PARTS: list[str] = []
_HOST = re.compile(rb"[A-Za-z0-9._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
# What may be sent in several headers of one name; of the others a second one is a mistake or an attack.
_ONCE = frozenset((b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding"))


# More than any browser, client and chain of proxies sends, and less than the HTTP server takes (basics.md §2.5).
MOST_HEADERS = 80
HEADER_BYTES = 32 * 1024


class HeadersTooLarge(SchoolError):
    """There are too many headers, or too many bytes in them."""


class BadRequest(BadParameters):
    """The request itself cannot be read: its path or its headers. ``message`` is a sentence for the client."""


class Request:
    """One HTTP request. ``segments``: the decoded parts of the path; ``%2F`` stays in its part (basics.md §4)."""

    __slots__ = (
        "_cookies",
        "_sent_headers",
        "_server",
        "body",
        "headers",
        "http_version",
        "id",
        "method",
        "path",
        "query",
        "remote_ip",
        "scheme",
        "segments",
        "session",
        "settings",
    )

    def __init__(self, scope: dict[str, Any], settings: Settings) -> None:
        self.settings = settings
        self.id = _new_id()
        self.method: str = scope["method"]
        self._sent_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self._sent_headers)
        raw = scope.get("raw_path") or scope["path"].encode()
        self.path: bytes = path_of(raw)
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope["scheme"]
        self.http_version: str = scope.get("http_version", "1.1")
        client = scope.get("client")
        self.remote_ip: str = client[0] if client else ""
        self._server: tuple[str, int | str] | None = scope.get("server")
        self.segments = _NO_PARTS
        self.body = b""
        self._cookies: dict[str, str] | None = None
        # The browser's session once it was looked for, so that the page for an error still knows whose it is.
        self.session: Session | None = None

    def check(self) -> None:
        """Read what a client can get wrong: too many headers, or twice the same one, the host, the path.

        Raises BadRequest and HeadersTooLarge.
        """
        sent = self._sent_headers
        if len(sent) > MOST_HEADERS or len(b"".join(chain.from_iterable(sent))) > HEADER_BYTES:
            # Nothing of what cannot be trusted is looked at again, not even for the page that says so.
            self.headers = {}
            raise HeadersTooLarge
        if len(self.headers) != len(sent):
            self.headers = _joined(sent)
        if (host := self.headers.get(b"host")) is not None and not _is_host(host):
            raise BadRequest("The Host header is not a host.")
        if self.settings.trusted_proxies:
            self._ask_proxies(self.settings.trusted_proxies)
        self.segments = split_path(self.path)

    def _ask_proxies(self, trusted: str) -> None:
        """Take the caller's address and scheme from a proxy of ours."""
        if self.header(b"x-forwarded-proto") == "https" and is_in(self.remote_ip, trusted):
            self.scheme = "https"
        self.remote_ip = client_behind(self.remote_ip, self.header(b"x-forwarded-for"), trusted)

    @property
    def wants_string_ids(self) -> bool:
        accept = self.headers.get(b"accept")
        return accept is not None and STRING_IDS in accept

    def header(self, name: bytes) -> str | None:
        """A header's value by its lower-case name."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def content_type(self) -> str | None:
        return self.header(b"content-type")

    @property
    def host(self) -> str:
        return self.header(b"host") or "localhost"

    @property
    def base_url(self) -> str:
        """``scheme://host[:port]`` as the client used it; clients compare links with it (basics.md §3)."""
        public = self.settings.public_url
        if public and public.split("://", 1)[-1].rstrip("/") == self.host:
            # Behind a proxy that ends TLS the scheme seen here is http.
            return public.rstrip("/")
        return f"{self.scheme}://{self.host}"

    @property
    def url(self) -> str:
        """The address that was called, without its query; safe in a header."""
        return self.base_url + quote(self.path, safe=_PATH_SAFE)

    @property
    def own_address(self) -> str:
        """HOMEROOM_PUBLIC_URL, as this server is called in what others keep or check; without it ``base_url``.

        For the ``iss`` and ``aud`` of tokens, and addresses that an identity provider sends a browser back to.
        """
        public = self.settings.public_url
        return public.rstrip("/") if public else self.base_url

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach this server by https, as far as it knows."""
        return self.scheme == "https" or (self.settings.public_url or "").startswith("https:")

    @property
    def address_for_mail(self) -> str:
        """Where links in mails lead: HOMEROOM_PUBLIC_URL.

        Without it, never to a host or port that the client made up: whoever asks for somebody's new password must not
        have the link lead to a server of theirs. Then it is this machine, or the address that the server listens at.
        """
        if self.settings.public_url or self._server is None:
            return self.own_address
        name, port = self._server
        listens_at = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        # Another port of this machine may be a server of somebody else's.
        if self.host == listens_at or self.host in {f"{host}:{port}" for host in _THIS_MACHINE}:
            return self.base_url
        return f"{self.scheme}://127.0.0.1:{port}" if name in _EVERYWHERE else f"{self.scheme}://{listens_at}"

    def cookie(self, name: str) -> str | None:
        """A cookie's value as it was sent; of two with one name the first, which belongs to the longer path."""
        if self._cookies is None:
            self._cookies = read_cookies(self.headers.get(b"cookie", b""))
        return self._cookies.get(name)


def read_cookies(header: bytes) -> dict[str, str]:
    """The cookies of a header, in time by its length. Ours are never quoted or escaped, so nothing is undone."""
    found: dict[str, str] = {}
    for pair in header.decode("latin-1").split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            found.setdefault(name.strip(), value.strip())
    return found


def path_of(raw: bytes) -> bytes:
    """The path of a request target, which some clients send in absolute form (``GET http://host/path``)."""
    target = raw.partition(b"?")[0]
    if target.startswith((b"http://", b"https://")):
        return b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    return target


def split_path(path: bytes) -> list[str]:
    """Decode each part on its own, so that an escaped slash is part of an id; empty parts count for nothing.

    Raises BadRequest.
    """
    try:
        parts = [part.decode() if b"%" not in part else _unescaped(part) for part in path.split(b"/") if part]
    except UnicodeDecodeError:
        raise BadRequest("The path is not valid UTF-8.") from None
    if b"\x00" in path or (b"%00" in path and any("\x00" in part for part in parts)):
        raise BadRequest("The path contains a NUL character.")
    return parts


def _unescaped(part: bytes) -> str:
    return unquote_to_bytes(part).decode()


def _new_id() -> str:
    """A random UUID (version 4); ``uuid.uuid4`` takes three times as long."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    return _HOST.fullmatch(host) is not None


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers of which some came more than once, as one value each. Raises BadRequest for what may not."""
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in joined:
            joined[name] = value
        elif name in _ONCE:
            raise BadRequest(f"The header {name.decode('latin-1')} was sent twice.")
        else:
            joined[name] += (b"; " if name == b"cookie" else b", ") + value
    return joined
