"""Whether this process answers and reaches its database: for load balancers and container probes."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.db.engine import require_answer
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()


@route.get("/health", right=PUBLIC)
def show_health(db: Connection) -> dict[str, str]:
    """Say that all is well."""
    require_answer(db)
    return {"status": "ok"}
