"""What the OAuth2 face says when something is wrong."""

from __future__ import annotations

from homeroom.oauth2.pages import PAGES
from homeroom.school.apps.oauth.errors import NothingPending, OAuthError
from homeroom.school.sign_in.credentials import BadMasquerade, BadToken
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.api_errors import render_error as render_api_error
from homeroom.wire.http.request import Request
from homeroom.wire.params.parsing import BadParameters

CHALLENGE = ("WWW-Authenticate", "Canvas OAuth 2.0")
_NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
# Programs call these; everything else is a page.
FOR_PROGRAMS = frozenset(("token", "session_token"))


def oauth_answer(error: OAuthError) -> Answer:
    """The JSON of RFC 6749 §5.2."""
    challenge = [CHALLENGE] if error.status == 401 else []
    body = {"error": error.error, "error_description": error.description}
    return Answer(error.status, body, [*challenge, *_NO_STORE])


def refused(error: OAuthError, request: Request) -> Answer:
    """The refusal of an authorization request that is not told to the client: a page for people, JSON for programs."""
    if "text/html" not in (request.header(b"accept") or ""):
        return oauth_answer(error)
    told = f"Whoever made the application can help you. Tell them this: {error.error}: {error.description}"
    answer = PAGES.problem(request, error.status, "This application cannot ask you for access", told)
    answer.headers.extend([CHALLENGE] if error.status == 401 else [])
    return answer


def render_error(error: Exception, request: Request) -> Answer:
    match error:
        case OAuthError():
            return refused(error, request) if request.segments[-1] not in FOR_PROGRAMS else oauth_answer(error)
        case NothingPending():
            return Answer(400, b"Invalid or missing session for oauth", content_type="text/plain; charset=utf-8")
    if request.segments and request.segments[-1] in FOR_PROGRAMS:
        if isinstance(error, BadParameters):
            return oauth_answer(OAuthError("invalid_request", str(error)))
        return render_api_error(error, request)
    if isinstance(error, BadToken | BadMasquerade):
        return render_api_error(error, request)
    return PAGES.error(error, request)
