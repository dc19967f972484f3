"""The statements that Homeroom runs for a request, so that the hand-written limit runs the same SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from homeroom.app import make_server
from homeroom.settings import Settings

Statement = tuple[str, list[Any]]
_FORM_HEADERS = ((b"content-type", b"application/x-www-form-urlencoded"),)


@dataclass
class Recorded:
    statements: list[Statement] = field(default_factory=list)
    answer: bytes = b""
    status: int = 0


def record(settings: Settings, method: str, url: str, token: str, body: bytes = b"") -> Recorded:
    """Call the application once; its statements with their parameters, and its answer."""
    server = make_server(settings)
    recorded = Recorded()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        for one in parameters if many else [parameters]:
            recorded.statements.append((statement, [_plain(value) for value in one]))

    event.listen(server.services.database.engine, "before_cursor_execute", note)
    path, _, query = url.partition("?")
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    headers += [*(_FORM_HEADERS if body else ()), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        recorded.status = message.get("status", recorded.status)
        recorded.answer += message.get("body", b"")

    asyncio.run(server(scope, receive, send))
    assert recorded.status == 200, recorded
    server.close()
    server.services.database.close()
    return recorded


def _plain(value: Any) -> Any:
    # A digest travels through a JSON file as hexadecimal.
    return {"hex": bytes(value).hex()} if isinstance(value, bytes | memoryview) else value


def ready(statements: Sequence[Any]) -> list[Statement]:
    """What ``record`` made, back from JSON."""
    return [
        (sql, [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in values])
        for sql, values in statements
    ]
