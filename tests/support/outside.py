"""Another server on this machine, which Homeroom calls: documents, redirects, and answers that break off."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Outside:
    """``documents``: path -> JSON, bytes, or a function of the form; ``asked`` are the paths that were called."""

    url: str = ""
    documents: dict[str, Any] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    # The queries that came to an address, for what a browser brings.
    queries: dict[str, dict[str, str]] = field(default_factory=dict)


@contextmanager
def outside() -> Iterator[Outside]:
    """The server, on a free port."""
    state = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, state, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
            _answer(self, state, dict(parse_qsl(body)))

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield state
        finally:
            server.shutdown()
            thread.join(5)


def _answer(handler: BaseHTTPRequestHandler, state: Outside, form: dict[str, str]) -> None:
    parts = urlsplit(handler.path)
    state.asked.append(parts.path)
    state.queries[parts.path] = dict(parse_qsl(parts.query))
    if parts.path in state.redirects:
        handler.send_response(302)
        handler.send_header("Location", state.redirects[parts.path])
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    found = state.documents.get(parts.path)
    if callable(found):
        found = found(form, handler.headers)
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    handler.send_response(404 if found is None else 200)
    handler.send_header("Content-Type", "text/html" if isinstance(found, bytes) else "application/json")
    handler.send_header("Content-Length", str(len(body) + (100 if parts.path in state.broken else 0)))
    handler.end_headers()
    handler.wfile.write(body)
