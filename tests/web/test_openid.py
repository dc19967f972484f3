"""Signing in by an OpenID provider that really runs (homeroom.md §3)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.client import Reply
from tests.support.oauth import make_app
from tests.support.openid import CLIENT_ID, CLIENT_SECRET, Idp, idp, signing_key, with_query
from tests.support.sign_in import make_token

from homeroom import clock
from homeroom.school.schema import Login, MailMessage, User, WebSession
from homeroom.school.sign_in.openid import flow

pytestmark = pytest.mark.spec("homeroom.md#3")

PROVIDERS = "/api/v1/accounts/1/authentication_providers"
CALLBACK = "/login/oauth2/callback"
NOT_BEGUN = "This sign-in was not begun in this browser"
NOT_GENUINE = "could not be checked"
UNKNOWN = "Nobody here has the login"


@pytest.fixture
def school(school: School) -> School:
    """The provider runs on this machine, which the setting has to allow."""
    return school.with_settings(fetch_networks="127.0.0.1")


@pytest.fixture
def other_side() -> Iterator[Idp]:
    with idp() as provider:
        yield provider


def add_provider(school: School, other_side: Idp, **fields: Any) -> int:
    values = {
        "auth_type": "openid_connect",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "discovery_url": other_side.discovery_url,
        **fields,
    }
    reply = school.as_("admin").post(PROVIDERS, json=values)
    assert reply.status == 200, reply.text
    return int(reply.json["id"])


def add_login(school: School, who: str, unique_id: str, provider: int) -> int:
    form = {
        "user": {"id": school.id(who)},
        "login": {"unique_id": unique_id, "authentication_provider_id": provider},
    }
    reply = school.as_("admin").post("/api/v1/accounts/1/logins", form)
    assert reply.status == 200, reply.text
    return int(reply.json["id"])


def begin(browser: Browser, path: str = "/login/openid_connect") -> str:
    reply = browser.get(path)
    assert reply.status == 302, reply.text
    return reply.headers["location"]


def come_back(browser: Browser, query: dict[str, str]) -> Reply:
    return browser.get(with_query(CALLBACK, query))


def go_through(school: School, other_side: Idp, browser: Browser | None = None, **claims: Any) -> Reply:
    browser = browser or Browser(school)
    return come_back(browser, other_side.agree(begin(browser), **claims))


def refused(reply: Reply, sentence: str, status: int = 400) -> bool:
    assert (reply.status, sentence in reply.text, "Sign in" in reply.text) == (status, True, True), reply.text
    return True


def people(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(User)).scalar_one()))


def test_a_person_signs_in_by_the_providers_word(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    reply = go_through(school, other_side, browser)
    assert (reply.status, reply.headers["location"]) == (302, "/?login_success=1")
    assert "Hello, Stella Student" in browser.get("/").text
    login = school.read(
        lambda db: db.execute(select(Login.c.login_count).where(Login.c.unique_id == "u-1")).scalar_one()
    )
    assert login == 1


def test_endpoints_may_be_given_one_by_one(school: School, other_side: Idp) -> None:
    other_side.outside.documents["/token"] = lambda form, headers: other_side.answer(
        form, {"authorization": _basic()} if form.pop("client_secret") == CLIENT_SECRET else headers
    )
    urls = {"authorize_url": "/authorize", "token_url": "/token", "jwks_uri": "/jwks"}
    given = {name: other_side.url + path for name, path in urls.items()}
    provider = add_provider(school, other_side, discovery_url=None, issuer=other_side.url, **given)
    add_login(school, "student", "u-1", provider)
    assert go_through(school, other_side).headers["location"] == "/?login_success=1"


def _basic() -> str:
    from urllib.parse import quote_plus

    return f"Basic {base64.b64encode(f'{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}'.encode()).decode()}"


def test_the_first_provider_is_the_way_to_sign_in(school: School, other_side: Idp) -> None:
    provider = add_provider(school, other_side)
    browser = Browser(school)
    assert browser.get("/login").headers["location"] == "/login/canvas"
    assert "Sign in with your school" in browser.get("/login/canvas").text
    school.as_("admin").put(f"{PROVIDERS}/{provider}", {"position": 1})
    expected = f"/login/openid_connect/{provider}"
    assert browser.get("/login?unique_id=stella").headers["location"] == f"{expected}?unique_id=stella"
    assert "login_hint=stella" in begin(browser, f"{expected}?unique_id=stella")
    assert browser.get("/login?authentication_provider=canvas").headers["location"] == "/login/canvas"
    sign_in(browser, "student")
    assert browser.submit("/logout", {}).headers["location"] == "/login/canvas"


def test_a_wrong_password_does_not_take_the_other_way_away(school: School, other_side: Idp) -> None:
    add_provider(school, other_side)
    refused = sign_in(Browser(school), "student", "wrong")
    assert (refused.status, "Sign in with your school" in refused.text) == (400, True)


def test_signing_out_ends_the_session_at_the_provider_too(school: School, other_side: Idp) -> None:
    there = f"{other_side.url}/logout?tenant=1"
    provider = add_provider(school, other_side, end_session_endpoint=there)
    add_login(school, "student", "u-1", provider)
    browser = Browser(school)
    go_through(school, other_side, browser)
    back = {"client_id": CLIENT_ID, "post_logout_redirect_uri": "http://school.test/login/canvas"}
    signed_out = browser.submit("/logout", {})
    assert (signed_out.status, signed_out.headers["refresh"]) == (200, f"0; url={there}&{urlencode(back)}")
    assert "Sign out" not in signed_out.text
    assert browser.get("/api/v1/users/self").status == 401
    go_through(school, other_side, browser)
    token = unquote(browser.cookies["_csrf_token"])
    assert browser.delete("/logout", headers={"X-CSRF-Token": token}).headers["location"].startswith(there)
    # Whoever signed in with a password has no session there.
    sign_in(browser, "student")
    assert browser.submit("/logout", {}).headers["location"] == "/login"


def test_ending_a_token_says_where_the_provider_signs_out(school: School, other_side: Idp) -> None:
    provider = add_provider(school, other_side, end_session_endpoint=f"{other_side.url}/logout")
    add_login(school, "student", "u-1", provider)
    token = make_token(school)["visible_token"]
    ended = school.with_token(token).delete("/login/oauth2/token")
    back = {"client_id": CLIENT_ID, "post_logout_redirect_uri": "http://school.test/login/canvas"}
    assert (ended.status, ended.json) == (200, {"forward_url": f"{other_side.url}/logout?{urlencode(back)}"})
    school.as_("admin").delete(f"{PROVIDERS}/{provider}")
    for who in ("student", "teacher"):
        assert school.as_(who).delete("/login/oauth2/token").json == {}


def test_a_school_without_a_provider_has_no_such_page(school: School) -> None:
    browser = Browser(school)
    for path in ("/login/openid_connect", "/login/openid_connect/1", "/login/openid_connect/canvas"):
        reply = browser.get(path)
        assert (reply.status, "Sign in with your school" in reply.text) == (404, False)
    assert "Sign in with your school" not in browser.get("/login/canvas").text


def test_the_page_that_was_wanted_is_what_one_comes_to(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    browser.get("/profile")
    assert go_through(school, other_side, browser).headers["location"] == "/profile"


@pytest.mark.spec("identity.md#2")
def test_an_application_may_name_the_provider(school: School, other_side: Idp) -> None:
    provider = add_provider(school, other_side)
    add_login(school, "student", "u-1", provider)
    app = make_app(school)
    assert "authentication_provider" not in app.ask().headers["location"]
    way = app.ask(authentication_provider="openid_connect").headers["location"]
    assert way == "/login?authentication_provider=openid_connect"
    to_provider = app.browser.get(way).headers["location"]
    reply = come_back(app.browser, other_side.agree(begin(app.browser, to_provider)))
    assert reply.headers["location"] == "/login/oauth2/confirm"
    assert "Allow Lab Notebook?" in app.browser.get("/login/oauth2/confirm").text
    canvas = app.ask(authentication_provider="openid_connect", canvas_login="1", force_login="1").headers["location"]
    assert canvas == "/login?authentication_provider=canvas"


@pytest.mark.parametrize(
    ("attribute", "known", "claims"),
    [
        ("email", "Stella@idp.test", {"email": "stella@IDP.test", "email_verified": True}),
        ("preferred_username", "stella", {"preferred_username": "stella"}),
        ("employee", "77", {"employee": 77}),
    ],
)
def test_the_login_attribute_names_the_login(
    school: School, other_side: Idp, attribute: str, known: str, claims: dict[str, Any]
) -> None:
    add_login(school, "student", known, add_provider(school, other_side, login_attribute=attribute))
    assert go_through(school, other_side, **claims).headers["location"] == "/?login_success=1"


def test_what_the_id_token_leaves_out_is_asked_for(school: School, other_side: Idp) -> None:
    add_login(school, "student", "stella", add_provider(school, other_side, login_attribute="nickname"))
    other_side.userinfo = {"sub": "u-1", "nickname": "stella"}
    assert go_through(school, other_side).headers["location"] == "/?login_success=1"
    other_side.userinfo = {"sub": "somebody else", "nickname": "stella"}
    assert refused(go_through(school, other_side), NOT_GENUINE)


def test_who_is_not_known_here_is_sent_where_the_account_says(school: School, other_side: Idp) -> None:
    add_provider(school, other_side)
    elsewhere = {"sso_settings": {"unknown_user_url": "https://help.test/unknown"}}
    assert school.as_("admin").put("/api/v1/accounts/1/sso_settings", elsewhere).status == 200
    away = go_through(school, other_side)
    assert (away.status, away.headers["location"]) == (302, "https://help.test/unknown")


def test_nobody_is_made_unless_the_provider_may_make_people(school: School, other_side: Idp) -> None:
    provider = add_provider(school, other_side)
    before = people(school)
    assert refused(go_through(school, other_side), UNKNOWN)
    assert people(school) == before
    school.as_("admin").put(f"{PROVIDERS}/{provider}", {"jit_provisioning": "1"})
    browser = Browser(school)
    claims: dict[str, Any] = {"name": "Nina New", "email": "nina@idp.test", "email_verified": True}
    assert go_through(school, other_side, browser, **claims).headers["location"] == "/?login_success=1"
    assert go_through(school, other_side, **claims).headers["location"] == "/?login_success=1"
    assert people(school) == before + 1
    me = browser.get("/api/v1/users/self/profile").json
    assert (me["name"], me["sortable_name"], me["primary_email"]) == ("Nina New", "New, Nina", "nina@idp.test")
    logins = school.as_("admin").get(f"/api/v1/users/{me['id']}/logins").json
    assert [(row["unique_id"], row["authentication_provider_id"]) for row in logins] == [("u-1", provider)]


@pytest.mark.parametrize(("verified", "state"), [(True, "active"), (False, "unconfirmed"), (None, "unconfirmed")])
def test_an_address_that_nobody_has_verified_is_confirmed_by_mail(
    school: School, other_side: Idp, verified: bool | None, state: str
) -> None:
    add_provider(school, other_side, jit_provisioning=True)
    browser = Browser(school)
    for _ in range(2):
        claims = {"email": "nina@idp.test"} | ({} if verified is None else {"email_verified": verified})
        go_through(school, other_side, browser, **claims)
    (channel,) = browser.get("/api/v1/users/self/communication_channels").json
    assert (channel["address"], channel["workflow_state"]) == ("nina@idp.test", state)
    mails = school.read(lambda db: db.execute(select(MailMessage.c.recipient, MailMessage.c.text_body)).all())
    assert [mail.recipient for mail in mails] == ([] if verified else ["nina@idp.test"])
    for mail in mails:
        link = next(line for line in mail.text_body.splitlines() if "/register/" in line)
        assert school.as_("anonymous").get(link).status == 200


def test_attributes_are_taken_as_the_provider_maps_them(school: School, other_side: Idp) -> None:
    names = {"given_name": "first", "surname": "last", "sis_user_id": "number", "locale": "lang"}
    add_provider(school, other_side, jit_provisioning=True, federated_attributes=names)
    browser = Browser(school)
    claims: dict[str, Any] = {
        "first": "Nina",
        "last": "N" * 400,
        "number": "sis-student",
        "lang": "xx\n",
        "email": "a@b.test",
    }
    assert go_through(school, other_side, browser, **claims).status == 302
    me = browser.get("/api/v1/users/self/profile").json
    assert me["name"].startswith("Nina NNN")
    login = school.read(lambda db: db.execute(select(Login).where(Login.c.unique_id == "u-1")).one())
    assert login.sis_user_id is None


# --- attacks -----------------------------------------------------------------------------------------------------


def test_attack_login_csrf(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    attacker, victim = Browser(school), Browser(school)
    answer = other_side.agree(begin(attacker))
    assert refused(come_back(victim, answer), NOT_BEGUN)
    begin(victim)
    for query in (answer, {**answer, "state": ""}, {"code": answer["code"]}):
        assert refused(come_back(victim, query), NOT_BEGUN)
    assert "/token" not in other_side.outside.asked
    assert victim.get("/").status == 302
    assert come_back(attacker, answer).headers["location"] == "/?login_success=1"


def test_attack_an_answer_that_comes_twice(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    answer = other_side.agree(begin(browser))
    assert come_back(browser, answer).status == 302
    assert refused(come_back(browser, answer), NOT_BEGUN)


def test_attack_code_injection(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    stolen = other_side.agree(begin(Browser(school)))["code"]
    attacker = Browser(school)
    own = other_side.agree(begin(attacker), sub="attacker")
    # The code is bound to the browser that asked, by PKCE: the provider refuses it.
    assert refused(come_back(attacker, {**own, "code": stolen}), "does not answer", 502)
    assert attacker.get("/").status == 302


def test_attack_answer_of_another_provider(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    answer = other_side.agree(begin(browser))
    assert refused(come_back(browser, {**answer, "iss": "https://evil.test"}), NOT_GENUINE)
    assert "/token" not in other_side.outside.asked


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"nonce": 5},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID], "azp": "another-client"},
        {"aud": None},
        {"aud": {CLIENT_ID: 1}},
        {"iss": "https://evil.test"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"iat": None},
        {"sub": ""},
        {"sub": None},
        {"sub": ["u-1"]},
    ],
)
def test_attack_id_token_of_something_else(school: School, other_side: Idp, changes: dict[str, Any]) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side, jit_provisioning=True))
    before = people(school)
    other_side.changes = changes
    browser = Browser(school)
    assert refused(go_through(school, other_side, browser), NOT_GENUINE)
    assert browser.get("/").status == 302
    assert people(school) == before
    other_side.changes = {}
    assert go_through(school, other_side, browser).status == 302


def part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_attack_id_token_that_the_provider_has_not_signed(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))

    def forged(asked: str, header: dict[str, str]) -> str:
        nonce = dict(pair.split("=") for pair in asked.partition("?")[2].split("&"))["nonce"]
        _, claims, signature = other_side.sign({"nonce": nonce}, {"sub": "u-1"}).split(".")
        text = f"{part(json.dumps(header).encode())}.{claims}"
        if header["alg"] == "HS256":
            signature = part(hmac.digest(signing_key().as_pem(private=False), text.encode(), "sha256"))
        return f"{text}.{'' if header['alg'] == 'none' else signature}"

    for algorithm in ("none", "HS256", "RS512"):
        browser = Browser(school)
        asked = begin(browser)
        other_side.id_token = forged(asked, {"alg": algorithm, "kid": "idp-1"})
        assert refused(come_back(browser, other_side.agree(asked)), NOT_GENUINE)
    other_side.id_token, other_side.signed_by = None, signing_key("attacker's")
    assert refused(go_through(school, other_side), NOT_GENUINE)
    other_side.signed_by, other_side.id_token = signing_key(), "x" * 20_000
    assert refused(go_through(school, other_side), NOT_GENUINE)


def test_attack_open_redirect_after_signing_in(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    for target in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:1"):
        browser = Browser(school)
        answer = other_side.agree(begin(browser, f"/login/openid_connect?return_to={target}"))
        assert come_back(browser, answer).headers["location"] == "/?login_success=1"
    browser = Browser(school)
    answer = other_side.agree(begin(browser, "/login/openid_connect?return_to=/profile"))
    assert come_back(browser, answer).headers["location"] == "/profile"


def test_attack_session_fixation(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    answer = other_side.agree(begin(browser))
    planted = browser.cookies["homeroom_session"]
    come_back(browser, answer)
    assert browser.cookies["homeroom_session"] != planted
    thief = Browser(school)
    thief.cookies["homeroom_session"] = planted
    assert thief.get("/").status == 302
    assert len(school.read(lambda db: db.execute(select(WebSession.c.id)).all())) == 1


def test_attack_an_address_that_nobody_has_checked(school: School, other_side: Idp) -> None:
    add_login(school, "student", "stella@idp.test", add_provider(school, other_side, login_attribute="email"))
    for verified in (False, "false", 0):
        reply = go_through(school, other_side, email="stella@idp.test", email_verified=verified)
        assert refused(reply, UNKNOWN)


def test_attack_a_sub_that_differs_by_case_only(school: School, other_side: Idp) -> None:
    add_login(school, "student", "AbC", add_provider(school, other_side, jit_provisioning=True))
    assert refused(go_through(school, other_side, sub="aBc"), UNKNOWN)
    assert go_through(school, other_side, sub="AbC").status == 302


def test_attack_a_letter_that_folds_to_another(school: School, other_side: Idp) -> None:
    add_login(school, "student", "kate", add_provider(school, other_side, login_attribute="login"))
    assert refused(go_through(school, other_side, login="\u212aate"), UNKNOWN)
    assert go_through(school, other_side, login="KATE").status == 302


@pytest.mark.parametrize("change", ["suspended login", "deleted user"])
def test_who_may_not_sign_in_cannot_do_so_here(school: School, other_side: Idp, change: str) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side, jit_provisioning=True))
    student = school.id("student")
    if change == "suspended login":
        query: Any = update(Login).where(Login.c.unique_id == "u-1").values(state="suspended")
    else:
        query = update(User).where(User.c.id == student).values(state="deleted")
    school.write(lambda db: db.execute(query))
    browser = Browser(school)
    assert refused(go_through(school, other_side, browser), UNKNOWN)
    assert browser.get("/").status == 302


def test_another_providers_login_and_a_password_login_are_not_meant(school: School, other_side: Idp) -> None:
    add_provider(school, other_side, login_attribute="email")
    google = school.as_("admin").post(PROVIDERS, json={"auth_type": "google", "client_id": "x"}).json["id"]
    add_login(school, "teacher", "tina@idp.test", google)
    for email in ("tina@idp.test", "student@school.test"):
        assert refused(go_through(school, other_side, email=email, email_verified=True), UNKNOWN)


def test_logins_of_a_provider_cannot_sign_in_with_a_password(school: School, other_side: Idp) -> None:
    login = add_login(school, "student", "stella@idp.test", add_provider(school, other_side))
    own = select(Login.c.password_hash).where(Login.c.user_id == school.id("student"), Login.c.provider_key == 0)
    hashed = school.read(lambda db: db.execute(own).scalar_one())
    school.write(lambda db: db.execute(update(Login).where(Login.c.id == login).values(password_hash=hashed)))
    assert sign_in(Browser(school), "stella@idp.test").status == 400
    assert sign_in(Browser(school), "student").status == 302


def test_attack_a_flood_of_codes(school: School, other_side: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homeroom.web.openid._TRIES_PER_ADDRESS", 2)
    add_login(school, "student", "u-1", add_provider(school, other_side))
    for _ in range(3):
        assert go_through(school, other_side).status == 302
    statuses = []
    for _ in range(4):
        browser = Browser(school)
        query = {**other_side.agree(begin(browser)), "code": "guessed"}
        statuses.append(come_back(browser, query).status)
    assert statuses == [502, 502, 429, 429]
    assert other_side.outside.asked.count("/token") == 5


def test_the_providers_documents_are_fetched_once(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    for _ in range(3):
        assert go_through(school, other_side).status == 302
    asked = other_side.outside.asked
    assert sorted(asked) == ["/.well-known/openid-configuration", "/jwks", *["/token"] * 3]


def test_a_provider_may_sign_with_an_elliptic_curve(school: School, other_side: Idp) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    key = ECKey.generate_key("P-256", {"kid": "ec"})
    other_side.outside.documents["/jwks"] = {"keys": [key.as_dict(private=False)]}
    browser = Browser(school)
    asked = begin(browser)
    nonce = dict(parse_qsl(urlsplit(asked).query))["nonce"]
    now = int(clock.real_now().timestamp())
    claims = {"iss": other_side.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "nonce": nonce, "sub": "u-1"}
    other_side.id_token = jwt.encode({"alg": "ES256", "kid": "ec"}, claims, key)
    assert come_back(browser, other_side.agree(asked)).headers["location"] == "/?login_success=1"


# --- when the other side is broken -------------------------------------------------------------------------------


def test_who_says_no_is_told_so_and_nothing_the_other_side_says_is_shown(school: School, other_side: Idp) -> None:
    add_provider(school, other_side)
    browser = Browser(school)
    state = other_side.agree(begin(browser))["state"]
    reply = come_back(browser, {"state": state, "error": "access_denied", "error_description": "call 555"})
    assert refused(reply, "was not finished")
    assert "555" not in reply.text


def test_a_sign_in_must_be_finished_in_a_quarter_of_an_hour(
    school: School, other_side: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    browser = Browser(school)
    answer = other_side.agree(begin(browser))
    monkeypatch.setattr(flow, "LIFETIME", -flow.LIFETIME)
    assert refused(come_back(browser, answer), NOT_BEGUN)


@pytest.mark.parametrize(
    ("path", "document", "sentence"),
    [
        ("/.well-known/openid-configuration", None, "does not answer"),
        ("/.well-known/openid-configuration", b"<html>", "does not answer"),
        ("/.well-known/openid-configuration", [], "not set up completely"),
        ("/.well-known/openid-configuration", {"issuer": "https://evil.test"}, "not set up completely"),
        ("/.well-known/openid-configuration", {}, "not set up completely"),
    ],
)
def test_a_provider_that_cannot_be_reached(
    school: School, other_side: Idp, path: str, document: Any, sentence: str
) -> None:
    add_provider(school, other_side)
    other_side.outside.documents[path] = document
    assert refused(Browser(school).get("/login/openid_connect"), sentence, 502)


@pytest.mark.parametrize(
    ("path", "document", "sentence", "status"),
    [
        ("/token", None, "does not answer", 502),
        ("/token", [], NOT_GENUINE, 400),
        ("/token", {}, NOT_GENUINE, 400),
        ("/token", {"id_token": 7}, NOT_GENUINE, 400),
        ("/jwks", None, "does not answer", 502),
        ("/jwks", {"keys": []}, NOT_GENUINE, 400),
    ],
)
def test_a_provider_that_breaks_on_the_way(
    school: School, other_side: Idp, path: str, document: Any, sentence: str, status: int
) -> None:
    add_login(school, "student", "u-1", add_provider(school, other_side))
    other_side.outside.documents[path] = document
    assert refused(go_through(school, other_side), sentence, status)


def test_a_provider_without_keys_is_not_set_up(school: School, other_side: Idp) -> None:
    urls = {"authorize_url": f"{other_side.url}/authorize", "token_url": f"{other_side.url}/token"}
    add_provider(school, other_side, discovery_url=None, **urls)
    assert refused(Browser(school).get("/login/openid_connect"), "not set up completely", 502)


def test_a_provider_deleted_meanwhile_signs_nobody_in(school: School, other_side: Idp) -> None:
    provider = add_provider(school, other_side)
    add_login(school, "student", "u-1", provider)
    browser = Browser(school)
    answer = other_side.agree(begin(browser))
    assert school.as_("admin").delete(f"{PROVIDERS}/{provider}").status == 200
    assert come_back(browser, answer).status == 404
    assert browser.get("/").status == 302
