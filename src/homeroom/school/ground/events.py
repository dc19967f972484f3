"""Events: a lower wing announces them and higher wings listen, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

E = TypeVar("E")
_listeners: dict[type, list[Callable[[Connection, Any], None]]] = defaultdict(list)


@dataclass(frozen=True, slots=True)
class AccountChangedPlace:
    """An account was moved or deleted: its people may belong to other accounts now."""

    account_id: int


@dataclass(frozen=True, slots=True)
class UserCreated:
    user_id: int


@dataclass(frozen=True, slots=True)
class UserRevived:
    """A deleted person was restored, under the same id."""

    user_id: int


@dataclass(frozen=True, slots=True)
class UserDeleted:
    user_id: int


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """A login's password changed, so other sessions must end; ``session_id`` is the session that changed it, if any."""

    user_id: int
    session_id: int | None


@dataclass(frozen=True, slots=True)
class LoginsClosed:
    """Logins were suspended or deleted: what was begun by them must not go on when they are opened again."""

    user_id: int
    login_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ObservationBegan:
    """Somebody starts observing a student."""

    observer_id: int
    student_id: int


@dataclass(frozen=True, slots=True)
class ObservationEnded:
    """Somebody stops observing a student."""

    observer_id: int
    student_id: int


@dataclass(frozen=True, slots=True)
class EnrollmentChanged:
    """An enrollment was added, changed or ended."""

    enrollment_id: int
    user_id: int
    course_id: int


@dataclass(frozen=True, slots=True)
class CourseChangedState:
    """A course was published, unpublished, concluded, deleted or restored; ``state`` is the new one. Its enrollments
    change without events of their own.
    """

    course_id: int
    state: str


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
