"""Reads a request's body and sends an answer's bytes."""

from __future__ import annotations

import asyncio
from typing import Any

from homeroom.school.ground.errors import SchoolError
from homeroom.wire.http.answers import JSON, Answer
from homeroom.wire.http.request import Request
from homeroom.wire.params.parsing import BadParameters

# A body may take this many seconds, and one more for as many bytes as came: a slow telephone gets through, and who only
# wants to hold a connection open does not.
PATIENCE = 20.0
LEAST_RATE = 2_000
_JSON = JSON.encode()
_NOSNIFF = (b"x-content-type-options", b"nosniff")


class BodyTooLarge(SchoolError):
    """The body is larger than the route allows; ``limit`` in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class BodyTooSlow(SchoolError):
    """The body did not come in time."""


class BodyBroken(BadParameters):
    """The body ended before it was whole: broken chunks, or a client that hung up. The HTTP server does not say which,
    so it is answered, for whom it may concern."""


def announces_body(request: Request) -> bool:
    """Whether a body may follow. HTTP/1 says so beforehand; asking the server costs more than looking here."""
    headers = request.headers
    return b"content-length" in headers or b"transfer-encoding" in headers or request.http_version.startswith("2")


async def read_body(request: Request, receive: Any, limit: int) -> bytes:
    """The whole body.

    Raises BodyTooLarge as soon as it is known, without keeping what came; BodyTooSlow; BodyBroken.
    """
    declared = request.header(b"content-length")
    if declared is not None and declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
        raise BodyTooLarge(limit)
    parts: list[bytes] = []
    size = 0
    began = asyncio.get_running_loop().time()
    while True:
        try:
            async with asyncio.timeout_at(began + PATIENCE + size / LEAST_RATE):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if message["type"] == "http.disconnect":
            raise BodyBroken("The request body broke off.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(send: Any, answer: Answer, extra: list[tuple[bytes, bytes]], head: bool) -> None:
    """The answer with these headers besides its own; for HEAD without its body."""
    headers = [_NOSNIFF]
    if answer.status not in (204, 304):
        kind = _JSON if answer.content_type is JSON else answer.content_type.encode("latin-1")
        headers.append((b"content-type", kind))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if answer.headers:
        headers += [(name.lower().encode("latin-1"), _line(value)) for name, value in answer.headers]
    headers += extra
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


def _line(value: str) -> bytes:
    """A header's value on one line, whatever text a route put into it."""
    text = value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)
    return text.encode("latin-1", "replace")
