"""A browser without a window: it keeps cookies and fills in forms, as far as our pages need it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.conftest import School
from tests.support.cast import PASSWORD
from tests.support.client import Client, Reply


class Browser(Client):
    """Somebody nobody knows yet, who looks at pages."""

    def __init__(self, school: School) -> None:
        super().__init__(school.server, school.loop, {})

    def submit(self, page: str, form: dict[str, Any], to: str | None = None) -> Reply:
        """Open a page, fill its form in and send it, with the token that the page has."""
        return self.post(to or page, {"authenticity_token": token_in(self.get(page)), **form})


def token_in(page: Reply) -> str:
    """The authenticity token in a page's form."""
    match = re.search(r'name="authenticity_token" value="([^"]+)"', page.text)
    assert match is not None, page.text
    return unescape(match[1])


def sign_in(browser: Browser, who: str, password: str = PASSWORD, **more: Any) -> Reply:
    """Fill the form in as somebody of the cast, or with any login or address."""
    unique_id = who if "@" in who else f"{who}@school.test"
    return browser.submit(
        "/login/canvas", {"pseudonym_session": {"unique_id": unique_id, "password": password, **more}}
    )


def browser_of(school: School, who: str) -> Browser:
    """Somebody of the cast, signed in; ``anonymous`` is nobody."""
    browser = Browser(school)
    if who != "anonymous":
        assert sign_in(browser, "admin@homeroom.example" if who == "site_admin" else who).status == 302
    return browser
