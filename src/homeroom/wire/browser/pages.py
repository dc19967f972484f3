"""Pages for people: one layout, its assets, and the headers that keep a page from being misused.

The faces that show pages share this; each brings its own templates over ``templates/base.html``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotAllowed, NotFound, NotSignedIn, Refused, SchoolError
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.wire.browser.assets import read_folder
from homeroom.wire.browser.browser import Browser
from homeroom.wire.browser.csrf import ForgedRequest
from homeroom.wire.browser.own_addresses import is_path_of_ours
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import HEADER_BYTES, MOST_HEADERS, HeadersTooLarge, Request
from homeroom.wire.http.transfer import BodyTooLarge, BodyTooSlow
from homeroom.wire.params.parsing import BadParameters
from homeroom.wire.routing.router import MethodNotAllowed
from homeroom.wire.serving.authentication import Caller

HTML = "text/html; charset=utf-8"
# With every answer of a face that shows pages (Face.headers).
PAGE_HEADERS = (
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
TERMS_PAGE = "/terms"
# Pages that are open before the terms are accepted, with everything below them.
_WITHOUT_TERMS = (
    TERMS_PAGE, "/logout", "/login/canvas", "/login/openid_connect", "/login/oauth2/callback", "/register", "/static",
    "/images",
)  # fmt: skip


class TermsNotAccepted(SchoolError):
    """The account's terms must be accepted before any page is shown (identity.md §11)."""


# What the layout is made of, at /static/<name>.
ASSETS = read_folder(Path(__file__).parent / "static")


def asset_url(name: str) -> str:
    """The address of an asset, which browsers may keep for ever because it changes with the content."""
    return f"/static/{name}?v={ASSETS[name].version}"


class ComesWithSessionToken(SchoolError):
    """The page's address carries a session token: the browser must be signed in first (identity.md §2)."""


class Pages:
    """The pages of one face. ``package`` holds its ``templates`` folder."""

    def __init__(self, package: str) -> None:
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("homeroom.wire.browser")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["asset"] = asset_url
        self._templates.filters["time"] = _time_text

    def show(
        self,
        browser: Browser,
        template: str,
        *,
        status: int = 200,
        headers: Iterable[tuple[str, str]] = (),
        form_action: Sequence[str] = (),
        img_src: Sequence[str] = (),
        **values: Any,
    ) -> Answer:
        """A page. Its template knows ``actor`` (or None), ``csrf_field()`` and these values.

        ``form_action``: other origins at which a form may end. Chromium follows the redirects after a
        form and asks the policy about each. ``img_src``: other origins of pictures.
        """
        form = _Form(browser)
        html = self._templates.get_template(template).render(
            actor=browser.actor,
            zone=_zone_of(browser),
            brand=browser.session.actor.root.name if browser.session else "Homeroom",
            csrf_field=form.field,
            path=browser.request.path.decode("latin-1"),
            **values,
        )
        policy = ("Content-Security-Policy", content_security_policy(form_action, img_src))
        return Answer(status, html.encode(), [policy, ("Cache-Control", "no-store"), *form.cookies, *headers], HTML)

    def error(self, error: Exception, request: Request) -> Answer:
        """The page for anything that was raised while a page's route ran."""
        match error:
            case ForgedRequest():
                return self._problem(request, 422, "This form is too old", _FORGED)
            case ComesWithSessionToken():
                return _to_entrance(request)
            case TermsNotAccepted():
                return _to_sign_in_or_terms(request, TERMS_PAGE)
            case NotSignedIn():
                return _to_sign_in_or_terms(request, "/login")
            case NotFound(what="invitation" | "password reset"):
                return self._problem(request, 404, "This link does not work any more", _USED_UP)
            case NotFound():
                return self._problem(request, 404, "There is no such page", _NOT_FOUND)
            case NotAllowed():
                return self._problem(request, 403, "You may not see this page", _NOT_ALLOWED)
            case Refused():
                return self._problem(request, error.status, "That did not work", error.message)
            case BadParameters():
                return self._problem(request, 400, "That did not work", str(error))
            case BodyTooLarge():
                return self._problem(request, 413, "That is too large", f"{error.limit} bytes is the most we take.")
            case BodyTooSlow():
                answer = self._problem(request, 408, "That took too long", "What was sent came too slowly. Try again.")
                answer.headers.append(("Connection", "close"))
                return answer
            case HeadersTooLarge():
                most = f"{MOST_HEADERS} headers with {HEADER_BYTES} bytes are the most we take."
                return self._problem(request, 431, "That is too large", most)
            case MethodNotAllowed():
                answer = self._problem(request, 405, "There is no such page", _NOT_FOUND)
                answer.headers.append(("Allow", ", ".join(error.allowed)))
                return answer
        return self._problem(request, 500, "Something went wrong here", f"{_BROKEN} {request.id}")

    def problem(self, request: Request, status: int, title: str, message: str) -> Answer:
        """The page that says what is wrong, for errors that only one face knows."""
        return self._problem(request, status, title, message)

    def _problem(self, request: Request, status: int, title: str, message: str) -> Answer:
        phrase = HTTPStatus(status).phrase
        return self.show(
            Browser(request), "problem.html", status=status, title=title, message=message, phrase=f"{status} {phrase}"
        )


class _Form:
    """The hidden field of a page's forms. A page that has none sets no cookies.

    A new browser asks for a missing icon while its first form loads: a second session would spoil the form.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._token = browser.token()
        self.cookies: list[tuple[str, str]] = []

    def field(self) -> Markup:
        if not self.cookies:
            self.cookies.append(self._browser.token_cookie(self._token))
            if self._browser.is_new:
                self.cookies.append(self._browser.session_cookie())
        return Markup('<input type="hidden" name="authenticity_token" value="{}">').format(self._token)


_FORGED = (
    "It was not sent from a page that this browser has open, or you have signed in or out since. "
    "Go back, load the page again and send it once more."
)
_USED_UP = (
    "It was used already, or it is too old. If you have a password, sign in. "
    "If not, choose “Forgotten your password?” where one signs in, and a new link comes by mail."
)
_NOT_FOUND = "The address may be wrong, or what was here is gone."
_NOT_ALLOWED = "You are signed in, but not as somebody who may see it."
_BROKEN = "It is not your fault. If it happens again, tell your administrator this number:"


_GRAVATAR = ("https://secure.gravatar.com", "https://www.gravatar.com", "https://gravatar.com")


def content_security_policy(form_action: Sequence[str] = (), img_src: Sequence[str] = ()) -> str:
    """What a page may load and where its forms may go: this server only."""
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            " ".join(("img-src 'self'", *_GRAVATAR, *img_src)),
            "font-src 'self'",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_action)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def redirect(path: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """Send the browser on to another page."""
    return Answer(302, b"", [("Location", path), ("Cache-Control", "no-store"), *headers], HTML)


def by_session(caller: Caller, db: Connection) -> Actor:
    """How faces with pages authenticate: by session only, and every change needs the session's token.

    Raises ForgedRequest, TermsNotAccepted and ComesWithSessionToken.
    """
    actor = caller.browser.find_session(db).actor
    if caller.request.method == "GET" and _session_token_in(caller.request):
        raise ComesWithSessionToken
    if caller.request.method != "GET":
        caller.browser.require_genuine(caller.params)
    if caller.browser.needs_terms:
        path = "/" + "/".join(caller.request.segments)
        if path != "/login" and not any(path == page or path.startswith(page + "/") for page in _WITHOUT_TERMS):
            raise TermsNotAccepted
    return actor


def _to_entrance(request: Request) -> Answer:
    """Away from an address with a session token, and back to it without."""
    pairs = _pairs_of(request)
    rest = urlencode([pair for pair in pairs if pair[0] != "session_token"])
    page = request.path.decode("latin-1") + (f"?{rest}" if rest else "")
    token = next(value for name, value in pairs if name == "session_token")
    return redirect(f"/login/session?{urlencode({'session_token': token, 'return_to': page})}")


def _session_token_in(request: Request) -> bool:
    # In the address only: a body may say what it likes, and there is nothing to send the browser back without.
    return b"session_token" in request.query and any(name == "session_token" for name, _ in _pairs_of(request))


def _pairs_of(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)


def _to_sign_in_or_terms(request: Request, page: str) -> Answer:
    """Redirects to sign in; the browser comes back to the wanted page afterwards."""
    if request.method != "GET":
        return redirect(page)
    wanted = request.path.decode("latin-1")
    if request.query:
        wanted += f"?{request.query.decode('latin-1')}"
    # A page that would not be followed is not remembered.
    return redirect(page, [Browser(request).want(wanted)] if is_path_of_ours(wanted) else [])


def _zone_of(browser: Browser) -> ZoneInfo:
    """Where the person at the browser reads times: in their own zone, or the school's."""
    if browser.session is None:
        return ZoneInfo("Etc/UTC")
    actor = browser.session.actor
    return ZoneInfo(iana_name(effective_zone(actor.root.settings, actor.time_zone)))


@pass_context
def _time_text(context: Context, time: datetime) -> str:
    return time.astimezone(context["zone"]).strftime("%-d %B %Y, %H:%M %Z")
