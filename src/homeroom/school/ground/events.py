"""Events: a lower wing announces them and higher wings listen, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

E = TypeVar("E")
_listeners: dict[type, list[Callable[[Connection, Any], None]]] = defaultdict(list)


def listen(kind: type[E]) -> Callable[[Callable[[Connection, E], None]], Callable[[Connection, E], None]]:
    """Call the decorated function with the transaction and the event for every event of this type."""

    def register(function: Callable[[Connection, E], None]) -> Callable[[Connection, E], None]:
        if function not in _listeners[kind]:
            _listeners[kind].append(function)
        return function

    return register


def announce(db: Connection, event: object) -> None:
    """Call every listener, now and inside this transaction. A listener that raises rolls back the whole change."""
    for listener in _listeners[type(event)]:
        listener(db, event)
