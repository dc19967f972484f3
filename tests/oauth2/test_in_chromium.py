"""A person says yes to an application in a real browser, with JavaScript and without (identity.md §2)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Browser, Page
from tests.support.cast import PASSWORD
from tests.support.chromium import chromium
from tests.support.live import LiveServer
from tests.support.outside import Outside, outside

pytestmark = [pytest.mark.browser, pytest.mark.spec("identity.md#2")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def callback() -> Iterator[Outside]:
    with outside() as server:
        server.documents["/callback"] = b"<!doctype html><title>Back</title><h1>Welcome back</h1>"
        yield server


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def link_of_app(live_server: LiveServer, callback: Outside) -> str:
    headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
    url = f"{live_server.url}/api/v1/accounts/1/developer_keys"
    fields = {"name": "Lab Notebook", "redirect_uris": f"{callback.url}/callback"}
    key = requests.post(url, json={"developer_key": fields}, headers=headers, timeout=10).json()["id"]
    switch = {"developer_key_account_binding": {"workflow_state": "on"}}
    requests.post(f"{url}/{key}/developer_key_account_bindings", json=switch, headers=headers, timeout=10)
    query = {"client_id": key, "response_type": "code", "redirect_uri": fields["redirect_uris"], "state": "s p&c"}
    return f"{live_server.url}/login/oauth2/auth?{urlencode(query)}"


def sign_in(page: Page) -> None:
    page.get_by_label("Login or e-mail address").fill("student@school.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_signs_in_and_allows(live_server: LiveServer, callback: Outside, page: Page) -> None:
    page.goto(link_of_app(live_server, callback))
    sign_in(page)
    assert page.get_by_role("heading", name="Allow Lab Notebook?").is_visible()
    assert "to see and change all that you can" in page.inner_text("main")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    query = callback.queries["/callback"]
    assert query["state"] == "s p&c"
    assert len(query["code"]) == 128


def test_a_person_who_does_not_allow_is_sent_back_too(live_server: LiveServer, callback: Outside, page: Page) -> None:
    page.goto(link_of_app(live_server, callback))
    sign_in(page)
    page.get_by_role("link", name="Do not allow").click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    assert callback.queries["/callback"] == {"error": "access_denied", "state": "s p&c"}
