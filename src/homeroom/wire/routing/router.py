"""The route table as a tree of path segments.

Rails' table, and so Canvas's, lets ``/users/self/course_nicknames`` and ``/users/:id/logins`` live side by side: a
literal is preferred, and when it leads nowhere the parameter beside it is tried. Routers that never go back
(docs/decisions/0001) answer 404 to ``/users/self/logins``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from homeroom.school.ground.errors import SchoolError

R = TypeVar("R")


class MethodNotAllowed(SchoolError):
    """Another method of this path exists."""

    def __init__(self, allowed: set[str]) -> None:
        super().__init__(", ".join(sorted(allowed)))
        self.allowed = sorted(allowed)


@dataclass(slots=True)
class _Node(Generic[R]):
    literals: dict[str, _Node[R]] = field(default_factory=dict)
    wildcard: _Node[R] | None = None
    here: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(slots=True)
class Match(Generic[R]):
    """The route, and the path's values by name; a ``*glob``'s value is the list of the remaining parts."""

    route: R
    values: dict[str, Any]


class Router(Generic[R]):
    """Finds the route of a method and a path's segments."""

    def __init__(self) -> None:
        self._root: _Node[R] = _Node()

    def add(self, method: str, path: str, route: R) -> None:
        """Add a documented path: literals, ``:name``, a last ``*name`` or ``(/*name)``. Raises ValueError if taken."""
        if path.endswith(")"):
            base, _, optional = path[:-1].partition("(")
            self.add(method, base, route)
            path = base + optional
        node = self._root
        names: list[str] = []
        for segment in filter(None, path.split("/")):
            if segment.startswith("*"):
                _put(node.rest, method, path, route, (*names, segment[1:]))
                return
            if segment.startswith(":"):
                names.append(segment[1:])
                node.wildcard = node.wildcard or _Node()
                node = node.wildcard
            else:
                node = node.literals.setdefault(segment, _Node())
        _put(node.here, method, path, route, tuple(names))

    def match(self, method: str, segments: Sequence[str]) -> Match[R] | set[str]:
        """The match, or the methods that this path has (an empty set: there is no such path)."""
        allowed: set[str] = set()
        found = _find(self._root, method, segments, 0, (), allowed)
        return allowed if found is None else found


def _put(routes: dict[str, tuple[R, tuple[str, ...]]], method: str, path: str, route: R, names: Iterable[str]) -> None:
    if method in routes:
        raise ValueError(f"Two routes answer {method} {path}.")
    routes[method] = route, tuple(names)


def _find(
    node: _Node[R], method: str, segments: Sequence[str], at: int, values: tuple[Any, ...], allowed: set[str]
) -> Match[R] | None:
    """The first match below this node; the methods of paths that match otherwise go into ``allowed``."""
    if at == len(segments):
        return _match_of(node.here, method, values, allowed)
    segment = segments[at]
    if literal := node.literals.get(segment):
        found = _find(literal, method, segments, at + 1, values, allowed)
        if found is not None:
            return found
    if node.wildcard and segment:
        found = _find(node.wildcard, method, segments, at + 1, (*values, segment), allowed)
        if found is not None:
            return found
    return _match_of(node.rest, method, (*values, list(segments[at:])), allowed) if node.rest else None


def _match_of(
    routes: dict[str, tuple[R, tuple[str, ...]]], method: str, values: tuple[Any, ...], allowed: set[str]
) -> Match[R] | None:
    found = routes.get(method)
    if found is None:
        allowed.update(routes)
        return None
    return Match(found[0], dict(zip(found[1], values, strict=False)))
