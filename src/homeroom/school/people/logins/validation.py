"""The valid values of a login's fields (identity.md §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.people.passwords import message_of, problem_with
from homeroom.school.people.users.sign_up import PASSWORDS_ELSEWHERE, SIS_ID_LIMIT, fault_of_unique_id
from homeroom.school.states import LoginState

STATES = (LoginState.ACTIVE, LoginState.SUSPENDED)
USER_TYPES = ("administrative", "observer", "staff", "student", "student_other", "teacher")


def check(given: Mapping[str, Any], *, unique_id: str, has_password: bool, min_length: int) -> None:
    """Raise Invalid with every error. ``unique_id`` and ``has_password`` are the values after the change."""
    if faults := list(_faults(given, unique_id, has_password, min_length)):
        raise Invalid(*faults)


def _faults(given: Mapping[str, Any], unique_id: str, has_password: bool, min_length: int) -> Iterator[Fault]:
    if "unique_id" in given and (kind := fault_of_unique_id(unique_id, must_be_email=False)):
        yield Fault("unique_id", kind)
    for name in ("sis_user_id", "integration_id"):
        if len(given.get(name) or "") > SIS_ID_LIMIT:
            yield Fault(name, "too_long")
    if given.get("declared_user_type") and given["declared_user_type"] not in USER_TYPES:
        yield Fault("declared_user_type", "inclusion", "is not included in the list")
    if "workflow_state" in given and given["workflow_state"] not in STATES:
        yield Fault("workflow_state", "invalid", "invalid workflow_state")
    if password := given.get("password"):
        if not has_password:
            yield Fault("password", "invalid", PASSWORDS_ELSEWHERE)
        elif problem := problem_with(password, unique_id, min_length):
            yield Fault("password", problem, message_of(problem, min_length))
