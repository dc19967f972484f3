"""An authenticator app, and people who use one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyotp

from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in
from tests.support.cast import PASSWORD
from tests.support.client import Reply
from tests.support.watch import Watch

ME = "/api/v1/users/self"
PAGE, SETUP, STEP = "/profile/second_factor", "/profile/second_factor/setup", "/login/canvas/second_factor"


@dataclass
class App:
    """What is on the phone, and what was written down."""

    secret: str
    watch: Watch
    recovery_codes: list[str]

    def next_code(self) -> str:
        """A code that was not used yet."""
        self.watch.passes(30)
        return self.code()

    def code(self, off: int = 0) -> str:
        return pyotp.TOTP(self.secret).generate_otp(int(self.watch.now.timestamp()) // 30 + off)


def secret_in(page: Reply) -> str:
    match = re.search(r'<code id="secret">([A-Z2-7]{32})</code>', page.text)
    assert match is not None, page.text
    return match[1]


def recovery_codes_in(page: Reply) -> list[str]:
    codes = re.findall(r"<li><code>([a-z2-7-]{19})</code></li>", page.text)
    assert len(codes) == 10, page.text
    return codes


def enrol(browser: Browser, watch: Watch) -> App:
    """Set a second factor up in the profile."""
    assert browser.submit(PAGE, {"password": PASSWORD}).headers["location"] == SETUP
    app = App(secret_in(browser.get(SETUP)), watch, [])
    done = browser.submit(SETUP, {"code": app.next_code()})
    assert done.status == 200, done.text
    app.recovery_codes = recovery_codes_in(done)
    return app


def enrolled(school: School, who: str, watch: Watch) -> App:
    return enrol(browser_of(school, who), watch)


def step(browser: Browser, code: str) -> Reply:
    return browser.submit(STEP, {"code": code})


def is_in(browser: Browser) -> bool:
    return browser.get(ME).status == 200


def browser_with(school: School, app: App, who: str = "student") -> Browser:
    browser = Browser(school)
    sign_in(browser, who)
    assert step(browser, app.next_code()).status == 302
    return browser
