"""``destination``: the page that a person who was just created opens, signed in (users-core.md §4)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import School
from tests.support.browser import Browser
from tests.support.client import HOST

from homeroom.school.schema import SessionToken

pytestmark = pytest.mark.spec("users-core.md#4")
HERE = f"http://{HOST}"


def create(school: School, destination: Any, who: str = "admin", **login: Any) -> Any:
    form = {
        "user": {"name": "Nina New"},
        "pseudonym": {"unique_id": "nina@school.test", "password": "a long password", **login},
        "destination": destination,
    }
    reply = school.as_(who).post("/api/v1/accounts/1/users", json=form)
    assert reply.status == 200, reply.text
    return reply.json


def tokens(school: School) -> int:
    return len(school.read(lambda db: db.execute(select(SessionToken.c.id)).all()))


def test_the_new_person_opens_it_signed_in_once(school: School) -> None:
    destination = create(school, f"{HERE}/profile?a=b")["destination"]
    assert destination.startswith(f"{HERE}/profile?a=b&session_token=")
    browser = Browser(school)
    arrived = browser.get(browser.get(destination).headers["location"])
    assert arrived.headers["location"] == "/profile?a=b"
    assert "Nina New" in browser.get("/profile").text
    second = Browser(school)
    second.get(second.get(destination).headers["location"])
    assert second.get("/profile").status == 302


@pytest.mark.parametrize(
    "destination",
    [
        None,
        "",
        "/profile",
        "profile",
        "https://evil.test/profile",
        f"https://{HOST}/profile",
        f"//{HOST}/profile",
        f"http://{HOST}:8080/profile",
        f"http://{HOST}.evil.test/profile",
        f"http://{HOST}@evil.test/profile",
        f"http://evil.test/?{HERE}/profile",
        f"http://evil.test#{HERE}/profile",
        f"{HERE}//evil.test/profile",
        f"{HERE}/\\evil.test",
        f"{HERE}/no/such/page",
        f"{HERE}/login/oauth2/accept",
        f"{HERE}/%00",
        f"{HERE}/%ff",
        f"{HERE}/pro\r\nfile",
        f"{HERE}",
        f"{HERE}/{'x' * 3_000}",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_attack_open_redirect_through_destination(school: School, destination: str | None) -> None:
    assert "destination" not in create(school, destination)
    assert tokens(school) == 0


def test_without_a_password_there_is_none(school: School) -> None:
    assert "destination" not in create(school, f"{HERE}/profile", password=None)
    assert tokens(school) == 0


def test_who_signs_up_by_themselves_gets_none(school: School) -> None:
    changed = school.as_("admin").put(
        "/api/v1/accounts/1/authentication_providers/canvas", {"self_registration": "all"}
    )
    assert changed.json["self_registration"] == "all"
    assert "destination" not in create(school, f"{HERE}/profile", who="anonymous")
    assert tokens(school) == 0


def test_a_refused_person_leaves_no_token(school: School) -> None:
    form = {"pseudonym": {"unique_id": "student@school.test", "password": "a long password"}}
    reply = school.as_("admin").post("/api/v1/accounts/1/users", {**form, "destination": f"{HERE}/profile"})
    assert reply.status == 400
    assert tokens(school) == 0
