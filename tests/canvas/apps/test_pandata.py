"""Tokens for usage events of mobile apps (identity.md §5, homeroom.md §5)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.sign_in import new_key, token_of_key

TOKEN = "/api/v1/users/self/pandata_events_token"
DAY = 86_400


@pytest.fixture
def key(school: School) -> Any:
    made = new_key(school, name="Student app")
    marks = {"mobile": True, "pandata_app_keys": ["MOBILE_APPS_KEY", "MOBILE_APPS_KEY"]}
    reply = school.as_("site_admin").put(f"/homeroom/v1/developer_keys/{made['id']}", json=marks)
    assert reply.json == {"id": made["id"], "mobile": True, "pandata_app_keys": ["MOBILE_APPS_KEY"]}
    return made


@pytest.mark.spec("identity.md#5")
def test_the_tokens_are_signed_and_anybody_can_check_them_with_the_published_key(school: School, key: Any) -> None:
    app = school.with_token(token_of_key(school, "student", key))
    reply = app.post(TOKEN, {"app_key": "MOBILE_APPS_KEY"})
    assert reply.status == 200
    assert list(reply.json) == ["url", "auth_token", "props_token", "expires_at"]
    assert reply.json["url"] == "http://school.test/pandata/events"
    assert abs(reply.json["expires_at"] - (time.time() + DAY) * 1000) < 60_000
    published = school.as_("anonymous").get("/login/oauth2/jwks").json
    assert set(published["keys"][0]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    keys = KeySet.import_key_set(published)
    token = jwt.decode(reply.json["auth_token"], keys, algorithms=["ES512"])
    subject = str(10_000_000_000_000 + school.id("student"))
    assert token.claims == {
        "iss": "MOBILE_APPS_KEY",
        "aud": "PANDATA",
        "sub": subject,
        "exp": reply.json["expires_at"] // 1000,
    }
    props = jwt.decode(reply.json["props_token"], keys, algorithms=["ES512"]).claims
    assert (props["user_id"], props["root_account_id"]) == (subject, "10000000000001")


@pytest.mark.spec("identity.md#5")
def test_the_key_is_made_once_and_kept(school: School, key: Any) -> None:
    assert school.as_("anonymous").get("/login/oauth2/jwks").json == {"keys": []}
    app = school.with_token(token_of_key(school, "student", key))
    app.post(TOKEN, {"app_key": "MOBILE_APPS_KEY"})
    first = school.as_("anonymous").get("/login/oauth2/jwks").json
    app.post(TOKEN, {"app_key": "MOBILE_APPS_KEY"})
    assert school.as_("anonymous").get("/login/oauth2/jwks").json == first


@pytest.mark.spec("identity.md#5")
def test_a_session_has_no_developer_key(school: School) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    headers = {"X-CSRF-Token": token_in(browser.get("/"))}
    reply = browser.post(TOKEN, {"app_key": "MOBILE_APPS_KEY"}, headers=headers)
    assert (reply.status, reply.json) == (400, {"message": "Access token required"})
    assert school.as_("anonymous").post(TOKEN).status == 401


@pytest.mark.spec("identity.md#5")
def test_another_key_is_not_authorized_and_another_app_is_unknown(school: School, key: Any) -> None:
    for client in (school.as_("student"), school.with_token(token_of_key(school, "student", new_key(school)))):
        reply = client.post(TOKEN, {"app_key": "MOBILE_APPS_KEY"})
        assert (reply.status, reply.json) == (403, {"message": "Developer key not authorized"})
    app = school.with_token(token_of_key(school, "student", key))
    for form in ({"app_key": "OTHER"}, {"app_key": ""}, None):
        reply = app.post(TOKEN, form)
        assert (reply.status, reply.json) == (400, {"message": "Invalid app key"})


def test_the_address_takes_events_from_who_has_a_token_that_is_still_valid(school: School, key: Any) -> None:
    tokens = school.with_token(token_of_key(school, "student", key)).post(TOKEN, {"app_key": "MOBILE_APPS_KEY"}).json
    path = tokens["url"].removeprefix("http://school.test")
    holder, other = school.with_token(tokens["auth_token"]), school.with_token(tokens["auth_token"][:-8] + "AAAAAAAA")
    assert holder.post(path, json={"events": []}).status == 204
    for client in (other, school.as_("student"), school.as_("anonymous")):
        refused = client.post(path, json={"events": []})
        assert (refused.status, refused.json) == (401, {"message": "Invalid auth token"})
    assert holder.get("/api/v1/users/self").status == 401


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("student", 403), ("admin", 403), ("site_admin", 200)])
def test_who_may_mark_a_key_as_a_mobile_apps(school: School, who: str, status: int) -> None:
    made = new_key(school)
    url = f"/homeroom/v1/developer_keys/{made['id']}"
    assert school.as_(who).put(url, json={"mobile": True}).status == status


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(
    "marks",
    [{"mobile": "yes"}, {"pandata_app_keys": "KEY"}, {"pandata_app_keys": [1]}, {"pandata_app_keys": [""]}, {"x": 1}],
)
def test_a_mark_that_is_none_is_refused_and_nothing_changes(school: School, key: Any, marks: Any) -> None:
    url = f"/homeroom/v1/developer_keys/{key['id']}"
    refused = school.as_("site_admin").put(url, json={"mobile": False, **marks})
    assert refused.status == 400
    unchanged = school.as_("site_admin").put(url, json={})
    assert unchanged.json == {"id": key["id"], "mobile": True, "pandata_app_keys": ["MOBILE_APPS_KEY"]}
    assert school.as_("site_admin").put("/homeroom/v1/developer_keys/99", json={}).status == 404
