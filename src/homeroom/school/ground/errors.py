"""Errors of the school. A face turns each kind into its own status and body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SchoolError(Exception):
    """The base of all expected errors; any other exception is a bug."""


class NotSignedIn(SchoolError):
    """The call needs a user, and nobody is signed in."""


class NotFound(SchoolError):
    """There is no such record, or the actor is not allowed to know of it."""

    def __init__(self, what: str = "") -> None:
        super().__init__(what)
        self.what = what


class NotAllowed(SchoolError):
    """The actor is known and does not have the right."""

    def __init__(self, right: str = "") -> None:
        super().__init__(right)
        self.right = right


class Refused(SchoolError):
    """A rule of one route refuses the call; ``message`` is the documented message (basics.md §2.5, "hand-written
    checks").

    ``status`` is 400 unless the spec names another; ``details`` are further keys of the body.
    """

    def __init__(self, message: str, *, status: int = 400, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.details = details


class TooManyTries(Refused):
    """What can be guessed was tried too often; the next try may be made in ``wait`` seconds."""

    def __init__(self, wait: int, message: str = "Too many tries. Try again later.") -> None:
        super().__init__(message, status=429)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one attribute. ``type`` is the code (``blank``, ``taken`` ...), ``message`` its text."""

    attribute: str
    type: str
    message: str = ""
    # The record it belongs to, if a form creates several: "user", "pseudonym", "pairing_code".
    record: str = ""

    @property
    def text(self) -> str:
        """The message; it repeats the type if there is no other text (basics.md §2.5)."""
        return self.message or self.type


class Invalid(SchoolError):
    """The given values are invalid; carries every error of the form."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(f"{fault.attribute}: {fault.text}" for fault in faults))
        self.faults: Sequence[Fault] = faults
