"""The token endpoint, and ending a token (identity.md §2)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.oauth import CALLBACK, CHALLENGE, VERIFIER, App, make_app

from homeroom import clock
from homeroom.school.schema import AccessToken

pytestmark = pytest.mark.spec("identity.md#2")


def error(name: str, description: str) -> dict[str, str]:
    return {"error": name, "error_description": description}


def live_tokens(school: School, user: str) -> int:
    query = select(func.count()).select_from(AccessToken)
    mine = query.where(AccessToken.c.user_id == school.id(user), AccessToken.c.state == "active")
    return int(school.read(lambda db: db.execute(mine).scalar_one()))


def me(school: School, token: str) -> int:
    return school.with_token(token).get("/api/v1/users/self").status


def test_a_code_becomes_a_token(school: School) -> None:
    answer = make_app(school).grant()
    token, refresh = answer.pop("access_token"), answer.pop("refresh_token")
    assert answer == {
        "token_type": "Bearer",
        "user": {
            "id": school.id("student"),
            "name": "Stella Student",
            "global_id": str(10_000_000_000_000 + school.id("student")),
            "effective_locale": "en",
        },
        "canvas_region": "unknown",
        "expires_in": 3600,
    }
    assert len(token) == 64
    assert token != refresh
    assert me(school, token) == 200


def test_tokens_may_not_be_stored_by_caches(school: School) -> None:
    reply = make_app(school).token(grant_type="x")
    assert reply.headers["cache-control"] == "no-store"


def test_a_key_may_give_tokens_that_do_not_expire(school: School) -> None:
    assert "expires_in" not in make_app(school, auto_expire_tokens=False).grant()


def test_a_missing_grant_type_with_a_code_means_the_code(school: School) -> None:
    app = make_app(school)
    assert app.token(code=app.code()).status == 200


@pytest.mark.parametrize(
    ("form", "status", "body"),
    [
        ({}, 400, error("unsupported_grant_type", "The grant_type you requested is not currently supported")),
        (
            {"grant_type": "password", "client_id": "7"},
            400,
            error("unsupported_grant_type", "The grant_type you requested is not currently supported"),
        ),
        ({"grant_type": "authorization_code", "client_id": "7"}, 401, error("invalid_client", "unknown client")),
        ({"grant_type": "refresh_token", "client_id": None}, 401, error("invalid_client", "unknown client")),
        ({"grant_type": "refresh_token", "client_secret": "x"}, 401, error("invalid_client", "invalid client")),
        ({"grant_type": "authorization_code", "client_secret": ""}, 401, error("invalid_client", "invalid client")),
        (
            {"grant_type": "authorization_code"},
            400,
            error(
                "invalid_request",
                "You must provide the code parameter when using the authorization_code grant type",
            ),
        ),
        (
            {"grant_type": "refresh_token"},
            400,
            error(
                "invalid_request",
                "You must provide the refresh_token parameter when using the refresh_token grant type",
            ),
        ),
        ({"code": "nonsense"}, 400, error("invalid_grant", "authorization_code not found")),
        (
            {"grant_type": "refresh_token", "refresh_token": "nonsense"},
            400,
            error("invalid_grant", "refresh_token not found"),
        ),
    ],
)
def test_refusals(school: School, form: dict[str, Any], status: int, body: dict[str, str]) -> None:
    reply = make_app(school).token(**form)
    assert (reply.status, reply.json) == (status, body)
    assert reply.headers.get("www-authenticate") == ("Canvas OAuth 2.0" if status == 401 else None)


def test_credentials_may_come_as_http_basic(school: School) -> None:
    app = make_app(school)
    pair = base64.b64encode(f"{app.id}:{app.secret}".encode()).decode()
    nobody = school.as_("anonymous")
    form = {"grant_type": "authorization_code", "code": app.code()}
    assert nobody.post("/login/oauth2/token", form, headers={"authorization": "Basic !"}).status == 401
    assert nobody.post("/login/oauth2/token", form, headers={"authorization": f"Basic {pair}"}).status == 200


def test_attack_code_replay_ends_what_the_code_gave(school: School) -> None:
    app = make_app(school)
    code = app.code()
    token = app.token(code=code).json["access_token"]
    again = app.token(code=code)
    assert (again.status, again.json) == (400, error("invalid_grant", "authorization_code not found"))
    assert me(school, token) == 401


def test_attack_code_of_another_client(school: School) -> None:
    app, thief = make_app(school), make_app(school)
    code = app.code()
    assert thief.token(code=code).json == error("invalid_grant", "incorrect client")
    assert app.token(code=code).status == 200


def test_a_refused_exchange_uses_no_code_up_and_leaves_no_token(school: School) -> None:
    app, thief = make_app(school), make_app(school)
    code = app.code(code_challenge=CHALLENGE, code_challenge_method="S256")
    before = live_tokens(school, "student")
    proved = {"code": code, "code_verifier": VERIFIER}
    for refused in (
        app.token(**{**proved, "client_secret": "x"}),
        app.token(**{**proved, "client_id": "7"}),
        app.token(**{**proved, "code_verifier": "x" * 43}),
        app.token(**{**proved, "grant_type": "password"}),
        thief.token(**proved),
    ):
        assert refused.status in (400, 401)
        assert live_tokens(school, "student") == before
    assert app.token(**proved).status == 200
    assert live_tokens(school, "student") == before + 1


def test_a_code_lives_ten_minutes(school: School) -> None:
    dev = school.with_settings(dev=True)
    app = make_app(dev)
    code = app.code()
    later = (clock.real_now() + timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M:%SZ")
    dev.as_("site_admin").put("/homeroom/v1/clock", json={"now": later})
    assert app.token(code=code).json == error("invalid_grant", "authorization_code not found")
    dev.as_("site_admin").delete("/homeroom/v1/clock")


def test_refreshing_changes_the_token_of_the_same_row(school: School) -> None:
    app = make_app(school)
    first = app.grant()
    before = live_tokens(school, "student")
    reply = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert reply.status == 200
    assert "refresh_token" not in reply.json
    assert reply.json["user"]["id"] == school.id("student")
    assert me(school, first["access_token"]) == 401
    assert me(school, reply.json["access_token"]) == 200
    assert live_tokens(school, "student") == before
    assert app.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 200


def test_an_expired_token_is_refreshed(school: School) -> None:
    dev = school.with_settings(dev=True)
    app = make_app(dev)
    first = app.grant()
    later = (clock.real_now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    dev.as_("site_admin").put("/homeroom/v1/clock", json={"now": later})
    refused = dev.with_token(first["access_token"]).get("/api/v1/users/self")
    assert refused.json == {"errors": [{"message": "Invalid access token."}]}
    fresh = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json
    assert me(dev, fresh["access_token"]) == 200
    dev.as_("site_admin").delete("/homeroom/v1/clock")


def test_attack_refresh_token_of_another_client(school: School) -> None:
    app, thief = make_app(school), make_app(school)
    refresh = app.grant()["refresh_token"]
    reply = thief.token(grant_type="refresh_token", refresh_token=refresh)
    assert reply.json == error("invalid_grant", "incorrect client")


def test_attack_scope_widening_at_refresh(school: School) -> None:
    scopes = ["url:GET|/api/v1/users/:id", "url:GET|/api/v1/users/:id/settings"]
    app = make_app(school, require_scopes=True, scopes=scopes)
    refresh = app.grant(scope=scopes[0])["refresh_token"]
    reply = app.token(grant_type="refresh_token", refresh_token=refresh, scope=" ".join(scopes))
    client = school.with_token(reply.json["access_token"])
    assert client.get("/api/v1/users/self").status == 200
    refused = client.get("/api/v1/users/self/settings")
    assert (refused.status, refused.json) == (401, {"errors": [{"message": "Insufficient scopes on access token."}]})


def test_replace_tokens_ends_the_others_of_this_client(school: School) -> None:
    app, other = make_app(school), make_app(school)
    kept, first = other.grant(), app.grant()
    second = app.token(code=app.code(), replace_tokens="1").json
    assert me(school, first["access_token"]) == 401
    assert me(school, second["access_token"]) == 200
    assert me(school, kept["access_token"]) == 200


def test_a_public_client_proves_itself_by_the_verifier(school: School) -> None:
    app = make_app(school, client_type="public")
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = app.code(**asked)
    for verifier in (None, "", "x" * 43, VERIFIER + "x"):
        reply = app.token(code=code, client_secret=None, code_verifier=verifier)
        assert reply.json == error("invalid_grant", "incorrect code_verifier")
    answer = app.token(code=code, client_secret=None, code_verifier=VERIFIER).json
    assert me(school, answer["access_token"]) == 200
    again = app.token(grant_type="refresh_token", refresh_token=answer["refresh_token"], client_secret=None).json
    assert again["refresh_token"] != answer["refresh_token"]
    assert me(school, again["access_token"]) == 200


def public_grant(app: App) -> dict[str, Any]:
    code = app.code(code_challenge=CHALLENGE, code_challenge_method="S256")
    answer: dict[str, Any] = app.token(code=code, client_secret=None, code_verifier=VERIFIER).json
    return answer


def test_attack_a_spent_refresh_token_ends_the_whole_family(school: School) -> None:
    app = make_app(school, client_type="public")
    tokens = [public_grant(app)]
    for _ in range(3):
        form = {"grant_type": "refresh_token", "refresh_token": tokens[-1]["refresh_token"], "client_secret": None}
        tokens.append(app.token(**form).json)
    other = public_grant(app)
    thief = make_app(school, client_type="public")
    stolen = {"grant_type": "refresh_token", "refresh_token": tokens[0]["refresh_token"], "client_secret": None}
    assert thief.token(**stolen).json == error("invalid_grant", "incorrect client")
    assert me(school, tokens[-1]["access_token"]) == 200
    assert app.token(**stolen).json == error("invalid_grant", "refresh_token not found")
    assert me(school, tokens[-1]["access_token"]) == 401
    for token in tokens:
        assert app.token(**{**stolen, "refresh_token": token["refresh_token"]}).status == 400
    assert me(school, other["access_token"]) == 200


def test_a_grant_that_nobody_uses_is_over_after_half_a_year(school: School) -> None:
    dev = school.with_settings(dev=True)
    app, used = make_app(dev), make_app(dev)
    refresh = {name: {"grant_type": "refresh_token", "refresh_token": each.grant()["refresh_token"]}
               for name, each in (("app", app), ("used", used))}  # fmt: skip
    admin = dev.as_("site_admin")
    for days, statuses in ((100, [200]), (200, [400, 200])):
        later = (clock.real_now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        admin.put("/homeroom/v1/clock", json={"now": later})
        calls = [used.token(**refresh["used"])] if days == 100 else [
            app.token(**refresh["app"]), used.token(**refresh["used"])
        ]  # fmt: skip
        assert [reply.status for reply in calls] == statuses
    assert app.token(**refresh["app"]).json == error("invalid_grant", "refresh_token not found")
    admin.delete("/homeroom/v1/clock")


def test_attack_a_code_that_was_sent_to_another_address(school: School) -> None:
    app = make_app(school, redirect_uris=f"{CALLBACK}\nhttps://app.test/other")
    code = app.code(redirect_uri="https://app.test/other")
    for wrong in (CALLBACK, "https://app.test/other/", "https://app.test/Other"):
        assert app.token(code=code, redirect_uri=wrong).json == error("invalid_grant", "incorrect redirect_uri")
    assert app.token(code=code, redirect_uri="https://app.test/other").status == 200
    assert app.token(code=app.code()).status == 200


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize("how", ["binding", "inactive", "site admin"])
def test_attack_a_key_that_was_switched_off_goes_on(school: School, how: str) -> None:
    app = make_app(school)
    answer, code = app.grant(), app.code()
    admin = school.as_("admin")
    binding = f"/api/v1/accounts/1/developer_keys/{app.id}/developer_key_account_bindings"
    one = f"/api/v1/developer_keys/{app.id}"

    def turn(on: bool) -> None:
        if how == "inactive":
            reply = admin.put(one, {"developer_key": {"event": "activate" if on else "deactivate"}})
        else:
            state = "on" if on else ("off" if how == "binding" else "allow")
            reply = admin.post(binding, {"developer_key_account_binding": {"workflow_state": state}})
        assert reply.status == 200

    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    turn(on=False)
    refused = school.with_token(answer["access_token"]).get("/api/v1/users/self")
    assert (refused.status, refused.json) == (401, {"errors": [{"message": "Invalid access token."}]})
    expected = (
        error("invalid_client", "unknown client")
        if how == "inactive"
        else error("unauthorized_client", "Client does not have access to the specified Canvas account.")
    )
    assert app.token(**refresh).json == expected
    assert app.token(code=code).json == expected
    turn(on=True)
    assert me(school, answer["access_token"]) == 200
    assert app.token(**refresh).status == 200


@pytest.mark.spec("identity.md#3")
def test_the_site_admins_word_stops_the_tokens_of_its_keys(school: School) -> None:
    site = school.id("site_admin_account")
    admin = school.as_("site_admin")
    key = admin.post(f"/api/v1/accounts/{site}/developer_keys", {"developer_key": {"redirect_uris": CALLBACK}}).json
    app = App(school, key)

    def say(account: int, state: str) -> None:
        url = f"/api/v1/accounts/{account}/developer_keys/{key['id']}/developer_key_account_bindings"
        assert admin.post(url, {"developer_key_account_binding": {"workflow_state": state}}).status == 200

    say(1, "on")
    token = app.grant()["access_token"]
    for state, status in (("off", 401), ("on", 200), ("allow", 200)):
        say(site, state)
        assert me(school, token) == status
    say(1, "off")
    assert me(school, token) == 401
    say(site, "on")
    assert me(school, token) == 200


def test_attack_pkce_stripping_at_the_token_endpoint(school: School) -> None:
    app = make_app(school)
    with_challenge = app.code(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert app.token(code=with_challenge).json == error("invalid_grant", "incorrect code_verifier")
    assert app.token(code=app.code(), code_verifier=VERIFIER).json == error("invalid_grant", "incorrect code_verifier")


def test_an_observed_person_is_named_with_the_real_one(school: School) -> None:
    token = school.as_("admin").get(f"/login/session_token?as_user_id={school.id('student')}").json["session_url"]
    app = make_app(school)
    browser = app.browser
    browser.get(browser.get(token).headers["location"])
    answer = app.grant()
    assert answer["user"]["id"] == school.id("student")
    assert answer["real_user"] == {
        "id": school.id("admin"),
        "name": "Ada Admin",
        "global_id": str(10_000_000_000_000 + school.id("admin")),
    }
    other = school.with_token(answer["access_token"]).get(f"/api/v1/users/self?as_user_id={school.id('classmate')}")
    assert (other.status, other.json) == (401, {"errors": "Cannot change masquerade"})


def test_a_suspended_person_gets_no_token(school: School) -> None:
    app = make_app(school)
    code, first = app.code(), app.grant()
    suspended = school.as_("admin").put(f"/api/v1/users/{school.id('student')}", {"user": {"event": "suspend"}})
    assert suspended.status == 200
    assert app.token(code=code).json == error("invalid_grant", "authorization_code not found")
    refreshed = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert refreshed.json == error("invalid_grant", "refresh_token not found")


def test_deleting_a_token(school: School) -> None:
    app = make_app(school)
    answer = app.grant()
    client = school.with_token(answer["access_token"])
    reply = client.delete("/login/oauth2/token")
    assert (reply.status, reply.json) == (200, {})
    assert me(school, answer["access_token"]) == 401
    assert app.token(grant_type="refresh_token", refresh_token=answer["refresh_token"]).status == 400
    assert app.browser.get("/").status == 200


def test_deleting_a_token_can_end_the_sessions_too(school: School) -> None:
    app = make_app(school)
    school.with_token(app.grant()["access_token"]).delete("/login/oauth2/token?expire_sessions=1")
    assert app.browser.get("/").status == 302


def test_deleting_without_a_token_is_refused(school: School) -> None:
    reply = school.as_("anonymous").delete("/login/oauth2/token")
    message = "can't delete OAuth access token when not using an OAuth access token"
    assert (reply.status, reply.json) == (400, {"message": message})


def test_a_session_token_signs_a_browser_in_once(school: School) -> None:
    url = school.as_("student").get("/login/session_token?return_to=http://school.test/%3Fa=b").json
    assert list(url) == ["session_url"]
    assert url["session_url"].startswith("http://school.test/?a=b&session_token=")
    browser = Browser(school)
    entrance = browser.get(url["session_url"])
    assert entrance.status == 302
    arrived = browser.get(entrance.headers["location"])
    assert arrived.headers["location"] == "/?a=b"
    assert "Stella Student" in browser.get("/").text
    second = Browser(school)
    second.get(second.get(url["session_url"]).headers["location"])
    assert second.get("/").status == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test/",
        "http://school.test.evil.test/",
        "http://school.test@evil.test/",
        "javascript:1",
    ],
)
def test_attack_open_redirect_through_return_to(school: School, target: str) -> None:
    reply = school.as_("student").get(f"/login/session_token?return_to={target}")
    assert (reply.status, reply.json) == (400, {"message": "return_to must be a URL of this host"})
    browser = Browser(school)
    assert browser.get(f"/login/session?session_token=x&return_to={target}").headers["location"] == "/"


def test_a_session_token_needs_a_token(school: School) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    assert browser.get("/login/session_token").status == 401


def test_secrets_of_the_flow_are_not_in_the_database(school: School) -> None:
    app: App = make_app(school)
    code = app.code()
    answer = app.token(code=code).json
    from homeroom.school.schema import METADATA

    def everything(db: Any) -> str:
        return "\n".join(str(row) for table in METADATA.sorted_tables for row in db.execute(select(table)))

    text = school.read(everything)
    for secret in (code, answer["access_token"], answer["refresh_token"], app.secret):
        assert secret not in text
    assert CALLBACK in text
