"""Calls the application in this process: the whole way of a request but for the socket."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from homeroom.wire.serving.server import Server

HOST = "school.test"
_SKIP = object()


@dataclass(frozen=True)
class Reply:
    """An answer. ``headers`` have lower-case names; ``json`` parses the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    set_cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json_module.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def links(self) -> dict[str, str]:
        """The Link header, rel -> URL."""
        parts = [part for part in self.headers.get("link", "").split(",<") if part]
        pairs = (part.lstrip("<").split('>; rel="') for part in parts)
        return {rel.rstrip('"'): url for url, rel in pairs}


class Client:
    """Somebody who calls. ``headers`` go with every call; cookies are kept like a browser keeps them."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, headers: dict[str, str]) -> None:
        self.server = server
        self.loop = loop
        self.headers = headers
        self.cookies: dict[str, str] = {}

    def get(self, url: str, form: Any = None, **options: Any) -> Reply:
        return self.call("GET", url, form, **options)

    def post(self, url: str, form: Any = None, **options: Any) -> Reply:
        return self.call("POST", url, form, **options)

    def put(self, url: str, form: Any = None, **options: Any) -> Reply:
        return self.call("PUT", url, form, **options)

    def delete(self, url: str, form: Any = None, **options: Any) -> Reply:
        return self.call("DELETE", url, form, **options)

    def at_once(self, *calls: Callable[[Client], Reply]) -> list[Reply]:
        """The answers to these calls, which are made at the same time."""
        start = Barrier(len(calls))

        def make(call: Callable[[Client], Reply]) -> Reply:
            loop = asyncio.new_event_loop()
            try:
                start.wait()
                return call(Client(self.server, loop, self.headers))
            finally:
                loop.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(make, calls))

    def call(
        self,
        method: str,
        url: str,
        form: dict[str, Any] | None = None,
        *,
        json: Any = _SKIP,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """``form`` is sent urlencoded, nested by brackets; ``json`` as JSON; a full URL's host is dropped."""
        sent = {"host": HOST, **self.headers, **{name.lower(): value for name, value in (headers or {}).items()}}
        if form is not None:
            body = urlencode(list(bracketed(form))).encode()
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        elif json is not _SKIP:
            body = json_module.dumps(json).encode()
            sent.setdefault("content-type", "application/json")
        if body:
            sent.setdefault("content-length", str(len(body)))
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "method": method,
            "scheme": parts.scheme or "http",
            "path": parts.path,
            "raw_path": quote(parts.path, safe="/%:@!$&'()*+,;=~").encode(),
            "query_string": quote(parts.query, safe="=&%[]+,;:/?@!$'()*~").encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000),
        }
        reply = self.loop.run_until_complete(_exchange(self.server, scope, body))
        for cookie in reply.set_cookies:
            name, _, value = cookie.split(";", 1)[0].partition("=")
            if "max-age=0" in cookie.lower() or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return reply

    def send(
        self,
        method: str,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]] = (),
        body: Sequence[bytes] = (),
        *,
        hangs_up: bool = False,
        **scope: Any,
    ) -> Reply | None:
        """Exactly these bytes, ``body`` in parts; None when nothing was answered."""
        path, _, query = target.partition(b"?")
        whole = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        if not any(name == b"host" for name, _ in headers):
            whole.append((b"host", HOST.encode()))
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in body]
        messages.append({"type": "http.disconnect"} if hangs_up else {"type": "http.request", "body": b""})
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": "", "raw_path": path,
            "query_string": query, "headers": [*whole, *headers], "client": ("127.0.0.1", 50000), **scope,
        }  # fmt: skip
        return self.loop.run_until_complete(_converse(self.server, scope, messages))

    def pages(self, url: str, most: int = 200) -> list[Any]:
        """Every item of a list, following ``next``."""
        items: list[Any] = []
        for _ in range(most):
            reply = self.get(url)
            assert reply.status == 200, reply.text
            items += reply.json
            if "next" not in reply.links:
                return items
            url = reply.links["next"]
        raise AssertionError("The list has no end.")


def bracketed(value: Any, name: str = "") -> Any:
    """``{"user": {"name": "x"}}`` -> pairs like ``user[name]=x``."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from bracketed(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from bracketed(item, f"{name}[]")
    else:
        yield name, ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


async def _exchange(server: Server, scope: dict[str, Any], body: bytes) -> Reply:
    reply = await _converse(server, scope, [{"type": "http.request", "body": body, "more_body": False}])
    assert reply is not None
    return reply


async def _converse(server: Server, scope: dict[str, Any], messages: list[dict[str, Any]]) -> Reply | None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await server(scope, receive, send)
    if not sent:
        return None
    headers = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    cookies = tuple(value for name, value in headers if name == "set-cookie")
    return Reply(sent[0]["status"], dict(headers), b"".join(m.get("body", b"") for m in sent[1:]), cookies)
