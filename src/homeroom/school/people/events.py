"""What this wing announces to those above it."""

from __future__ import annotations

from dataclasses import dataclass


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
class SignedOutEverywhere:
    """The person's browsers, tokens and masquerades end."""

    user_id: int


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
