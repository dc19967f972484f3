"""A second factor in a real browser, with scripts and without: the QR code is there, and the forms lead on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.spec("homeroom.md#4")]
PASSWORD = "purple horses sing"


@pytest.fixture(params=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=request.param == "with scripts")
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    # What the page's own policy blocks is said on the console and nowhere else.
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert [text for text in complaints if "Failed to load resource: the server responded" not in text] == []


def new_person(live_server: LiveServer) -> str:
    login = f"{uuid4().hex}@home.test"
    form = {
        "user[name]": "Nina Newcomer",
        "user[skip_registration]": "1",
        "pseudonym[unique_id]": login,
        "pseudonym[password]": PASSWORD,
    }
    headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
    reply = httpx.post(f"{live_server.url}/api/v1/accounts/1/users", data=form, headers=headers)
    assert reply.status_code == 200, reply.text
    return login


def sign_in(page: Page, login: str) -> None:
    page.goto("/login")
    page.get_by_label("Login or e-mail address").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_one_sets_a_second_factor_up_signs_in_with_it_and_turns_it_off(page: Page, live_server: LiveServer) -> None:
    login = new_person(live_server)
    sign_in(page, login)
    expect(page.get_by_role("heading", name="Hello, Nina Newcomer")).to_be_visible()
    page.goto("/profile")
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_label("Login")).to_have_value(login)
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()

    box = page.get_by_role("img", name="QR code for an authenticator app").bounding_box()
    assert box is not None and box["width"] > 150 and abs(box["width"] - box["height"]) < 2
    app = pyotp.TOTP(page.locator("#secret").inner_text())
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("That code is not right.")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.get_by_label("Code", exact=True).fill(app.now())
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have written them down").click()
    expect(page.get_by_text("You have 10 recovery codes left.")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()

    sign_in(page, login)
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Hello, Nina Newcomer")).to_be_visible()

    page.goto("/profile/second_factor")
    page.get_by_label("Code", exact=True).fill(codes[1])
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_role("button", name="Set it up")).to_be_visible()
