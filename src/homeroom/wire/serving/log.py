"""The log lines of requests (docs/operations.md): the route, the user and the outcome. Never queries or headers."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from homeroom.settings import AccessLog

if TYPE_CHECKING:
    from homeroom.wire.serving.server import Face, Visit

log = logging.getLogger("homeroom.requests")

# A request that takes this many seconds is logged as a problem.
SLOW = 1.0


class RequestLog:
    """Writes the line of a finished request, if the setting asks for it."""

    def __init__(self, lines: AccessLog) -> None:
        self._all = lines == "all"
        self._slow = SLOW if lines == "problems" else float("inf")
        self._broken = lines != "off"

    def done(self, visit: Visit, face: Face, status: int) -> None:
        """A request that failed always has a line, with its traceback."""
        seconds = time.perf_counter() - visit.began
        broken = visit.broken and self._broken
        if visit.failure is None and not self._all and not broken and seconds < self._slow:
            return
        extra = {"fields": fields(visit, face, status, seconds)}
        if visit.failure is not None:
            log.error("A request failed.", exc_info=visit.failure, extra=extra)
        elif broken:
            log.warning("The body of a request broke off, or came too slowly.", extra=extra)
        else:
            log.info("A request.", extra=extra)


def fields(visit: Visit, face: Face, status: int, seconds: float) -> dict[str, Any]:
    actor = getattr(visit.call, "actor", None)
    line: dict[str, Any] = {
        "request_id": visit.request.id,
        "method": visit.request.method,
        "path": path_of(visit, face),
        "status": status,
        "user_id": actor.id or None if actor else None,
        "milliseconds": round(seconds * 1000, 1),
    }
    if actor and actor.is_masquerading:
        line["real_user_id"] = actor.real_id
    return line


def path_of(visit: Visit, face: Face) -> str:
    """The path; of a page only its route, because the paths of pages can hold secrets (``/register/:nonce``)."""
    if face.documented:
        return visit.request.path.decode("latin-1")
    if visit.entry is not None:
        return face.prefix + visit.entry.endpoint.route.path
    return "/" + "/".join([*visit.request.path.decode("latin-1").split("/")[1:2], "..."])
