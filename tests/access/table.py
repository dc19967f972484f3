"""Reading ``matrix.txt``: one line a request, with what each actor is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.access.actors import WHO
from tests.support.client import Reply

FILE = Path(__file__).with_name("matrix.txt")
OK, SENT_TO_SIGN_IN = "ok", "in"
_SIGN_IN = ("/login", "/login/canvas")
_NAME = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Row:
    """``cells``: by column. ``path`` and ``body`` have names in ``<brackets>`` where the school has ids.

    ``settings``: those of the root account that differ from their defaults.
    """

    line: int
    cells: Mapping[str, str]
    method: str
    path: str
    body: str
    settings: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def rows() -> list[Row]:
    found: list[Row] = []
    settings: dict[str, str] = {}
    for number, line in enumerate(FILE.read_text().splitlines(), 1):
        if line.startswith("@"):
            settings = dict(pair.split("=", 1) for pair in line[1:].split())
        elif line.strip() and not line.startswith("#"):
            found.append(_row(number, line, settings))
    return found


def cell_of(reply: Reply) -> str:
    """The answer in the words of the table."""
    if reply.status == 302 and urlsplit(reply.headers["location"]).path in _SIGN_IN:
        return SENT_TO_SIGN_IN
    return OK if reply.status == 200 else str(reply.status)


def is_refusal(cell: str) -> bool:
    return cell.startswith(("4", "5"))


def written(cells: Mapping[str, str], method: str, path: str, body: str) -> str:
    """The line of the table that says this."""
    return f"{''.join(f'{cells[name]:>5}' for name in WHO)}   {method:<6} {path} {body}".rstrip()


def filled_in(text: str, names: Mapping[str, Any]) -> str:
    """The text with ids for names."""
    return _NAME.sub(lambda match: str(names[match[1]]), text)


def _row(number: int, line: str, settings: Mapping[str, str]) -> Row:
    parts = line.split(maxsplit=len(WHO) + 2)
    method, path, *body = parts[len(WHO) :]
    return Row(number, dict(zip(WHO, parts, strict=False)), method, path, body[0] if body else "", settings)
