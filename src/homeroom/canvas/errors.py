"""What only Canvas routes say when something is wrong; the rest is ``homeroom.wire.http.api_errors``."""

from __future__ import annotations

from typing import Any

from homeroom.school.apps.access_tokens.actions import CannotRegenerate
from homeroom.school.people.observers.links import ObserveeRefused
from homeroom.school.people.users.search import SHORTEST_TERM, SearchTermTooShort
from homeroom.school.people.users.sign_up import InvalidSignUp, SignUpClosed
from homeroom.wire.http import api_errors
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.api_errors import faults_json
from homeroom.wire.http.request import Request


def render_error(error: Exception, request: Request) -> Answer:
    """The answer for anything that was raised while a Canvas route ran."""
    match error:
        case SearchTermTooShort():
            message = f"{SHORTEST_TERM} or more characters is required"
            return Answer(400, {"errors": [{"field": "search_term", "code": "invalid", "message": message}]})
        case ObserveeRefused():
            return Answer(error.status, {"errors": [{"message": error.message}]})
        case SignUpClosed():
            return Answer(403, {})
        case InvalidSignUp():
            return Answer(400, {"errors": sign_up_faults_json(error.faults)})
        case CannotRegenerate():
            return Answer(400, {"errors": {"message": error.message}})
    return api_errors.render_error(error, request)


def sign_up_faults_json(faults: Any) -> dict[str, Any]:
    """The same errors, grouped by record of the form. A record without errors is there and empty (users-core.md §4)."""
    records = {
        record: faults_json(fault for fault in faults if fault.record == record)
        for record in ("user", "pseudonym", "observee", "pairing_code")
    }
    return {**records, "recaptcha": None}
