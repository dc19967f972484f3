"""Checks URLs that Homeroom stores and later shows or redirects to."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

URL_LIMIT = 2_048
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
# Schemes that a browser opens itself instead of passing them to an application.
_DANGEROUS = frozenset(
    ("about", "blob", "data", "file", "ftp", "javascript", "mailto", "vbscript", "view-source", "ws")
)


# A name or an address, and a port; user-info is nobody's here.
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?")


def is_web_url(text: str) -> bool:
    """Whether this is an http or https URL with a host, and without a password or a fragment in it."""
    parts = _split(text)
    return parts is not None and parts.scheme in ("http", "https") and _names_a_host(parts)


def is_redirect_uri(text: str) -> bool:
    """Whether an OAuth answer may be sent there: a web URL, an application's own scheme, or the out-of-band URN.

    No fragment (RFC 6749 §3.1.2), and nothing before the host that could be taken for the host.
    """
    if text == OUT_OF_BAND or is_web_url(text):
        return True
    parts = _split(text)
    return (
        parts is not None
        and parts.scheme not in _DANGEROUS | {"", "http", "https", "urn"}
        and bool(parts.netloc or parts.path)
    )


def origin_of(uri: str) -> str:
    """The target of this address, for the Content-Security-Policy of the pages that lead to it."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _split(text: str) -> SplitResult | None:
    # Browsers read a backslash as a slash and URL parsers do not, so a host could be smuggled in.
    if not 0 < len(text) <= URL_LIMIT or "\\" in text or "#" in text:
        return None
    if not text.isascii() or not text.isprintable() or any(character in text for character in ' <>"`'):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    # A percent sign in a host means something else to every reader.
    return parts if not parts.netloc or _HOST.fullmatch(parts.netloc) else None


def _names_a_host(parts: SplitResult) -> bool:
    return bool(parts.hostname)
