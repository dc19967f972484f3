"""The actors of the matrix: who calls, with which credentials.

Everybody has a token and a browser that is signed in: the API looks at the one, pages look at the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tests.conftest import School
from tests.support.browser import Browser, browser_of
from tests.support.cast import token_of
from tests.support.client import Client, Reply
from tests.support.oauth import CALLBACK
from tests.support.sign_in import new_key, token_of_key


@dataclass(frozen=True)
class Actor:
    """``headers`` say who calls; ``query`` is added to every address."""

    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""


# Column of the table -> who it is. The order is that of the columns.
WHO = {
    "anon": "nobody is signed in",
    "outs": "outsider: an account, and nothing else",
    "othr": "admin_of_another_school: AccountAdmin of Southern; everything below is in Northern",
    "mate": "classmate: another student of Biology",
    "self": "student: most addresses are about her",
    "obsv": "observer, linked to the student",
    "teac": "teacher of Biology",
    "desg": "designer of Biology",
    "sub": "sub_admin: AccountAdmin of Northern",
    "narr": "narrow_admin: a role on the root account that has only read_roster",
    "root": "admin: AccountAdmin of the root account",
    "site": "site_admin",
    "scop": "a token of the admin that has one scope: GET /api/v1/users/:id",
    "masq": "the admin, acting as the student (as_user_id)",
}
_CAST = {
    "outs": "outsider",
    "othr": "admin_of_another_school",
    "mate": "classmate",
    "self": "student",
    "obsv": "observer",
    "teac": "teacher",
    "desg": "designer",
    "sub": "sub_admin",
    "narr": "narrow_admin",
    "root": "admin",
    "site": "site_admin",
}
ONLY_SCOPE = "url:GET|/api/v1/users/:id"


def actors_in(school: School, client_id: str) -> dict[str, Actor]:
    """Everybody by column. Each browser has an application's question open (``/login/oauth2/confirm``)."""
    people = {name: Actor(_signed_in(school, who, client_id)) for name, who in _CAST.items()}
    limited = new_key(school, require_scopes=True, scopes=[ONLY_SCOPE])
    scoped = token_of_key(school, "admin", limited, [ONLY_SCOPE])
    return {
        "anon": Actor(_headers(browser_of(school, "anonymous"), client_id)),
        **people,
        "scop": Actor({"authorization": f"Bearer {scoped}"}),
        "masq": _acting_as_the_student(school, client_id),
    }


def _signed_in(school: School, who: str, client_id: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token_of(who)}", **_headers(browser_of(school, who), client_id)}


def _acting_as_the_student(school: School, client_id: str) -> Actor:
    query = f"as_user_id={school.id('student')}"
    browser = Browser(school)
    way_in = urlsplit(school.as_("admin").get(f"/login/session_token?{query}").json["session_url"])
    assert browser.get(f"/login/session?{way_in.query}").status == 302
    return Actor({"authorization": f"Bearer {token_of('admin')}", **_headers(browser, client_id)}, query)


def _headers(browser: Browser, client_id: str) -> dict[str, str]:
    """The cookies of the browser, and the header by which it proves that its forms are its own."""
    asked = f"client_id={client_id}&response_type=code&redirect_uri={CALLBACK}&state=x"
    assert browser.get(f"/login/oauth2/auth?{asked}").status == 302
    browser.get("/login/canvas")
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"cookie": cookies, "x-csrf-token": unquote(browser.cookies["_csrf_token"])}


def call(school: School, actor: Actor, method: str, path: str, body: str) -> Reply:
    """One request, exactly as it stands in the table. ``body`` is a form, or JSON when it begins with a brace."""
    client = Client(school.server, school.loop, actor.headers)
    joint = "&" if "?" in path else "?"
    url = f"{path}{joint}{actor.query}" if actor.query else path
    kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
    headers = {"content-type": kind} if body else {}
    return client.call(method, url, body=body.encode(), headers=headers)
