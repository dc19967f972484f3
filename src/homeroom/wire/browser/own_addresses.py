"""Checks whether an address leads to this server: where a person may be sent after signing in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from homeroom.wire.http.request import BadRequest, Request, split_path
from homeroom.wire.routing.router import Match, Router

_LIMIT = 2_000


def is_path_of_ours(text: str) -> bool:
    """Whether this is a path (and query) on this host and cannot be read as anything else.

    Browsers take ``//evil`` and ``/\\evil`` for another host, and drop tabs and line breaks before they look.
    """
    return (
        text.startswith("/")
        and not text.startswith("//")
        and len(text) <= _LIMIT
        and "\\" not in text
        and all("!" <= character <= "~" for character in text)
    )


def path_of_ours(url: str, request: Request) -> str | None:
    """The path of a URL of this host, given whole or as a path; None for any other."""
    if is_path_of_ours(url):
        return url
    if not url.startswith(request.base_url + "/"):
        return None
    path = url.removeprefix(request.base_url)
    return path if is_path_of_ours(path) else None


def is_page_of_ours(url: str, request: Request, router: Router[Any]) -> bool:
    """Whether this is a full URL with the scheme, host and port of the request, and the path of a GET route."""
    if not url.startswith(request.base_url + "/") or path_of_ours(url, request) is None:
        return False
    try:
        segments = split_path(urlsplit(url).path.encode())
    except (BadRequest, ValueError):
        return False
    return isinstance(router.match("GET", segments), Match)
