"""Files that come with Homeroom and are sent as they are: pictures, style sheets.

They are read into memory once and found by their exact name, so that no path can leave their folder.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from homeroom.school.ground.errors import NotFound
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request

# The names do not depend on the content, so a browser asks again after a day and usually gets 304.
DAILY = "public, max-age=86400"
# For an address that changes with the content.
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    content_type: str
    etag: str

    @property
    def version(self) -> str:
        return self.etag[1:17]


def read_folder(folder: Path) -> dict[str, StaticFile]:
    """Every file below the folder by its name there, with slashes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _read(path) for path in files}


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return StaticFile(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def file_answer(file: StaticFile | None, request: Request, caching: str = DAILY) -> Answer:
    """The file, or 304 when the client has it. Raises NotFound for None."""
    if file is None:
        raise NotFound("file")
    headers = [("ETag", file.etag), ("Cache-Control", caching)]
    if _has(request.header(b"if-none-match"), file.etag):
        return Answer(304, None, headers)
    return Answer(200, file.content, headers, content_type=file.content_type)


def _has(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags
