"""The ASGI application that all faces share: the way in and the way out of every request.

Routing from the raw path (``%2F``, ``.json``, HEAD), the body within its limit, throttling, the choice of the thread,
errors in the face's own shape, and the headers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from homeroom.school.ground.errors import NotFound, Refused, SchoolError
from homeroom.wire.http.answers import Answer, make_bytes
from homeroom.wire.http.request import Request
from homeroom.wire.http.transfer import BodyBroken, BodyTooSlow, announces_body, read_body, send_answer
from homeroom.wire.params.parsing import BadParameters, Limits, merge, parse_body, parse_query
from homeroom.wire.routing.router import Match, MethodNotAllowed, Router
from homeroom.wire.serving.authentication import token_in
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.endpoint import Endpoint
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.log import RequestLog
from homeroom.wire.serving.security import report_refusal
from homeroom.wire.serving.services import Services
from homeroom.wire.serving.throttle import Throttled, bucket_key, cost_headers, shows_cost, too_many

# For a year browsers come back by https, whatever a link says.
_ALWAYS_SECURE = (b"strict-transport-security", b"max-age=31536000")
# Calls that ask other servers: how many at once, and how many more may wait for their turn.
_OUTSIDE_THREADS = 8
_OUTSIDE_QUEUE = 32
_TOO_MANY_OUTSIDE = "Too many calls wait for other servers. Please try again soon."
# What the router finds.
_Found = tuple[Face, Endpoint]


class Server:
    """All faces over one school, as an ASGI application."""

    def __init__(self, faces: Sequence[Face], services: Services) -> None:
        self.faces = faces
        self.services = services
        self.log = RequestLog(services.settings.access_log)
        settings = services.settings
        self.limits = Limits(
            depth=settings.max_parameter_depth,
            json_depth=settings.max_json_depth,
            keys=settings.max_parameters,
            size=settings.max_body,
        )
        self.router: Router[_Found] = Router()
        services.router = self.router
        for face in faces:
            for route in face.routes:
                endpoint = Endpoint(route, face.scope_text(route), face.authenticate)
                self.router.add(route.method, face.prefix + route.path, (face, endpoint))
        # SQLite answers in microseconds, and a hop to another thread costs more than that (docs/decisions/0002):
        # reads run where they arrive. Writers queue for the one write lock, so one thread holds them all.
        self._inline_reads = services.database.is_sqlite
        self._writers = ThreadPoolExecutor(1 if self._inline_reads else 8, thread_name_prefix="write")
        self._readers = self._writers if not self._inline_reads else ThreadPoolExecutor(2, thread_name_prefix="slow")
        # A server that is silent holds up nobody but those who ask others (services/safe_fetch.py).
        self._outside = ThreadPoolExecutor(_OUTSIDE_THREADS, thread_name_prefix="outside")
        self._outside_calls = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            return
        call = Call(Request(scope, self.services.settings), self.services, self.faces[0])
        request = call.request
        if head := request.method == "HEAD":
            request.method = "GET"
        try:
            answer = await self._through(call, receive)
        except Exception as error:  # every face turns what was raised into its own body
            answer = self._refusal(call, error)
        await send_answer(send, answer, self._headers(call, answer), head)
        self.log.done(call, answer.status)

    def flush(self) -> None:
        """Write what GETs have noted, now."""
        self.services.notes.flush()

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._outside.shutdown()

    async def _through(self, call: Call, receive: Any) -> Answer:
        request, settings = call.request, self.services.settings
        request.check()
        (face, endpoint), call.values = self._find(request)
        route = endpoint.route
        call.face, call.route = face, route
        if announces_body(request):
            call.watch.pause()
            request.body = await read_body(request, receive, route.body_limit or settings.max_body)
            call.watch.resume()
        params = call.params = self._params(request)
        token = call.token = face.token_of(request, params)
        if face.throttled:
            call.bucket = self.services.buckets.take(bucket_key(request, token))
            if call.bucket is None and settings.throttle != "off":
                call.is_throttled = True
                raise Throttled
        writes = route.is_writing(params)
        if self._inline_reads and not writes and route.prepare is None and not route.is_slow(params):
            return endpoint.run(call)
        if route.goes_outside(call.params):
            return await self._run_outside(endpoint, call)
        pool = self._writers if writes and route.prepare is None else self._readers
        call.watch.pause()
        return await asyncio.get_running_loop().run_in_executor(pool, _run_timed, endpoint, call)

    async def _run_outside(self, endpoint: Endpoint, call: Call) -> Answer:
        if self._outside_calls >= _OUTSIDE_THREADS + _OUTSIDE_QUEUE:
            raise Refused(_TOO_MANY_OUTSIDE, status=503)
        self._outside_calls += 1
        call.watch.pause()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._outside, _run_timed, endpoint, call)
        finally:
            self._outside_calls -= 1

    def _params(self, request: Request) -> dict[str, Any]:
        query = parse_query(request.query, self.limits) if request.query else {}
        return merge(query, parse_body(request.content_type, request.body, self.limits)) if request.body else query

    def _find(self, request: Request) -> tuple[_Found, dict[str, Any]]:
        """The route of this path, with or without ``.json`` (homeroom.md §2)."""
        segments = request.segments
        last = segments[-1] if segments else ""
        allowed: set[str] = set()
        if last.endswith(".json") and len(last) > 5 and not last.startswith("sis_login_id:"):
            found = self.router.match(request.method, [*segments[:-1], last[:-5]])
            if isinstance(found, Match):
                if not (found.route[1].route.free_tail and _tail_of(found)):
                    return found.route, found.values
            else:
                allowed = found
        found = self.router.match(request.method, segments)
        if isinstance(found, Match):
            return found.route, found.values
        if allowed := allowed | found:
            raise MethodNotAllowed(allowed | ({"HEAD"} if "GET" in allowed else set()))
        raise NotFound("route")

    def _face_at(self, request: Request) -> Face:
        """The face whose part of the house this path is in, for a request that met no route."""
        path = b"/" + request.path.lstrip(b"/") + b"/"
        fitting = [face for face in self.faces if path.startswith(face.territory.encode() + b"/")]
        return max(fitting or self.faces[:1], key=lambda face: len(face.territory))

    def _refusal(self, call: Call, error: Exception) -> Answer:
        request = call.request
        if call.route is None:
            call.face = self._face_at(request)
        if isinstance(error, Throttled):
            return too_many(self.services.settings.throttle, with_header=shows_cost(request, call.token))
        if not isinstance(error, SchoolError | BadParameters):
            call.failure = error
        report_refusal(call, error)
        call.is_broken = isinstance(error, BodyBroken | BodyTooSlow)
        try:
            return make_bytes(call.face.error(error, request), string_ids=request.wants_string_ids)
        except Exception as second:  # the face could not even say so; the log has both
            call.failure = second
            return Answer(500, b"An error occurred.\n", content_type="text/plain; charset=utf-8")

    def _headers(self, call: Call, answer: Answer) -> list[tuple[bytes, bytes]]:
        """What goes with every answer, besides what its route says."""
        face, request = call.face, call.request
        headers = [(b"x-request-context-id", request.id.encode()), *face.sent_headers]
        if face.throttled and not call.is_throttled:
            self._settle(call, headers)
        if "Cache-Control" not in [name for name, _ in answer.headers]:
            headers.append(face.sent_caching)
        if request.is_secure:
            headers.append(_ALWAYS_SECURE)
        return headers

    def _settle(self, call: Call, headers: list[tuple[bytes, bytes]]) -> None:
        """Settle the caller's bucket, and say what was called and what it cost (basics.md §6, §8)."""
        headers.append((b"x-canvas-meta", b"" if call.route is None else call.route.meta))
        bucket = call.bucket
        if bucket is None:  # It was refused before its parameters were read.
            call.token = token_in(call.request, {})
            bucket = self.services.buckets.take(bucket_key(call.request, call.token))
        cost = call.watch.cost
        if bucket is not None:
            bucket.settle(cost)
        if shows_cost(call.request, call.token):
            headers += cost_headers(bucket, cost)


def _run_timed(endpoint: Endpoint, call: Call) -> Answer:
    call.watch.resume()
    try:
        return endpoint.run(call)
    finally:
        call.watch.pause()


def _tail_of(found: Match[_Found]) -> str:
    """The value of the path's last part: free text, of which ``.json`` may be part; empty where a literal ends it."""
    last = found.route[1].route.path.rstrip(")").rsplit("/", 1)[-1]
    value = found.values.get(last[1:], "") if last[:1] in ":*" else ""
    return "/".join(value) if isinstance(value, list) else value
