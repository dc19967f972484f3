"""What people have granted: their list and its end, by the API and on the profile page."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.oauth import make_app
from tests.support.sign_in import TOKENS

GRANTS = "/homeroom/v1/users/self/grants"
SCOPE = "url:GET|/api/v1/users/:id"


def works(school: School, token: str) -> bool:
    return school.with_token(token).get("/api/v1/users/self").status == 200


def test_a_person_sees_what_they_granted_and_ends_it(school: School) -> None:
    first, second = make_app(school), make_app(school, name="Atlas", require_scopes=True, scopes=[SCOPE])
    kept, ended = first.grant(), second.grant(scope=SCOPE)
    second.consent(scope="/auth/userinfo", remember=True)
    student = school.as_("student")
    listed = student.get(GRANTS).json
    assert [(grant["app_name"], grant["scopes"]) for grant in listed] == [("Atlas", [SCOPE]), ("Lab Notebook", [])]
    assert listed[0] == {
        "id": listed[0]["id"],
        "developer_key_id": second.key["id"],
        "app_name": "Atlas",
        "icon_url": None,
        "scopes": [SCOPE],
        "purpose": None,
        "remember_access": False,
        "real_user_id": None,
        "created_at": listed[0]["created_at"],
        "last_used_at": None,
    }
    reply = student.delete(f"{GRANTS}/{listed[0]['id']}")
    assert (reply.status, reply.json) == (200, listed[0])
    assert not works(school, ended["access_token"])
    assert works(school, kept["access_token"])
    assert second.token(grant_type="refresh_token", refresh_token=ended["refresh_token"]).status == 400
    assert [grant["app_name"] for grant in student.get(GRANTS).json] == ["Lab Notebook"]
    assert student.delete(f"{GRANTS}/{listed[0]['id']}").status == 404


def test_a_remembered_consent_is_a_grant(school: School) -> None:
    app = make_app(school)
    code = app.consent(scope="/auth/userinfo", remember=True).headers["location"].partition("code=")[2].split("&")[0]
    assert app.token(code=code).json["access_token"] is None
    assert (
        app.ask(scope="/auth/userinfo", prompt="none").headers["location"].startswith("https://app.test/callback?code=")
    )
    (grant,) = school.as_("student").get(GRANTS).json
    assert (grant["scopes"], grant["remember_access"]) == (["/auth/userinfo"], True)
    school.as_("student").delete(f"{GRANTS}/{grant['id']}")
    assert "interaction_required" in app.ask(scope="/auth/userinfo", prompt="none").headers["location"]


def test_tokens_made_by_hand_are_no_grants(school: School) -> None:
    made = school.as_("student").post(TOKENS, {"token": {"purpose": "Sync"}}).json
    assert school.as_("student").get(GRANTS).json == []
    assert school.as_("student").delete(f"{GRANTS}/{made['id']}").status == 404


def test_attack_grants_of_somebody_else(school: School) -> None:
    app = make_app(school)
    token = app.grant()["access_token"]
    (grant,) = school.as_("student").get(GRANTS).json
    assert school.as_("anonymous").get(GRANTS).status == 401
    for who in ("classmate", "admin"):
        assert school.as_(who).get(GRANTS).json == []
        assert school.as_(who).delete(f"{GRANTS}/{grant['id']}").status == 404
    acting = f"?as_user_id={school.id('student')}"
    assert school.as_("admin").delete(f"{GRANTS}/{grant['id']}{acting}").status == 403
    for odd in ("x", "sis_user_id:1", "9" * 30):
        assert school.as_("student").delete(f"{GRANTS}/{odd}").status == 404
    assert works(school, token)


@pytest.mark.spec("homeroom.md#4")
def test_the_profile_page_ends_a_grant(school: School) -> None:
    app = make_app(school, name="<b>Atlas</b>")
    assert "You have allowed no application" in signed_in_page(app.browser)
    token = app.grant()["access_token"]
    page = app.browser.get("/profile").text
    assert "&lt;b&gt;Atlas&lt;/b&gt;" in page and "may do all that you can" in page
    (grant,) = school.as_("student").get(GRANTS).json
    assert app.browser.post(f"/profile/grants/{grant['id']}", {}).status == 422
    assert works(school, token)
    ended = app.browser.submit("/profile", {}, to=f"/profile/grants/{grant['id']}")
    assert (ended.status, ended.headers["location"]) == (302, "/profile?grant_ended=1")
    assert "can do nothing for you any more" in app.browser.get("/profile?grant_ended=1").text
    assert not works(school, token)


def signed_in_page(browser: Browser) -> str:
    sign_in(browser, "student")
    return browser.get("/profile").text
