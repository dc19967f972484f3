"""The ASGI application that all faces share: the way in and the way out of every request.

Routing from the raw path (``%2F``, ``.json``, HEAD), the body within its limit, throttling, the choice of the thread,
errors in the face's own shape, and the headers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from homeroom.school.ground.errors import NotFound, Refused, SchoolError
from homeroom.wire.http.answers import Answer, make_bytes
from homeroom.wire.http.request import Request
from homeroom.wire.http.transfer import BodyBroken, BodyTooSlow, read_body, send_answer
from homeroom.wire.params.parsing import BadParameters, Limits, merge, parse_body, parse_query
from homeroom.wire.routing.router import Match, Router
from homeroom.wire.routing.routes import Route, Routes
from homeroom.wire.routing.scopes import Scope, scope_text, scopes_of
from homeroom.wire.serving.authentication import token_in
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.endpoint import Authenticate, Endpoint, by_token
from homeroom.wire.serving.log import RequestLog
from homeroom.wire.serving.security import report_refusal
from homeroom.wire.serving.services import Services
from homeroom.wire.serving.throttle import (
    Bucket,
    Stopwatch,
    Throttled,
    bucket_key,
    cost_headers,
    shows_cost,
    too_many,
)

# For a year browsers come back by https, whatever a link says.
_ALWAYS_SECURE = ("Strict-Transport-Security", "max-age=31536000")
# Calls that ask other servers: how many at once, and how many more may wait for their turn.
_OUTSIDE_THREADS = 8
_OUTSIDE_QUEUE = 32
_TOO_MANY_OUTSIDE = "Too many calls wait for other servers. Please try again soon."


class MethodNotAllowed(SchoolError):
    """Another method of this path exists."""

    def __init__(self, allowed: set[str]) -> None:
        super().__init__(", ".join(sorted(allowed)))
        self.allowed = sorted(allowed)


@dataclass(frozen=True)
class Face:
    """One wire format: where it stands, its routes, and how it says that something went wrong."""

    name: str
    prefix: str
    resources: Sequence[Routes]
    error: Callable[[Exception, Request], Answer]
    authenticate: Authenticate = by_token
    # Canvas throttles and reports costs on its API; pages and other faces do not.
    throttled: bool = False
    token_of: Callable[[Request, dict[str, Any]], str | None] = token_in
    # Go with every answer of the face, refusals too.
    headers: Sequence[tuple[str, str]] = field(default=())
    # Who may keep an answer that says nothing of it itself: the browser of the person alone, and never unasked.
    caching: str = "max-age=0, private, must-revalidate"
    # Pages for people have no place in docs/api and in the OpenAPI document.
    documented: bool = True
    # Its routes are what a developer key with scopes can be given.
    scoped: bool = False
    # Where it answers for paths that no route has, if that is more than its prefix.
    answers_below: str = ""
    # Whether a form says the same as JSON; not where values have types that text has not.
    takes_forms: bool = True

    def scope_text(self, route: Route) -> str:
        """The documented scope of a route: ``url:GET|/api/v1/users/:id``."""
        return scope_text(route.method, self.prefix + route.path)

    @property
    def territory(self) -> str:
        return self.answers_below or self.prefix

    @property
    def scopes(self) -> list[Scope]:
        """The scopes that a developer key can be given on this face."""
        return scopes_of(self.prefix, self.routes) if self.scoped else []

    @property
    def routes(self) -> list[Route]:
        return [route for resource in self.resources for route in resource.all]


@dataclass(slots=True)
class _Entry:
    face: Face
    endpoint: Endpoint


@dataclass(slots=True)
class Visit:
    """One request on its way through the server."""

    request: Request
    watch: Stopwatch
    entry: _Entry | None = None
    token: str | None = None
    bucket: Bucket | None = None
    full: bool = False
    began: float = field(default_factory=time.perf_counter)
    call: Call | None = None
    failure: Exception | None = None
    # Its body did not come whole, or not in time.
    broken: bool = False


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
        self.router: Router[_Entry] = Router()
        services.router = self.router
        for face in faces:
            for route in face.routes:
                endpoint = Endpoint(route, face.scope_text(route), face.authenticate)
                self.router.add(route.method, face.prefix + route.path, _Entry(face, endpoint))
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
        visit = Visit(Request(scope, self.services.settings), Stopwatch())
        request = visit.request
        if head := request.method == "HEAD":
            request.method = "GET"
        answer = await self._answer(visit, receive)
        face = self._face_of(visit)
        headers = [("X-Request-Context-Id", request.id), *face.headers, *self._closing_headers(visit)]
        if not any(name == "Cache-Control" for name, _ in answer.headers):
            headers.append(("Cache-Control", face.caching))
        if request.is_secure:
            headers.append(_ALWAYS_SECURE)
        await send_answer(send, answer, headers, head)
        self.log.done(visit, face, answer.status)

    def flush(self) -> None:
        """Write what GETs have noted, now."""
        self.services.notes.flush()

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._outside.shutdown()

    async def _answer(self, visit: Visit, receive: Any) -> Answer:
        try:
            return await self._through(visit, receive)
        except Exception as error:  # every face turns what was raised into its own body
            return self._refusal(visit, error)

    async def _through(self, visit: Visit, receive: Any) -> Answer:
        request, watch = visit.request, visit.watch
        request.check()
        entry, values = self._find(request)
        visit.entry = entry
        limit = entry.endpoint.route.body_limit or self.services.settings.max_body
        watch.pause()
        request.body = await read_body(request, receive, limit)
        watch.resume()
        params = self._params(request)
        visit.token = entry.face.token_of(request, params)
        if entry.face.throttled:
            visit.bucket = self.services.buckets.take(bucket_key(request, visit.token))
            if visit.bucket is None and self.services.settings.throttle != "off":
                visit.full = True
                raise Throttled
        visit.call = Call(request, self.services, values, params, visit.token, watch)
        return await self._run(entry.endpoint, visit.call)

    def _params(self, request: Request) -> dict[str, Any]:
        query = parse_query(request.query, self.limits)
        return merge(query, parse_body(request.content_type, request.body, self.limits)) if request.body else query

    async def _run(self, endpoint: Endpoint, call: Call) -> Answer:
        route = endpoint.route
        writes = route.is_writing(call.params)
        if self._inline_reads and not writes and route.prepare is None and not route.is_slow(call.params):
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

    def _find(self, request: Request) -> tuple[_Entry, dict[str, Any]]:
        """The route of this path, with or without ``.json`` (homeroom.md §2)."""
        segments = request.segments
        last = segments[-1] if segments else ""
        allowed: set[str] = set()
        if last.endswith(".json") and len(last) > 5 and not last.startswith("sis_login_id:"):
            found = self.router.match(request.method, [*segments[:-1], last[:-5]])
            if isinstance(found, Match):
                if not (found.route.endpoint.route.free_tail and _tail_of(found)):
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

    def _face_of(self, visit: Visit) -> Face:
        return visit.entry.face if visit.entry else self._face_at(visit.request)

    def _refusal(self, visit: Visit, error: Exception) -> Answer:
        request = visit.request
        if isinstance(error, Throttled):
            return too_many(self.services.settings.throttle, with_header=shows_cost(request, visit.token))
        if not isinstance(error, SchoolError | BadParameters):
            visit.failure = error
        report_refusal(visit.call, error)
        visit.broken = isinstance(error, BodyBroken | BodyTooSlow)
        try:
            return make_bytes(self._face_of(visit).error(error, request), string_ids=request.wants_string_ids)
        except Exception as second:  # the face could not even say so; the log has both
            visit.failure = second
            return Answer(500, b"An error occurred.\n", content_type="text/plain; charset=utf-8")

    def _closing_headers(self, visit: Visit) -> list[tuple[str, str]]:
        """What was called and what it cost; settles the bucket (basics.md §6, §8)."""
        if visit.full or not self._face_of(visit).throttled:
            return []
        headers = [("X-Canvas-Meta", visit.entry.endpoint.meta if visit.entry else "")]
        bucket = visit.bucket
        if bucket is None:  # It was refused before its parameters were read.
            visit.token = token_in(visit.request, {})
            bucket = self.services.buckets.take(bucket_key(visit.request, visit.token))
        cost = visit.watch.cost
        if bucket is not None:
            bucket.settle(cost)
        if shows_cost(visit.request, visit.token):
            headers += cost_headers(bucket, cost)
        return headers


def _run_timed(endpoint: Endpoint, call: Call) -> Answer:
    call.watch.resume()
    try:
        return endpoint.run(call)
    finally:
        call.watch.pause()


def _tail_of(found: Match[_Entry]) -> str:
    """The value of the path's last part: free text, of which ``.json`` may be part; empty where a literal ends it."""
    last = found.route.endpoint.route.path.rstrip(")").rsplit("/", 1)[-1]
    value = found.values.get(last[1:], "") if last[:1] in ":*" else ""
    return "/".join(value) if isinstance(value, list) else value
