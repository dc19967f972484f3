"""Small JSON documents of other servers. Network work: never inside a transaction."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import msgspec

# For each wait of a call, and for the whole of it: a server that sends a byte now and then holds nobody up.
TIMEOUT = 5.0
PATIENCE = 10.0
LARGEST = 256 * 1024


class Unreachable(Exception):
    """The other server did not answer with a JSON document in time; the text says what was wrong."""


def fetch_json(url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """The document at this address, or what it answers to this form. Raises Unreachable.

    Redirects are not followed: what is elsewhere than registered is not what was registered.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise Unreachable("it has no web address")
    data = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(  # noqa: S310 (the scheme was looked at)
        url, data, {"Accept": "application/json", "User-Agent": "Homeroom", **(headers or {})}
    )
    try:
        return msgspec.json.decode(_read(request))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreachable("it did not answer with JSON") from None
    except (OSError, ValueError, HTTPException) as error:
        raise Unreachable(str(error) or type(error).__name__) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """None leaves the redirect as the error that it then is."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _read(request: urllib.request.Request) -> bytes:
    deadline = time.monotonic() + PATIENCE
    body = b""
    try:
        opened = _OPENER.open(request, timeout=TIMEOUT)
    except HTTPError as refusal:
        refusal.close()
        raise
    with opened as answer:
        while part := answer.read1(65_536):
            body += part
            if len(body) > LARGEST:
                raise Unreachable("its answer is too large")
            if time.monotonic() > deadline:
                raise Unreachable("its answer took too long")
    return body
