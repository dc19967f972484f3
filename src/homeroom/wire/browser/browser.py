"""The calling browser: its session, its CSRF token, and its cookies (homeroom.md §4)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import Connection

from homeroom.school.ground.errors import Refused
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import attempts, password_sign_in, sessions
from homeroom.school.sign_in.places import LIFETIME, Place
from homeroom.school.sign_in.sessions import Session
from homeroom.wire.browser.csrf import ForgedRequest, is_genuine, token_for
from homeroom.wire.browser.own_addresses import is_path_of_ours
from homeroom.wire.http.request import Request

SESSION, TOKEN, WANTED = "homeroom_session", "_csrf_token", "homeroom_wanted"
# A browser takes a cookie of such a name from this very host only, by https: no neighbour can plant one.
# Not for TOKEN, which API clients look for by the name that Canvas gave it, and which opens nothing alone.
_HOST_ONLY = "__Host-"
# Stays when somebody signs out: tries of others do not lock out a browser that signed in before (decision 0011).
KNOWN = "homeroom_known"
# What we once gave out: a client cannot choose a short secret, or one with odd characters, for its session.
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
Header = tuple[str, str]
# Sign-ins that may begin from one network address, in attempts.WINDOW: a row waits for each. A whole school may sit
# behind one address.
MOST_WAITING = 600


def cookie_name(request: Request, name: str) -> str:
    """What the cookie is called where this request comes from."""
    return f"{_HOST_ONLY}{name}" if name != TOKEN and request.is_secure else name


def session_cookie_of(request: Request) -> str | None:
    """The session's cookie, if the browser sent one."""
    return request.cookie(cookie_name(request, SESSION)) if b"cookie" in request.headers else None


class Browser:
    """``secret`` is the session cookie's value; a new one when the browser has none yet."""

    def __init__(self, request: Request) -> None:
        self.request = request
        sent = session_cookie_of(request) or ""
        self.is_new = _SECRET.fullmatch(sent) is None
        self.secret = sessions.new_secret() if self.is_new else sent
        self.session = request.session

    def find_session(self, db: Connection) -> Session:
        """The browser's session; one statement."""
        session = self.session = self.request.session = sessions.find(db, None if self.is_new else self.secret)
        return session

    @property
    def actor(self) -> Actor | None:
        """The signed-in person, if the session was read; None for nobody."""
        if self.session is None or not self.session.actor.is_signed_in:
            return None
        return self.session.actor

    @property
    def needs_terms(self) -> bool:
        """Whether the signed-in person must accept the terms first. An admin who masquerades cannot do it for them."""
        return (
            self.session is not None
            and self.actor is not None
            and not self.actor.is_masquerading
            and self.actor.root.settings.require_terms
            and not self.session.terms_accepted
        )

    def require_genuine(self, params: dict[str, Any]) -> None:
        """Raise ForgedRequest unless the request has the session's token, as a header or as a field."""
        sent = self.request.header(b"x-csrf-token")
        if self.is_new or not is_genuine(self.secret, params.get("authenticity_token") if sent is None else sent):
            raise ForgedRequest

    def keep(self, db: Connection, name: str, value: Any) -> Header:
        """Keep something for this browser, signed in or not, until it is signed out; None forgets it.

        The header must go with the answer: it gives a new browser its cookie. Raises Refused when too many browsers
        of one network address want something kept.
        """
        assert self.session is not None
        if self.session.id is None and value is not None:
            self._admit_one_more(db)
        sessions.keep(db, self.secret, self.session, name, value)
        return self.session_cookie()

    def _admit_one_more(self, db: Connection) -> None:
        name = attempts.from_address("waiting browser", self.request.remote_ip)
        if not attempts.count(db, name, MOST_WAITING):
            raise Refused("Too many people began to sign in from this network. Try again in a while.", status=429)

    @property
    def kept(self) -> dict[str, Any]:
        """What was kept for this browser, by name."""
        return self.session.data if self.session is not None else {}

    def sign_in(self, db: Connection, user_id: int, **values: Any) -> list[Header]:
        """Start a session for this person (``values``: see ``sessions.start``); the cookies to answer with."""
        remember = bool(values.get("remember"))
        agent = self.request.header(b"user-agent") or ""
        self.secret = sessions.start(db, user_id, user_agent=agent, replaces=self.session, **values)
        lifetime = int(sessions.REMEMBERED_LIFETIME.total_seconds()) if remember else None
        return [self.session_cookie(lifetime), self.token_cookie(token_for(self.secret)), self.forget_wanted()]

    @property
    def place(self) -> Place:
        """Where this request comes from."""
        sent = self.request.cookie(cookie_name(self.request, KNOWN)) or ""
        return Place(self.request.remote_ip, sent if _SECRET.fullmatch(sent) else None)

    def wait(self, db: Connection, user_id: int, value: Any) -> list[Header]:
        """Keep who is on their way in while their second factor is waited for; the cookies to answer with."""
        self.secret = sessions.wait_for_second_factor(db, user_id, value, replaces=self.session)
        return [self.session_cookie(), self.token_cookie(token_for(self.secret))]

    def enter(self, db: Connection, user_id: int, *, login_id: int, **values: Any) -> list[Header]:
        """Sign in somebody whose password, or whose mail, proved who they are; the browser is known from now on."""
        place = self.place._replace(browser=self.place.browser or sessions.new_secret())
        password_sign_in.signed_in(db, login_id, user_id, place)
        lifetime = int(LIFETIME.total_seconds())
        known = self._cookie(KNOWN, place.browser or "", lifetime=lifetime)
        return [known, *self.sign_in(db, user_id, login_id=login_id, **values)]

    def sign_out(self, db: Connection) -> list[Header]:
        """End the session; the cookies to answer with."""
        if self.session is not None:
            sessions.end(db, self.session)
            self.session = None
        return [self._cookie(SESSION, "", lifetime=0), self._cookie(TOKEN, "", lifetime=0, hidden=False)]

    def token(self) -> str:
        """The token for a form of this browser's."""
        return token_for(self.secret)

    def session_cookie(self, lifetime: int | None = None) -> Header:
        return self._cookie(SESSION, self.secret, lifetime=lifetime)

    def token_cookie(self, token: str) -> Header:
        # Scripts of our pages and API clients read this one: it is what X-CSRF-Token repeats.
        return self._cookie(TOKEN, quote(token, safe=""), hidden=False)

    @property
    def wanted(self) -> str | None:
        """The page of ours that this browser was sent away from to sign in."""
        path = unquote(self.request.cookie(cookie_name(self.request, WANTED)) or "")
        return path if is_path_of_ours(path) else None

    def want(self, path: str) -> Header:
        """Remember the page that was wanted."""
        return self._cookie(WANTED, quote(path, safe="/"), lifetime=3600)

    def forget_wanted(self) -> Header:
        return self._cookie(WANTED, "", lifetime=0)

    def _cookie(self, name: str, value: str, *, lifetime: int | None = None, hidden: bool = True) -> Header:
        parts = [f"{cookie_name(self.request, name)}={value}", "Path=/", "SameSite=Lax"]
        if hidden:
            parts.append("HttpOnly")
        if self.request.is_secure:
            parts.append("Secure")
        if lifetime is not None:
            parts.append(f"Max-Age={lifetime}")
        return "Set-Cookie", "; ".join(parts)
