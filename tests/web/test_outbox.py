"""The outbox, while developing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert
from tests.conftest import School
from tests.support.browser import browser_of

from homeroom import clock
from homeroom.school.schema import MailMessage

PAGES = ["/homeroom/outbox", "/homeroom/outbox/1", "/homeroom/outbox/1/html"]


@pytest.fixture
def dev(school: School) -> School:
    now = clock.now()
    row: dict[str, Any] = {
        "notification": "Test",
        "recipient": "stella@home.test",
        "subject": "Open <me>",
        "text_body": "Dear <i>you</i>,\nsee http://school.test/register/abc?x=1&y=2.",
        "state": "queued",
        "next_attempt_at": now,
        "created_at": now,
    }
    school.write(lambda db: db.execute(insert(MailMessage).values(row)))
    return school.with_settings(dev=True)


def test_the_outbox_lists_messages_and_shows_them_with_working_links(dev: School) -> None:
    client = browser_of(dev, "site_admin")
    listed = client.get("/homeroom/outbox")
    assert listed.status == 200
    url = listed.text.split('<a href="/homeroom/outbox/')[1].split('"')[0]
    assert "Open &lt;me&gt;" in listed.text
    for page in (f"/homeroom/outbox/{url}", f"/homeroom/outbox/{url}/html"):
        shown = client.get(page)
        assert shown.status == 200
        assert 'href="http://school.test/register/abc?x=1&amp;y=2"' in shown.text
        assert "Dear &lt;i&gt;you&lt;/i&gt;" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]


def test_an_empty_outbox_says_so(school: School) -> None:
    page = browser_of(school.with_settings(dev=True), "site_admin").get("/homeroom/outbox")
    assert "There is no mail yet" in page.text


@pytest.mark.parametrize("url", ["/homeroom/outbox/99", "/homeroom/outbox/self", "/homeroom/outbox/0/html"])
def test_a_message_that_is_not_there_is_not_found(dev: School, url: str) -> None:
    assert browser_of(dev, "site_admin").get(url).status == 404


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("student", 403), ("admin", 403), ("site_admin", 200)])
def test_whoever_reads_everybodys_mail_can_be_everybody_so_only_site_admins_do(
    dev: School, who: str, status: int, url: str
) -> None:
    reply = browser_of(dev, who).get(url)
    assert reply.status == status
    assert ("http://school.test/register/abc" in reply.text) is (status == 200 and url != PAGES[0])
    if who == "anonymous":
        assert reply.headers["location"].startswith("/login")


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("who", ["anonymous", "student", "site_admin"])
def test_there_is_no_outbox_but_while_developing(dev: School, school: School, who: str, url: str) -> None:
    assert browser_of(school, who).get(url).status == 404
