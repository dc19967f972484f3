"""Logins that tests make and try."""

from __future__ import annotations

from typing import Any

from tests.conftest import School
from tests.support.browser import Browser
from tests.support.cast import PASSWORD

LOGINS = "/api/v1/accounts/1/logins"


def login_of(school: School, who: str) -> Any:
    return school.as_("admin").get(f"/api/v1/users/{school.id(who)}/logins").json[0]


def make(school: School, who: str = "student", **fields: Any) -> Any:
    form = {"user": {"id": school.id(who)}, "login": {"unique_id": f"second-{who}", **fields}}
    reply = school.as_("admin").post(LOGINS, form)
    assert reply.status == 200, reply.text
    return reply.json


def signs_in(school: School, unique_id: str, password: str = PASSWORD) -> bool:
    browser = Browser(school)
    reply = browser.submit("/login/canvas", {"pseudonym_session": {"unique_id": unique_id, "password": password}})
    return reply.status == 302
