"""What happened, told to those above: a lower wing announces, higher wings listen, in the same transaction."""

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
    """A deleted person is back, under the same id."""

    user_id: int


@dataclass(frozen=True, slots=True)
class UserDeleted:
    user_id: int


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """Whoever knew the old password must not stay signed in; ``session_id`` is who changed it, if by a browser."""

    user_id: int
    session_id: int | None


@dataclass(frozen=True, slots=True)
class LoginsClosed:
    """Logins were suspended or deleted: what was begun by them must not go on when they are opened again."""

    user_id: int
    login_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ObservationBegan:
    """Somebody observes a student from now on."""

    observer_id: int
    student_id: int


@dataclass(frozen=True, slots=True)
class ObservationEnded:
    """Somebody observes a student no more."""

    observer_id: int
    student_id: int


@dataclass(frozen=True, slots=True)
class EnrollmentChanged:
    """Somebody came into a course, left it or changed there."""

    enrollment_id: int
    user_id: int
    course_id: int


@dataclass(frozen=True, slots=True)
class CourseChangedState:
    """A course was published, unpublished, concluded, deleted or brought back; ``state`` is the new one.

    Its enrollments follow without being announced one by one.
    """

    course_id: int
    state: str


def listen(kind: type[E]) -> Callable[[Callable[[Connection, E], None]], Callable[[Connection, E], None]]:
    """Call the decorated function with the transaction and the event whenever one of this kind is announced."""

    def register(function: Callable[[Connection, E], None]) -> Callable[[Connection, E], None]:
        if function not in _listeners[kind]:
            _listeners[kind].append(function)
        return function

    return register


def announce(db: Connection, event: object) -> None:
    """Tell every listener, now and inside this transaction; a listener that raises undoes the whole change."""
    for listener in _listeners[type(event)]:
        listener(db, event)
