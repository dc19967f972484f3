"""How people sign in to an account (homeroom.md §3, ``sso_settings``)."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.browser import Browser

URL = "/api/v1/accounts/1/sso_settings"
NONE = {"login_handle_name": None, "change_password_url": None, "auth_discovery_url": None, "unknown_user_url": None}


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 403), ("teacher", 403), ("narrow_admin", 403), ("sub_admin", 403), ("admin", 200)],
)
def test_who_may_see_and_change_them(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(URL).status == status
    assert client.put(URL, {"sso_settings": {"login_handle_name": "Badge"}}).status == status
    assert (school.as_("admin").get(URL).json["sso_settings"] == NONE) is (status != 200)


def test_what_is_given_changes_and_a_blank_one_is_none(school: School) -> None:
    admin = school.as_("admin")
    assert admin.get(URL).json == {"sso_settings": NONE}
    changes = {"login_handle_name": "Badge", "unknown_user_url": "https://help.test/unknown"}
    changed = admin.put(URL, {"sso_settings": changes})
    assert (changed.status, changed.json) == (200, {"sso_settings": {**NONE, **changes}})
    cleared = admin.put(URL, {"sso_settings": {"login_handle_name": ""}}).json["sso_settings"]
    assert cleared == {**NONE, "unknown_user_url": "https://help.test/unknown"}


@pytest.mark.parametrize("name", ["change_password_url", "auth_discovery_url", "unknown_user_url"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "/local", "ftp://x.test", "http://", "https://a b.test"])
def test_what_is_no_web_address_is_refused(school: School, name: str, address: str) -> None:
    reply = school.as_("admin").put(URL, {"sso_settings": {name: address, "login_handle_name": "Badge"}})
    assert (reply.status, reply.json) == (400, {"message": f"{name} must be an http or https address."})
    assert school.as_("admin").get(URL).json == {"sso_settings": NONE}


def test_only_a_root_account_has_them(school: School) -> None:
    url = f"/api/v1/accounts/{school.id('northern')}/sso_settings"
    for reply in (school.as_("admin").get(url), school.as_("admin").put(url, {})):
        assert (reply.status, reply.json) == (400, {"message": "Only a root account has settings."})


def test_the_sign_in_page_obeys_them(school: School) -> None:
    changes = {"login_handle_name": "Badge <1>", "change_password_url": "https://help.test/password?a=1&b=2"}
    school.as_("admin").put(URL, {"sso_settings": changes})
    page = Browser(school).get("/login/canvas").text
    assert ">Badge &lt;1&gt;</label>" in page
    assert 'href="https://help.test/password?a=1&amp;b=2"' in page
    assert Browser(school).get("/login").headers["location"] == "/login/canvas"
    school.as_("admin").put(URL, {"sso_settings": {"auth_discovery_url": "https://find.test/way"}})
    assert Browser(school).get("/login").headers["location"] == "https://find.test/way"
    assert Browser(school).get("/login?authentication_provider=canvas").headers["location"] == "/login/canvas"
