"""A person at a real browser without JavaScript, as far as pages with forms need one: over a socket, with cookies."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from tests.support.cast import PASSWORD


class Form(HTMLParser):
    """The page's forms: where each goes, and what its fields hold before anybody types."""

    def __init__(self, page: requests.Response) -> None:
        super().__init__()
        self.actions: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}
        self.feed(page.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "form":
            self._fields = self.actions.setdefault(values["action"] or "", {})
        elif tag == "input" and values.get("name") and values.get("type") != "checkbox":
            self._fields[values["name"] or ""] = values.get("value") or ""


class Person:
    """Somebody of the cast, or whoever has this login. ``session`` is their browser's cookie jar."""

    def __init__(self, who: str, password: str = PASSWORD) -> None:
        self.login = who if "@" in who else f"{who}@school.test"
        self.password = password
        self.session = requests.Session()

    def open(self, url: str) -> requests.Response:
        return self.session.get(url, timeout=10)

    def send(self, page: requests.Response, action: str, **typed: str) -> requests.Response:
        """Fill in the form of this page that goes there, and press its button."""
        fields = Form(page).actions[action]
        return self.session.post(urljoin(page.url, action), {**fields, **typed}, timeout=10)

    def sign_in(self, page: requests.Response) -> requests.Response:
        """On the page to sign in: do so, and go where that leads."""
        typed = {"pseudonym_session[unique_id]": self.login, "pseudonym_session[password]": self.password}
        return self.send(page, "/login/canvas", **typed)

    def allow(self, authorize_url: str) -> str:
        """Follow an application's link, sign in and press Allow; the application's address, with its code."""
        page = self.open(authorize_url)
        if page.url.partition("?")[0].endswith("/login/canvas"):
            page = self.sign_in(page)
        assert page.url.endswith("/login/oauth2/confirm"), (page.url, page.text)
        return self.send(page, "/login/oauth2/accept").url
