"""Huey, opened in the data folder or in PostgreSQL."""

from __future__ import annotations

from typing import Any

import msgspec
from huey import Huey, PostgresHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import make_url

from homeroom.settings import Settings


class JsonMessages(Serializer):  # type: ignore[misc]
    """Huey's messages as JSON: a pickle in the database could run code."""

    def _serialize(self, data: Any) -> bytes:
        return msgspec.json.encode(list(data) if isinstance(data, Message) else data)

    def _deserialize(self, data: Any) -> Any:
        return Message(*msgspec.json.decode(bytes(data)))


def open_huey(settings: Settings) -> Huey:
    """The queue beside the database: where people look for it, and where every node reaches it."""
    options: dict[str, Any] = {"name": "homeroom", "results": False, "serializer": JsonMessages()}
    url = make_url(settings.url)
    if url.get_backend_name() == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey(**options, dsn=dsn, table_prefix="jobs", blocking=False, connect_timeout=10)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data / "jobs.db"
    file.touch(mode=0o600)
    # A queue that loses its last entries with the power is swept up again, so it need not wait for the disk.
    return SqliteHuey(**options, filename=str(file), fsync=False, timeout=15)
