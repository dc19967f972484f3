"""GET /login/oauth2/auth and what follows, check by check (identity.md §2)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.oauth import CALLBACK, CHALLENGE, App, make_app, query_of
from tests.support.settings import change_settings

from homeroom import clock
from homeroom.oauth2.authorization import LONGEST_PURPOSE, LONGEST_SCOPE, LONGEST_STATE
from homeroom.school.schema import WebSession
from homeroom.wire.browser import browser as browsers

pytestmark = pytest.mark.spec("identity.md#2")
UNKNOWN = {"error": "invalid_client", "error_description": "unknown client"}
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@pytest.mark.parametrize("client_id", ["10000000009999", "", "abc", "1 OR 1=1", "9" * 30, None])
def test_an_unknown_client_is_told_so_and_never_redirected(school: School, client_id: str | None) -> None:
    reply = make_app(school).ask(client_id=client_id)
    assert (reply.status, reply.json) == (401, UNKNOWN)
    assert reply.headers["www-authenticate"] == "Canvas OAuth 2.0"


def test_people_with_a_browser_are_told_by_a_page_and_programs_by_json(school: School) -> None:
    app = make_app(school, require_scopes=True, scopes=["url:GET|/api/v1/users/:id"])
    html, json = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, {"accept": "application/json"}
    for asked, status, said in (
        ({"client_id": "7"}, 401, "unknown client"),
        ({"redirect_uri": "https://evil.test/<b>"}, 400, "redirect_uri does not match client settings"),
        ({"redirect_uri": OUT_OF_BAND}, 400, "A requested scope is invalid"),
    ):
        query = urlencode({"client_id": app.id, "response_type": "code", **asked})
        page = app.browser.get(f"/login/oauth2/auth?{query}", headers=html)
        assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert said in page.text and "<b>" not in page.text
        assert page.headers.get("www-authenticate") == ("Canvas OAuth 2.0" if status == 401 else None)
        program = app.browser.get(f"/login/oauth2/auth?{query}", headers=json)
        assert program.status == status and program.json["error_description"].startswith(said)


def test_an_inactive_client_is_unknown(school: School) -> None:
    app = make_app(school)
    school.as_("admin").put(f"/api/v1/developer_keys/{app.id}", {"developer_key": {"event": "deactivate"}})
    assert app.ask().json == UNKNOWN


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.test/callback/more",
        "https://app.test/callback?x=1",
        "https://app.test/other/../callback",
        "https://app.test.evil.test/callback",
        "https://evil.test/callback",
        "https://app.test@evil.test/callback",
        "https://app.test/callback#fragment",
        "https://app.test\\@evil.test/callback",
        "https://app.test/callback\r\nX: y",
        "http://app.test/callback",
        "//app.test/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        None,
    ],
)
def test_attack_redirect_uri_tricks(school: School, uri: str | None) -> None:
    reply = make_app(school).ask(redirect_uri=uri)
    assert (reply.status, reply.json) == (
        400,
        {"error": "invalid_request", "error_description": "redirect_uri does not match client settings"},
    )


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://app.test/anything?x=1", True),
        ("https://lab.app.test/callback", True),
        ("https://evilapp.test/callback", False),
        ("https://app.test.evil.test/", False),
        ("https://user@app.test/", False),
        ("ftp://app.test/", False),
        ("http://app.test/", False),
        ("https://evil.test%2f.app.test/", False),
        ("https://evil.test%23.app.test/", False),
        ("https://evil%2etest.app.test/", False),
        ("https://evil.test;.app.test/", False),
        ("https://evil.test'.app.test/", False),
    ],
)
def test_the_older_single_redirect_uri_matches_by_host_or_a_host_below(school: School, uri: str, allowed: bool) -> None:
    app = make_app(school, redirect_uris="", redirect_uri="https://app.test/start")
    assert app.ask(redirect_uri=uri).status == (302 if allowed else 400)


@pytest.mark.parametrize(("length", "known"), [(2_000, True), (2_005, True), (2_048, True), (2_049, False)])
def test_an_address_that_can_be_registered_matches(school: School, length: int, known: bool) -> None:
    uri = "https://app.test/".ljust(length, "x")
    key = {"developer_key": {"redirect_uris": uri}}
    assert school.as_("admin").post("/api/v1/accounts/1/developer_keys", key).status == (200 if known else 400)
    if known:
        assert make_app(school, redirect_uris=uri).ask(redirect_uri=uri).status == 302


@pytest.mark.parametrize("field", ["redirect_uri", "redirect_uris"])
def test_an_applications_own_scheme_matches_exactly(school: School, field: str) -> None:
    own = "com.example.notebook:/callback"
    uris: dict[str, Any] = {"redirect_uris": "", field: own}
    app = make_app(school, **uris)
    assert app.ask(redirect_uri=f"{own}/more").status == 400
    assert app.ask(redirect_uri="com.example.evil:/callback").status == 400
    assert app.consent(redirect_uri=own).headers["location"].startswith(f"{own}?code=")


def test_a_client_without_a_name_can_be_allowed_too(school: School) -> None:
    app = make_app(school, name="")
    assert app.key["name"] is None
    sign_in(app.browser, "student")
    app.ask()
    assert "Allow Unnamed application?" in app.browser.get("/login/oauth2/confirm").text
    assert app.grant()["user"]["id"] == school.id("student")


def test_a_key_with_scopes_wants_scopes_that_it_has(school: School) -> None:
    scope = "url:GET|/api/v1/users/:id"
    app = make_app(school, require_scopes=True, scopes=[scope])
    for asked in (None, "", "url:GET|/api/v1/accounts", f"{scope} url:PUT|/api/v1/users/:id"):
        query = query_of(app.ask(scope=asked))
        assert query["error"] == "invalid_scope"
        assert query["state"] == "xyz"
    general = "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner."
    assert query_of(app.ask(scope=""))["error_description"] == general
    for refused, named in ((["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b, and c")):
        told = query_of(app.ask(scope=" ".join([scope, *refused])))["error_description"]
        assert told == f"{general} The following scopes were requested, but not granted: {named}"
    assert app.ask(scope=scope).headers["location"].startswith("/login")
    assert app.ask(scope="/auth/userinfo").headers["location"].startswith("/login")
    oob = app.ask(redirect_uri=OUT_OF_BAND)
    assert (oob.status, oob.json["error"]) == (400, "invalid_scope")


def test_attack_scopes_that_limit_nothing_are_not_shown_as_a_limit(school: School) -> None:
    scope = "url:GET|/api/v1/users/:id"
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask(scope=scope)
    page = app.browser.get("/login/oauth2/confirm").text
    assert "to see and change all that you can" in page
    assert "/api/v1/users/:id" not in page
    token = school.with_token(app.grant(scope=scope)["access_token"])
    assert token.get("/api/v1/users/self/settings").status == 200
    limited = make_app(school, require_scopes=True, scopes=[scope])
    sign_in(limited.browser, "student")
    limited.ask(scope=f"{scope} {scope}")
    page = limited.browser.get("/login/oauth2/confirm").text
    assert "do only this" in page
    assert page.count("/api/v1/users/:id") == 1


def test_scopes_are_asked_for_in_words(school: School) -> None:
    score = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    scopes = ["url:GET|/api/v1/accounts/:account_id/scopes", score]
    app = make_app(school, require_scopes=True, scopes=scopes)
    sign_in(app.browser, "student")
    app.ask(scope=" ".join(scopes))
    page = app.browser.get("/login/oauth2/confirm").text
    assert '<li>List scopes<code class="hint">GET /api/v1/accounts/:account_id/scopes</code></li>' in page
    assert f"<li>{score}</li>" in page


def test_a_key_that_is_not_switched_on_is_refused(school: School) -> None:
    assert query_of(make_app(school, on=False).ask()) == {
        "error": "unauthorized_client",
        "error_description": "Client does not have access to the specified Canvas account.",
        "state": "xyz",
    }


def test_a_key_that_is_switched_off_while_the_question_stands_gets_no_code(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    token = token_in(app.browser.get("/login/oauth2/confirm"))
    off = {"developer_key_account_binding": {"workflow_state": "off"}}
    url = f"/api/v1/accounts/1/developer_keys/{app.id}/developer_key_account_bindings"
    assert school.as_("admin").post(url, off).status == 200
    reply = query_of(app.browser.post("/login/oauth2/accept", {"authenticity_token": token}))
    assert (reply["error"], reply["state"]) == ("unauthorized_client", "xyz")
    assert app.browser.get("/login/oauth2/confirm").headers["location"] == "/login"


@pytest.mark.parametrize("response_type", ["token", "", None, "code token"])
def test_only_codes_are_given(school: School, response_type: str | None) -> None:
    assert query_of(make_app(school).ask(response_type=response_type)) == {
        "error": "unsupported_response_type",
        "error_description": "Only response_type=code is permitted",
        "state": "xyz",
    }


def test_the_checks_come_in_the_documented_order(school: School) -> None:
    app = make_app(school, on=False, require_scopes=True, scopes=["url:GET|/api/v1/users/:id"])
    wrong = {"response_type": "token", "scope": "nothing", "prompt": "login"}
    assert app.ask(client_id="7", redirect_uri="x", **wrong).status == 401
    assert app.ask(redirect_uri="x", **wrong).status == 400
    assert query_of(app.ask(**wrong))["error"] == "invalid_scope"
    wrong["scope"] = "url:GET|/api/v1/users/:id"
    assert query_of(app.ask(**wrong))["error"] == "unauthorized_client"


def test_prompt_none_asks_nobody(school: School) -> None:
    app = make_app(school)
    assert query_of(app.ask(prompt="none")) == {
        "error": "login_required",
        "error_description": "prompt=none but there is no current session",
        "state": "xyz",
    }
    sign_in(app.browser, "student")
    assert query_of(app.ask(prompt="none"))["error"] == "interaction_required"
    assert query_of(app.ask(prompt="login"))["error"] == "unsupported_prompt_type"


def test_a_remembered_consent_to_be_known_is_not_asked_for_again(school: School) -> None:
    app = make_app(school)
    first = app.consent(scope="/auth/userinfo", remember=True)
    answer = app.token(code=query_of(first)["code"]).json
    assert answer["access_token"] is None
    assert "refresh_token" not in answer
    assert answer["user"]["id"] == school.id("student")
    assert "code" in query_of(app.ask(scope="/auth/userinfo", prompt="none"))
    assert "code" in query_of(app.ask(scope="/auth/userinfo"))
    # It is remembered for telling who somebody is, and for this client.
    assert query_of(app.ask(prompt="none"))["error"] == "interaction_required"
    assert make_app(school).ask(scope="/auth/userinfo").headers["location"].startswith("/login")


def test_somebody_signed_out_signs_in_first_and_the_flow_goes_on(school: School) -> None:
    app = make_app(school)
    first = app.ask(unique_id="student@school.test")
    assert first.headers["location"] == "/login?unique_id=student%40school.test"
    form = app.browser.get(app.browser.get(first.headers["location"]).headers["location"])
    assert 'value="student@school.test"' in form.text
    assert sign_in(app.browser, "student").headers["location"] == "/login/oauth2/confirm"
    page = app.browser.get("/login/oauth2/confirm")
    assert "Lab Notebook" in page.text
    assert "Stella Student" in page.text
    assert "form-action 'self' https://app.test" in page.headers["content-security-policy"]
    reply = app.browser.post("/login/oauth2/accept", {"authenticity_token": token_in(page)})
    assert reply.headers["location"].startswith(f"{CALLBACK}?code=")
    assert query_of(reply)["state"] == "xyz"


@pytest.mark.spec("identity.md#11")
def test_terms_come_before_the_question_and_the_flow_goes_on(school: School) -> None:
    change_settings(school, require_terms=True)
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    token = token_in(app.browser.get("/terms"))
    assert app.browser.post("/login/oauth2/accept", {"authenticity_token": token}).headers["location"] == "/terms"
    assert app.browser.get("/login/oauth2/confirm").headers["location"] == "/terms"
    assert app.browser.submit("/terms", {}).headers["location"] == "/login/oauth2/confirm"
    assert "code" in query_of(app.consent())


def test_force_login_wants_a_new_sign_in(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    assert app.ask(force_login="1").headers["location"] == "/login"
    assert app.browser.get("/login/oauth2/confirm").headers["location"] == "/login"
    sign_in(app.browser, "classmate")
    assert "Claude Mate" in app.browser.get("/login/oauth2/confirm").text


def test_the_query_that_a_redirect_uri_has_is_kept(school: School) -> None:
    app = make_app(school, redirect_uris="https://app.test/callback?tenant=7")
    reply = app.consent(redirect_uri="https://app.test/callback?tenant=7", state=None)
    assert reply.headers["location"].startswith("https://app.test/callback?tenant=7&code=")
    assert "state" not in query_of(reply)


def test_out_of_band_shows_the_code_on_a_page(school: School) -> None:
    app = make_app(school, redirect_uris="")
    reply = app.consent(redirect_uri=OUT_OF_BAND)
    assert reply.headers["location"].startswith("/login/oauth2/auth?code=")
    code = query_of(reply)["code"]
    assert code in app.browser.get(reply.headers["location"]).text
    assert app.token(code=code).status == 200
    app.ask(redirect_uri=OUT_OF_BAND)
    denied = app.browser.get("/login/oauth2/deny")
    assert denied.headers["location"] == "/login/oauth2/auth?error=access_denied"
    assert "not allowed" in app.browser.get(denied.headers["location"]).text


def test_no_goes_back_to_the_client_too(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    reply = app.browser.get("/login/oauth2/deny")
    assert reply.headers["location"] == f"{CALLBACK}?error=access_denied&state=xyz"
    assert app.browser.get("/login/oauth2/deny").status == 400


def test_without_a_pending_request_there_is_nothing_to_confirm(school: School) -> None:
    browser = Browser(school)
    assert browser.get("/login/oauth2/confirm").headers["location"] == "/login"
    for reply in (browser.post("/login/oauth2/accept", {}), browser.get("/login/oauth2/deny")):
        assert (reply.status, reply.text) == (400, "Invalid or missing session for oauth")


@pytest.mark.parametrize(
    ("path", "status"), [("/accept", 405), ("/confirmed", 404), ("", 404), ("/jwks/x", 404), ("/../nowhere", 404)]
)
def test_what_is_not_there_is_said_on_a_page(school: School, path: str, status: int) -> None:
    reply = Browser(school).get(f"/login/oauth2{path}")
    assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "There is no such page" in reply.text
    assert reply.headers["x-frame-options"] == "DENY"


def test_attack_another_browser_cannot_answer(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    other = Browser(school)
    sign_in(other, "student")
    assert other.get("/login/oauth2/confirm").headers["location"] == "/login"
    assert other.post("/login/oauth2/accept", {}).status == 400


def test_attack_forged_consent(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    assert app.browser.post("/login/oauth2/accept", {}).status == 422
    assert app.browser.post("/login/oauth2/accept", {"authenticity_token": "x"}).status == 422
    assert app.browser.get("/login/oauth2/confirm").status == 200


def test_attack_pkce_stripping_and_downgrade(school: School) -> None:
    public = make_app(school, client_type="public")
    assert query_of(public.ask())["error"] == "invalid_request"
    for method in ("plain", "", "s256"):
        query = query_of(public.ask(code_challenge=CHALLENGE, code_challenge_method=method))
        assert query["error"] == "invalid_request"
    assert query_of(public.ask(code_challenge="short", code_challenge_method="S256"))["error"] == "invalid_request"
    right = public.ask(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert right.headers["location"] == "/login"


def test_attack_state_stripping_and_changes_on_the_way(school: School) -> None:
    app = make_app(school, redirect_uris=f"{CALLBACK}\nhttps://app.test/other")
    sign_in(app.browser, "student")
    app.ask(state="s p&c=/?#%")
    planted = {"state": "", "redirect_uri": "https://app.test/other", "client_id": "7", "scope": "/auth/userinfo"}
    token = token_in(app.browser.get("/login/oauth2/confirm?state=evil&redirect_uri=https://app.test/other"))
    reply = app.browser.post("/login/oauth2/accept?state=evil", {"authenticity_token": token, **planted})
    assert reply.headers["location"].startswith(f"{CALLBACK}?code=")
    assert query_of(reply)["state"] == "s p&c=/?#%"
    assert app.token(code=query_of(reply)["code"]).json["access_token"] is not None


def test_attack_another_tab_swaps_the_question(school: School) -> None:
    app, other = make_app(school), make_app(school, name="Trojan Horse")
    other.browser = app.browser
    sign_in(app.browser, "student")
    app.ask(state="first")
    page = app.browser.get("/login/oauth2/confirm")
    question = re.search(r'name="question" value="([\w-]+)"', page.text)
    assert question is not None
    form = {"authenticity_token": token_in(page), "question": question[1]}
    other.ask(state="second")
    reply = app.browser.post("/login/oauth2/accept", form)
    assert reply.headers["location"] == "/login/oauth2/confirm"
    assert "Allow Trojan Horse?" in app.browser.get("/login/oauth2/confirm").text
    assert query_of(app.consent(state="third"))["state"] == "third"


def test_attack_clickjacking_of_the_question(school: School) -> None:
    app = make_app(school)
    sign_in(app.browser, "student")
    app.ask()
    page = app.browser.get("/login/oauth2/confirm")
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_attack_the_name_of_a_client_is_not_markup(school: School) -> None:
    app = make_app(school, name="<script>alert(1)</script>")
    sign_in(app.browser, "student")
    app.ask()
    assert "<script>alert" not in app.browser.get("/login/oauth2/confirm").text


@pytest.mark.parametrize(
    ("name", "longest"), [("state", LONGEST_STATE), ("purpose", LONGEST_PURPOSE), ("scope", LONGEST_SCOPE)]
)
def test_attack_what_waits_for_a_sign_in_is_short(school: School, name: str, longest: int) -> None:
    app = make_app(school)
    assert app.ask(**{name: "x" * longest}).headers["location"] == "/login"
    refused = App(school, app.key).ask(**{name: "x" * (longest + 1)})
    if name == "state":
        assert (refused.status, refused.json["error"]) == (400, "invalid_request")
    else:
        assert query_of(refused)["error"] == ("invalid_scope" if name == "scope" else "invalid_request")
        assert query_of(refused)["state"] == "xyz"
    (row,) = waiting(school)
    assert len(row) < LONGEST_STATE + 1_000


def waiting(school: School) -> list[str]:
    """What is kept for those who have not signed in yet."""
    kept = select(WebSession.c.data).where(WebSession.c.user_id.is_(None))
    return list(school.read(lambda db: db.execute(kept).scalars().all()))


def test_attack_a_network_fills_no_table_with_sign_ins_that_wait(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "MOST_WAITING", 3)
    app = make_app(school)
    assert [App(school, app.key).ask().status for _ in range(5)] == [302, 302, 302, 429, 429]
    assert len(waiting(school)) == 3
    # Who began already goes on, and so does who is signed in.
    first = App(school, app.key)
    assert first.consent().status == 302
    school.write(lambda db: db.execute(update(WebSession).values(expires_at=clock.now())))
    school.server.services.jobs.run_due()
    assert waiting(school) == []
