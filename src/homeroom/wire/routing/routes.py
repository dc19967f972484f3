"""Our route decorator: a handler's annotations say what it needs, and are read once.

    @route.get("/accounts/:account_id/users", right="read_roster")
    def list_users(account: AccountContext, params: Params[ListUsers], call: Call) -> UserJson: ...

What a handler may take, by type: an id in the path (``user_id: UserId``), what such an id means, found before the
handler runs (``account: AccountContext`` for ``:account_id``, or for ``:id`` where the path has no other),
``Params[T]``, ``Paging``, ``Call`` (all of the call: its transaction, its actor, its request), or of the call only
``Actor``, ``Connection``, ``Request``, ``Browser`` or ``Services``; ``Prepared[T]``, ``Rest``, ``RawParams``, ``str``
for a plain path value, ``PathValues`` for all of them. A route without a stated right cannot register.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Meta
from sqlalchemy import Connection

from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import PERMISSIONS
from homeroom.wire.params.ids import PathId
from homeroom.wire.params.paging import Under

Method = Literal["GET", "POST", "PUT", "DELETE"]
Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)
T = TypeVar("T")

# Rights that are not a permission on the context in the path.
PUBLIC = "public"  # nobody need be signed in
ANONYMOUS = "anonymous"  # credentials are not looked at: everybody is nobody
SELF_ONLY = "self_only"  # anybody signed in, about themselves
BY_POLICY = "by_policy"  # the handler asks the area's policy
_SPECIAL = frozenset((PUBLIC, ANONYMOUS, SELF_ONLY, BY_POLICY))


class BadRoute(Exception):
    """A route that is not whole; raised when the module is imported."""


class FromParams:
    """Marks ``Params[T]``."""


class FromPrepare:
    """Marks ``Prepared[T]``."""


class FromContext:
    """Marks a context that is found by the id in the path before the handler runs; ``kind`` is how."""

    def __init__(self, kind: str, find: Callable[[Connection, Actor, Any], Any]) -> None:
        self.kind = kind
        self.find = find


class FromOneOf:
    """Marks a context of one of several kinds: the one whose id the path has."""

    def __init__(self, *contexts: FromContext) -> None:
        self.contexts = contexts


class FromRequest:
    """Marks the merged parameters as they came, for routes whose names are data."""


Params = Annotated[T, FromParams()]
Prepared = Annotated[T, FromPrepare()]
RawParams = Annotated[dict[str, Any], FromRequest()]


class Rest(list[str]):
    """The parts of a ``*glob`` at the end of a path."""


class PathValues(dict[str, Any]):
    """All values of the path, for a handler that serves paths with different ones."""


def told(description: str, **schema: Any) -> Meta:
    """What the OpenAPI document says of a field that takes any value, so that its handler can refuse it."""
    return Meta(extra_json_schema={"description": description, **schema})


@dataclass(frozen=True)
class Route:
    """One documented route."""

    method: Method
    path: str
    right: str
    handler: Handler
    writes: bool | Callable[[dict[str, Any]], bool]
    slow: bool | Callable[[dict[str, Any]], bool]
    outside: bool | Callable[[dict[str, Any]], bool]
    prepare: Handler | None
    body_limit: int | None
    free_tail: bool
    scope: bool
    paged: tuple[int, int]
    status: int
    needs: dict[str, Any] = field(default_factory=dict)
    prepare_needs: dict[str, Any] = field(default_factory=dict)
    returns: Any = None
    resource: str = ""
    # The key under which a page is sent, where it is not the whole answer.
    page_key: str | None = None
    # For the document, where the handler's annotations do not say it.
    takes: Any = None
    also: tuple[int, ...] = ()
    # Of a handler's other paths, which its own name and its docstring do not tell apart.
    named: str = ""
    described: str = ""

    @property
    def name(self) -> str:
        return self.named or self.handler.__name__

    @cached_property
    def meta(self) -> bytes:
        """How X-Canvas-Meta names it (basics.md §6)."""
        return f"o={self.resource};n={self.name};".encode("latin-1")

    @property
    def summary(self) -> str:
        """What the route does, in a few words."""
        return self.described or inspect.cleandoc(self.handler.__doc__ or self.name).partition("\n")[0].rstrip(".")

    def is_writing(self, params: dict[str, Any]) -> bool:
        """Whether the transaction of a call with these parameters may write."""
        return self.writes(params) if callable(self.writes) else self.writes

    def is_slow(self, params: dict[str, Any]) -> bool:
        """Whether a call with these parameters may take long."""
        return self.slow(params) if callable(self.slow) else self.slow

    def goes_outside(self, params: dict[str, Any]) -> bool:
        """Whether a call with these parameters may ask another server."""
        return self.outside(params) if callable(self.outside) else self.outside


class Routes:
    """The routes of one resource, in the order of the file. The resource has its module's name unless one is given."""

    def __init__(self, resource: str = "") -> None:
        self.resource = resource
        self.all: list[Route] = []

    def get(self, path: str, *, right: str, **options: Any) -> Callable[[H], H]:
        """A reading route. Options: see ``_add``."""
        return self._add("GET", path, right, **options)

    def post(self, path: str, *, right: str, **options: Any) -> Callable[[H], H]:
        return self._add("POST", path, right, **{"writes": True, **options})

    def put(self, path: str, *, right: str, **options: Any) -> Callable[[H], H]:
        return self._add("PUT", path, right, **{"writes": True, **options})

    def delete(self, path: str, *, right: str, **options: Any) -> Callable[[H], H]:
        return self._add("DELETE", path, right, **{"writes": True, **options})

    def _add(
        self,
        method: Method,
        path: str,
        right: str,
        *,
        writes: bool | Callable[[dict[str, Any]], bool] = False,
        slow: bool | Callable[[dict[str, Any]], bool] = False,
        outside: bool | Callable[[dict[str, Any]], bool] = False,
        prepare: Handler | None = None,
        body_limit: int | None = None,
        free_tail: bool = False,
        scope: bool = True,
        per_page: tuple[int, int] = (10, 100),
        status: int = 200,
        also: tuple[int, ...] = (),
        takes: Any = None,
        answers: Any = None,
        name: str = "",
        summary: str = "",
    ) -> Callable[[H], H]:
        """``writes``: the transaction may write, always or with these parameters. ``slow``: the same of the event loop.
        ``outside``: ``prepare`` asks another server, always or with these parameters. That takes as long as the other
        server likes, so such calls have threads of their own.
        ``prepare``: slow or outside work done before the transaction; the handler takes its result as
        ``Prepared[T]``. ``body_limit``: bytes, instead of the setting. ``free_tail``: a ``.json`` at the end belongs
        to the last value. ``scope``: whether tokens can be limited to it. ``per_page``: default and largest page
        size. ``also``: other statuses of success. ``takes``, ``answers``: what is in ``RawParams`` and in an answer
        that is a dict, for the OpenAPI document. ``name``, ``summary``: those of this path, for a handler with
        several paths, each under its own decorator."""
        if right not in _SPECIAL and right not in PERMISSIONS:
            raise BadRoute(f"{method} {path} names {right!r}, which is neither a permission nor {', '.join(_SPECIAL)}.")

        def register(handler: H) -> H:
            hints = get_type_hints(handler, include_extras=True)
            returns, page_key = hints.pop("return", None), None
            if isinstance(under := mark_of(returns), Under):
                returns, page_key = get_args(returns)[0], under.key
            needs = {name: _need(path, name, hint) for name, hint in hints.items()}
            if right not in _SPECIAL and not any(isinstance(mark_of(hint), FromContext) for hint in needs.values()):
                raise BadRoute(f"{method} {path} needs {right!r} on a context, and takes none.")
            prepare_hints = get_type_hints(prepare, include_extras=True) if prepare else {}
            prepare_hints.pop("return", None)
            route = Route(
                method, path, right, handler, writes, slow, outside, prepare, body_limit, free_tail or "*" in path,
                scope, per_page, status, needs, prepare_hints, answers or returns,
                self.resource or handler.__module__.rpartition(".")[2], page_key, takes, also, name, summary,
            )  # fmt: skip
            self.all.append(route)
            return handler

        return register


def params_type(route: Route) -> Any:
    """The Struct of the route's parameters, or None."""
    for hint in (*route.needs.values(), *route.prepare_needs.values()):
        if isinstance(mark_of(hint), FromParams):
            return get_args(hint)[0]
    return route.takes


def _need(path: str, name: str, hint: Any) -> Any:
    mark = mark_of(hint)
    if isinstance(mark, FromOneOf):
        hint = Annotated[Any, _context_in(path, mark)]
    elif isinstance(mark, FromContext):
        value_of_context(path, name, mark)
    elif (hint in (str, Rest) or isinstance(mark, PathId)) and name not in _values_in(path):
        raise BadRoute(f"{path} has no {name}.")
    return hint


def is_context(hint: Any) -> bool:
    """Whether a handler's parameter of this type is found by an id in the path."""
    return isinstance(mark_of(hint), FromContext)


def _context_in(path: str, mark: FromOneOf) -> FromContext:
    for context in mark.contexts:
        if f"{context.kind}_id" in _values_in(path):
            return context
    raise BadRoute(f"{path} has no {' or '.join(f'{context.kind}_id' for context in mark.contexts)}.")


def value_of_context(path: str, name: str, context: FromContext) -> str:
    """The path's value that a context is found by: ``account`` by ``:account_id``, else by ``:id``. Raises BadRoute.

    A context of one of several kinds is found by its kind.
    """
    values = _values_in(path)
    for value in (f"{name}_id", "id", f"{context.kind}_id"):
        if value in values:
            return value
    raise BadRoute(f"{path} has no {name}_id.")


def _values_in(path: str) -> list[str]:
    return re.findall(r"[:*]([a-z_0-9]+)", path)


def mark_of(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return get_args(hint)[-1]
    return None
