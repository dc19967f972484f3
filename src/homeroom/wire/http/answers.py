"""The answer of a route, and its encoding."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

JSON = "application/json; charset=utf-8"
_ID = re.compile(r"(^|_)id$")
_IDS = re.compile(r"(^|_)ids$")
_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Answer:
    """A status, a body and headers. ``body`` is encoded as JSON, or bytes that are sent as they are."""

    status: int = 200
    body: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = JSON


def make_bytes(answer: Answer, *, string_ids: bool = False) -> Answer:
    """The answer with its body encoded. Raises TypeError or ValueError if it cannot be JSON."""
    if answer.body is None and (answer.status == 204 or 300 <= answer.status < 400):
        answer.body = b""
    elif not isinstance(answer.body, bytes):
        answer.body = encode(answer.body, string_ids=string_ids)
    return answer


def encode(body: Any, *, string_ids: bool = False) -> bytes:
    """JSON text; with ``string_ids`` every integer under an id's name is a string (basics.md §4)."""
    text = _encoder.encode(body)
    if string_ids:
        # Works on the text, so that raw JSON (custom data) is changed too.
        return _encoder.encode(with_string_ids(msgspec.json.decode(text)))
    return text


def with_string_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [with_string_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _under(key, item) for key, item in value.items()}


def _under(key: str, value: Any) -> Any:
    if type(value) is int and _ID.search(key):
        return str(value)
    if isinstance(value, list) and _IDS.search(key):
        return [str(item) if type(item) is int else with_string_ids(item) for item in value]
    return with_string_ids(value)


def seconds(time: datetime | None) -> datetime | None:
    """A time as the Canvas wire shows it: whole seconds (basics.md §5)."""
    return time.replace(microsecond=0) if time is not None and time.microsecond else time
