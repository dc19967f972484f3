"""Calendars as text (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable

CONTENT_TYPE = "text/calendar; charset=utf-8"
_LONGEST_LINE = 75
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")

# RFC 5545 §3.6 wants at least one component, and a calendar may have no events: UTC's own definition says nothing new.
_UTC = (
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def calendar_text(name: str) -> bytes:
    """A calendar with this name."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Homeroom//Calendar//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}",
        *_UTC,
        "END:VCALENDAR",
    )
    return b"".join(_folded(lines))


def escaped(text: str) -> str:
    """A text value (RFC 5545 §3.3.11): it may hold anything but control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,"))
    return text.replace("\n", "\\n")


def _folded(lines: Iterable[str]) -> Iterable[bytes]:
    """Lines of at most 75 octets; a longer one goes on in lines that begin with a space (RFC 5545 §3.1)."""
    for line in lines:
        part, size = "", 0
        for character in line:
            length = len(character.encode())
            if size + length > _LONGEST_LINE:
                yield f"{part}\r\n".encode()
                part, size = " ", 1
            part += character
            size += length
        yield f"{part}\r\n".encode()
