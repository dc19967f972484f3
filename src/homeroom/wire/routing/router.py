"""The route table as a tree of path segments.

Rails' table, and so Canvas's, lets ``/users/self/course_nicknames`` and ``/users/:id/logins`` live side by side: a
literal is preferred, and when it leads nowhere the parameter beside it is tried. Routers that never go back
(docs/decisions/0001) answer 404 to ``/users/self/logins``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(slots=True)
class _Node(Generic[R]):
    literals: dict[str, _Node[R]] = field(default_factory=dict)
    wildcard: _Node[R] | None = None
    here: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
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
        for routes, values in _walk(self._root, segments, 0, ()):
            if found := routes.get(method):
                return Match(found[0], dict(zip(found[1], values, strict=False)))
            allowed.update(routes)
        return allowed


def _put(routes: dict[str, tuple[R, tuple[str, ...]]], method: str, path: str, route: R, names: Iterable[str]) -> None:
    if method in routes:
        raise ValueError(f"Two routes answer {method} {path}.")
    routes[method] = route, tuple(names)


def _walk(
    node: _Node[R], segments: Sequence[str], at: int, values: tuple[Any, ...]
) -> Iterator[tuple[dict[str, tuple[R, tuple[str, ...]]], tuple[Any, ...]]]:
    if at == len(segments):
        if node.here:
            yield node.here, values
        return
    segment = segments[at]
    if literal := node.literals.get(segment):
        yield from _walk(literal, segments, at + 1, values)
    if node.wildcard and segment:
        yield from _walk(node.wildcard, segments, at + 1, (*values, segment))
    if node.rest:
        yield node.rest, (*values, list(segments[at:]))
