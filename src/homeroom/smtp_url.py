"""The mail server that a URL names: ``smtp://user:password@host:port?starttls=1&from=school@example.org``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

_SENDER = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.-]+")
_PORTS = {"always": 465, "starttls": 587, "never": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """``tls``: from the beginning (smtps), from STARTTLS on, or never. ``sender``: the address mails come from."""

    host: str
    port: int
    tls: Literal["always", "starttls", "never"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str | None = None


def read_mail_server(url: str) -> MailServer:
    """The mail server of this URL. Raises ValueError; its text is the rest of a sentence and names no password."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must look like smtp://user:password@host:port?starttls=1, or begin with smtps://.")
    options = parse_qs(parts.query, keep_blank_values=True)
    if unknown := set(options) - {"starttls", "from"}:
        raise ValueError(f"has an option {min(unknown)!r}; it can have starttls and from.")
    sender = options.get("from", [None])[-1]
    if sender is not None and not _SENDER.fullmatch(sender):
        raise ValueError("has a sender (from) that is not an e-mail address.")
    starts_tls = options.get("starttls", ["0"])[-1].lower() in ("1", "true", "yes", "on")
    tls: Literal["always", "starttls", "never"] = "starttls" if starts_tls else "never"
    if parts.scheme == "smtps":
        tls = "always"
    return MailServer(
        parts.hostname,
        _port_of(parts.netloc) or _PORTS[tls],
        tls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        sender,
    )


def _port_of(netloc: str) -> int | None:
    text = netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if text and not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ValueError("has a port that is not one.")
    return int(text) if text else None
