"""Errors of signing in through an OpenID provider."""

from __future__ import annotations

from homeroom.school.ground.errors import SchoolError


class SignInFailed(SchoolError):
    """``sentence`` is shown to the person. It says nothing that helps an attacker."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


STALE = "This sign-in was not begun in this browser, or too long ago. Please try again."
NOT_FINISHED = "The sign-in was not finished on the other side."
NOT_GENUINE = "The other side's answer could not be checked. Please try again."
UNREACHABLE = "Your school's sign-in service does not answer. Please try again later."
TOO_OFTEN = "Signing in failed too often from here. Please try again in a quarter of an hour."
NOT_SET_UP = "Your school's sign-in service is not set up completely. Please tell an administrator."
UNKNOWN = "Nobody here has the login that you signed in with. Please ask an administrator."
