"""One request through one route: authenticate, find, allow, ask or act, render; in one thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

from sqlalchemy import Connection

from homeroom import clock
from homeroom.db import once_more
from homeroom.school.apps.access_tokens.actions import note_use_of_tokens
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef
from homeroom.school.rights.permissions import PERMISSIONS
from homeroom.school.security.events import Event, asking
from homeroom.school.sign_in import sessions
from homeroom.school.sign_in.credentials import InsufficientScopes
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import Answer, make_bytes
from homeroom.wire.http.request import Request
from homeroom.wire.params.coerce import converter, items_of
from homeroom.wire.params.ids import PathId, parse_id
from homeroom.wire.params.paging import Page, Paging, link_header, read_paging
from homeroom.wire.routing.routes import (
    ANONYMOUS,
    PUBLIC,
    FromContext,
    FromParams,
    FromPrepare,
    FromRequest,
    Handler,
    PathValues,
    Rest,
    Route,
    mark_of,
    value_of_context,
)
from homeroom.wire.routing.scopes import covers
from homeroom.wire.serving.authentication import Authenticate, by_token, nobody
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.services import Services

_NOTED_EVERY = timedelta(minutes=10)
Resolver = Callable[[Call], Any]


class Endpoint:
    """A prepared route: the arguments of its handler are resolved to functions once."""

    def __init__(self, route: Route, scope_text: str, authenticate: Authenticate = by_token) -> None:
        self.route = route
        self.scope_text = scope_text
        self.authenticate = nobody if route.right == ANONYMOUS else authenticate
        self.resolvers = [(name, _resolver(route, name, hint)) for name, hint in route.needs.items()]
        self.prepare_resolvers = [(name, _resolver(route, name, hint)) for name, hint in route.prepare_needs.items()]
        marks = {name: mark_of(hint) for name, hint in {**route.prepare_needs, **route.needs}.items()}
        self.contexts = [
            (name, mark, value_of_context(route.path, name, mark))
            for name, mark in marks.items()
            if isinstance(mark, FromContext)
        ]

    def run(self, call: Call) -> Answer:
        """Everything from the read body to the answer. Raises errors that the face renders."""
        asking.set(call)
        database = call.services.database
        route = self.route
        if route.prepare is not None:
            with database.read() as db:
                self._allow(call, db)
            call.leave()
            self._prepare(call, route.prepare)
        return once_more(lambda: self._act(call), call.forget_browser)

    def _act(self, call: Call) -> Answer:
        """The request's transaction. Nothing is answered before it is committed, so it can run a second time."""
        database, route = call.services.database, self.route
        with database.write() if route.is_writing(call.params) else database.read() as db:
            self._allow(call, db)
            values = {name: resolve(call) for name, resolve in self.resolvers}
            result = route.handler(**values)
            # Inside the transaction, so that a failure to encode the answer rolls back the change.
            return make_bytes(self._answer(call, result), string_ids=call.request.wants_string_ids)

    def _prepare(self, call: Call, prepare: Handler) -> None:
        values = {name: resolve(call) for name, resolve in self.prepare_resolvers}
        with call.watch.processor_only():
            call.prepared = prepare(**values)

    def _allow(self, call: Call, db: Connection) -> None:
        call.enter(db)
        actor = call.actor = self.authenticate(call, db)
        if actor.id:
            _note_use(call, actor)
            if actor.is_masquerading:
                call.services.reports.add_masquerade(Event("masquerade", call.origin, clock.real_now(), actor.id))
        if self.route.right not in (PUBLIC, ANONYMOUS):
            actor.require_signed_in()
        if actor.scopes is not None:
            _limit_to_scopes(call, actor, self.scope_text)
        for name, mark, value in self.contexts:
            context = call.contexts[name] = mark.find(db, actor, parse_id(mark.kind, call.values[value]))
            if self.route.right in PERMISSIONS and not _holds(db, actor, self.route.right, context.ref):
                raise NotAllowed(self.route.right)

    def _answer(self, call: Call, result: Any) -> Answer:
        if isinstance(result, Answer):
            return result
        answer = Answer(self.route.status, result)
        if isinstance(result, Page):
            key = self.route.page_key
            answer.body = result.items if key is None else {key: result.items}
            answer.headers.append(("Link", link_header(result, call.request.url, call.request.query)))
        return answer


def _note_use(call: Call, actor: Actor) -> None:
    """Remember that a token or a session is in use, at most once in ten minutes (identity.md §4)."""
    now, last = clock.now(), actor.last_used_at
    if last is not None and last <= now < last + _NOTED_EVERY:
        return
    if actor.token_id is not None:
        call.services.notes.add(note_use_of_tokens, actor.token_id, now)
    elif actor.session_id is not None:
        call.services.notes.add(sessions.note_use, actor.session_id, now)


def _holds(db: Connection, actor: Actor, right: str, ref: AccountRef | CourseRef) -> bool:
    if isinstance(ref, CourseRef):
        return actor.holds_in_course(db, right, ref)
    return actor.holds(right, ref)


def _limit_to_scopes(call: Call, actor: Actor, scope_text: str) -> None:
    """Refuse routes outside the token's scopes, and cut includes down to uuid (basics.md §9)."""
    assert actor.scopes is not None
    if not covers(actor.scopes, scope_text, call.request.method, call.request.path.decode("latin-1")):
        raise InsufficientScopes
    if not actor.allow_includes:
        for name in ("include", "includes"):
            if name in call.params:
                call.params[name] = [item for item in items_of(call.params[name]) if item == "uuid"]


def _resolver(route: Route, name: str, hint: Any) -> Resolver:
    mark = mark_of(hint)
    if isinstance(mark, PathId):
        kind = mark.kind
        return lambda call: parse_id(kind, call.values[name])
    if isinstance(mark, FromContext):
        return lambda call: call.contexts[name]
    if isinstance(mark, FromParams):
        convert = converter(get_args(hint)[0])
        return lambda call: convert(call.params)
    if isinstance(mark, FromPrepare):
        return lambda call: call.prepared
    if isinstance(mark, FromRequest):
        return lambda call: call.params
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple
    if hint is Paging:
        default, largest = route.paged
        # ``limit`` is the old name of ``per_page``.
        return lambda call: read_paging(
            call.params.get("page"),
            call.params.get("per_page", call.params.get("limit")),
            default=default,
            largest=largest,
        )
    if hint is str:
        return lambda call: call.values[name]
    if hint is Rest:
        return lambda call: Rest(call.values.get(name, ()))
    raise TypeError(f"{route.path}: {name} has the type {hint!r}, which no part of a request gives.")


_SIMPLE: dict[Any, Resolver] = {
    Actor: lambda call: call.actor,
    Browser: lambda call: call.browser,
    Call: lambda call: call,
    Connection: lambda call: call.db,
    PathValues: lambda call: PathValues(call.values),
    Request: lambda call: call.request,
    Services: lambda call: call.services,
}
