"""The page of the API in a real browser: its routes can be tried, with a token and with a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect
from tests.support.cast import PASSWORD, token_of
from tests.support.live import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page that nothing is blocked on, neither by its own policy nor by a mistake of ours."""
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: elsewhere.append(asked.url))
    yield page
    assert [text for text in complaints if "Failed to load resource: the server responded" not in text] == []
    assert [url for url in elsewhere if not url.startswith((live_server.url, "data:"))] == []
    context.close()


def open_docs(page: Page, token: str | None = None) -> None:
    page.goto("/api/docs")
    page.get_by_role("button", name="Authorize").wait_for()
    if token is not None:
        page.get_by_role("button", name="Authorize").click()
        window = page.locator(".modal-ux")
        window.locator("input").fill(token)
        window.locator(".auth-btn-wrapper .authorize").click()
        window.locator(".close-modal").click()


def unfold(page: Page, tag: str, name: str) -> Locator:
    """The operation, ready to be tried."""
    group = page.locator(f"#operations-tag-{tag}")
    if group.get_attribute("data-is-open") != "true":
        group.click()
    operation = page.locator(f"#operations-{tag}-{name}")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").wait_for()
    return operation


def fill(operation: Locator, values: dict[str, str]) -> None:
    for name, value in values.items():
        row = f"tr[data-param-name='{name}'], tr[data-property-name='{name}']"
        operation.locator(row).locator("input[type=text], textarea").first.fill(value)


def execute(page: Page, operation: Locator) -> tuple[Request, int, Any]:
    """What was sent, and how it was answered; the page shows the same."""
    with page.expect_response(lambda answer: "/api/v1/" in answer.url) as waiting:
        operation.get_by_role("button", name="Execute").click()
    answer = waiting.value
    shown = operation.locator(".live-responses-table .response-col_status").last
    expect(shown).to_contain_text(str(answer.status))
    return answer.request, answer.status, answer.json()


def test_a_list_is_asked_for_with_a_token(page: Page) -> None:
    open_docs(page, token_of("admin"))
    operation = unfold(page, "Users", "list_users")
    fill(operation, {"account_id": "self", "search_term": "stella"})
    include = operation.locator("tr[data-param-name='include[]']")
    include.get_by_role("button", name="Add string item").click()
    include.locator("input[type=text]").fill("email")
    asked, status, people = execute(page, operation)
    assert asked.headers["authorization"] == f"Bearer {token_of('admin')}"
    assert {("search_term", "stella"), ("include[]", "email")} <= set(parse_qsl(urlsplit(asked.url).query))
    assert (status, [person["email"] for person in people]) == (200, ["student@school.test"])
    expect(operation.locator(".live-responses-table")).to_contain_text("Stella Student")


def test_of_a_form_only_what_was_filled_in_is_sent(page: Page, live_server: LiveServer) -> None:
    open_docs(page, token_of("admin"))
    operation = unfold(page, "Users", "update_user")
    fill(operation, {"id": str(live_server.id("student")), "user[short_name]": "Stell"})
    asked, status, person = execute(page, operation)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(asked.post_data or "")) == {"user[short_name]": "Stell", "override_sis_stickiness": "true"}
    assert (status, person["name"], person["short_name"]) == (200, "Stella Student", "Stell")


def test_an_empty_value_is_sent_where_it_is_wanted(page: Page, live_server: LiveServer) -> None:
    open_docs(page, token_of("admin"))
    operation = unfold(page, "Users", "update_user")
    fill(operation, {"id": str(live_server.id("student"))})
    operation.locator("tr[data-property-name='user[time_zone]'] input[type=checkbox]").check()
    asked, status, _ = execute(page, operation)
    sent = dict(parse_qsl(asked.post_data or "", keep_blank_values=True))
    assert sent == {"user[time_zone]": "", "override_sis_stickiness": "true"}
    assert status == 200


def test_a_body_may_be_json(page: Page, live_server: LiveServer) -> None:
    open_docs(page, token_of("admin"))
    operation = unfold(page, "Users", "update_user")
    operation.get_by_label("Request content type").select_option("application/json")
    fill(operation, {"id": str(live_server.id("student"))})
    operation.locator(".body-param textarea").fill(json.dumps({"user": {"short_name": "Stellina"}}))
    asked, status, person = execute(page, operation)
    assert asked.headers["content-type"] == "application/json"
    assert (status, person["short_name"]) == (200, "Stellina")


def test_who_is_signed_in_needs_no_token(page: Page) -> None:
    page.goto("/login/canvas")
    page.get_by_label("Login or e-mail address").fill("teacher@school.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    open_docs(page)
    expect(page.get_by_text("you call as Tina Teacher")).to_be_visible()
    operation = unfold(page, "Settings", "update_settings")
    fill(operation, {"id": "self"})
    operation.locator("tr[data-property-name=manual_mark_as_read] select").select_option("true")
    _, status, settings = execute(page, operation)
    assert (status, settings["manual_mark_as_read"]) == (200, True)


def test_without_a_token_a_route_is_refused_in_words(page: Page) -> None:
    open_docs(page)
    operation = unfold(page, "Users", "show_user")
    fill(operation, {"id": "self"})
    _, status, body = execute(page, operation)
    assert (status, body["errors"][0]["message"]) == (401, "user authorization required")


def test_every_route_is_on_the_page(page: Page) -> None:
    open_docs(page)
    document = page.request.get("/api/docs/openapi.json").json()
    expect(page.locator(".opblock-tag")).to_have_count(len(document["tags"]))
    shown = 0
    for tag in document["tags"]:
        group = page.locator(f"#operations-tag-{tag['name'].replace(' ', '_')}")
        group.click()
        routes = [
            one for methods in document["paths"].values() for one in methods.values() if one["tags"] == [tag["name"]]
        ]
        expect(page.locator(".opblock")).to_have_count(len(routes))
        shown += len(routes)
        group.click()
    assert shown == sum(len(methods) for methods in document["paths"].values())
