"""What can go wrong in the school. A face turns each kind into its own status and body (style §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class SchoolError(Exception):
    """The family of refusals; anything else is a fault of ours."""


class NotSignedIn(SchoolError):
    """The call needs a user and there is none."""


class NotFound(SchoolError):
    """There is no such record, or the actor may not know that there is."""

    def __init__(self, what: str = "") -> None:
        super().__init__(what)
        self.what = what


class NotAllowed(SchoolError):
    """The actor is known and has not the right."""

    def __init__(self, right: str = "") -> None:
        super().__init__(right)
        self.right = right


class Refused(SchoolError):
    """A rule of one route says no; ``message`` is the documented sentence (basics.md §2.5, "hand-written checks").

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
    # Which record of a form it belongs to where a form makes several: "user", "pseudonym", "pairing_code".
    record: str = ""

    @property
    def text(self) -> str:
        """The message, which repeats the type where none was written by hand (basics.md §2.5)."""
        return self.message or self.type


class Invalid(SchoolError):
    """The values given break rules of a record: as many faults at once as the form has."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(f"{fault.attribute}: {fault.text}" for fault in faults))
        self.faults: Sequence[Fault] = faults
