"""OAuth2 errors: ``{"error", "error_description"}`` (identity.md §2)."""

from __future__ import annotations

from homeroom.school.ground.errors import SchoolError


class OAuthError(SchoolError):
    """``error`` is the code, ``description`` the message."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class NothingPending(SchoolError):
    """This browser has no waiting authorization."""
