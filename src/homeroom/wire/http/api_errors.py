"""Errors in Canvas's form (basics.md §2), for every face that speaks its JSON. One test walks every kind."""

from __future__ import annotations

from typing import Any

from homeroom.school.ground.errors import Fault, Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooManyTries
from homeroom.school.sign_in.credentials import BadMasquerade, BadToken, InsufficientScopes
from homeroom.wire.http.answers import Answer, seconds
from homeroom.wire.http.request import HEADER_BYTES, MOST_HEADERS, HeadersTooLarge, Request
from homeroom.wire.http.transfer import BodyTooLarge, BodyTooSlow
from homeroom.wire.params.parsing import BadParameters
from homeroom.wire.params.scalars import MissingParameter
from homeroom.wire.routing.router import MethodNotAllowed

CHALLENGE = ("WWW-Authenticate", 'Bearer realm="canvas-lms"')
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
NOT_ALLOWED = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}


def render_error(error: Exception, request: Request) -> Answer:
    """The answer for anything that was raised while a route ran; a face has its own cases before this."""
    match error:
        case NotFound():
            return Answer(404, NOT_FOUND)
        case NotAllowed():
            return Answer(int(request.settings.not_allowed), NOT_ALLOWED)
        case NotSignedIn():
            return Answer(
                401,
                {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]},
                [CHALLENGE],
            )
        case BadToken():
            fault: dict[str, Any] = {"message": error.message}
            if error.expired_at is not None:
                fault["expired_at"] = seconds(error.expired_at)
            return Answer(401, {"errors": [fault]}, [CHALLENGE])
        case InsufficientScopes():
            return Answer(401, {"errors": [{"message": "Insufficient scopes on access token."}]})
        case BadMasquerade():
            body: dict[str, Any] = {"errors": error.message}
            if error.merged_into is not None:
                body["merged_into_user_id"] = error.merged_into
            return Answer(401, body)
        case TooManyTries():
            return Answer(429, {"message": error.message}, [("Retry-After", str(error.wait))])
        case Refused():
            return Answer(error.status, {"message": error.message, **error.details})
        case Invalid():
            return Answer(400, {"errors": faults_json(error.faults)})
        case MissingParameter():
            return Answer(400, {"errors": [{"message": f"{error.name} is missing"}]})
        case BadParameters():
            return Answer(400, _failure(error.message, "bad_request"))
        case BodyTooLarge():
            return Answer(413, _failure(f"The request body is larger than {error.limit} bytes.", "content_too_large"))
        case BodyTooSlow():
            return Answer(
                408, _failure("The request body came too slowly.", "request_timeout"), [("Connection", "close")]
            )
        case HeadersTooLarge():
            message = f"There are more than {MOST_HEADERS} headers, or more than {HEADER_BYTES} bytes in them."
            return Answer(431, _failure(message, "request_header_fields_too_large"))
        case MethodNotAllowed():
            body = _failure("The method is not allowed for this path.", "method_not_allowed")
            return Answer(405, body, [("Allow", ", ".join(error.allowed))])
    return Answer(500, _failure("An error occurred.", "internal_server_error"))


def _failure(message: str, code: str) -> dict[str, Any]:
    """The form of an exception that no rule of Canvas maps (basics.md §2.5)."""
    return {"errors": [{"message": message, "error_code": code}]}


def faults_json(faults: Any) -> dict[str, list[dict[str, str]]]:
    """``{attribute: [{attribute, type, message}]}`` (basics.md §2.5)."""
    errors: dict[str, list[dict[str, str]]] = {}
    for fault in faults:
        errors.setdefault(fault.attribute, []).append(fault_json(fault))
    return errors


def fault_json(fault: Fault) -> dict[str, str]:
    return {"attribute": fault.attribute, "type": fault.type, "message": fault.text}
