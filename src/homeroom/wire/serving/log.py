"""The log lines of requests (docs/operations.md): the route, the user and the outcome. Never queries or headers."""

from __future__ import annotations

import logging
from typing import Any

from homeroom.settings import AccessLog
from homeroom.wire.serving.call import Call

log = logging.getLogger("homeroom.requests")

# A request that takes this many seconds is logged as a problem.
SLOW = 1.0


class RequestLog:
    """Writes the line of a finished request, if the setting asks for it."""

    def __init__(self, lines: AccessLog) -> None:
        self._all = lines == "all"
        self._slow = SLOW if lines == "problems" else float("inf")
        self._broken = lines != "off"

    def done(self, call: Call, status: int) -> None:
        """A request that failed always has a line, with its traceback."""
        seconds = call.watch.elapsed
        broken = call.is_broken and self._broken
        if call.failure is None and not self._all and not broken and seconds < self._slow:
            return
        extra = {"fields": fields(call, status, seconds)}
        if call.failure is not None:
            log.error("A request failed.", exc_info=call.failure, extra=extra)
        elif broken:
            log.warning("The body of a request broke off, or came too slowly.", extra=extra)
        else:
            log.info("A request.", extra=extra)


def fields(call: Call, status: int, seconds: float) -> dict[str, Any]:
    actor = getattr(call, "actor", None)
    line: dict[str, Any] = {
        "request_id": call.request.id,
        "method": call.request.method,
        "path": path_of(call),
        "status": status,
        "user_id": actor.id or None if actor else None,
        "milliseconds": round(seconds * 1000, 1),
    }
    if actor and actor.is_masquerading:
        line["real_user_id"] = actor.real_id
    return line


def path_of(call: Call) -> str:
    """The path; of a page only its route, because the paths of pages can hold secrets (``/register/:nonce``)."""
    path = call.request.path.decode("latin-1")
    if call.face.documented:
        return path
    if call.route is not None:
        return call.face.prefix + call.route.path
    return "/" + "/".join([*path.split("/")[1:2], "..."])
