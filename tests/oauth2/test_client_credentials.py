"""``client_credentials``: a client that signs who it is (identity.md §2, RFC 7523)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.client import HOST, Reply
from tests.support.oauth import App, make_app
from tests.support.outside import Outside, outside

from homeroom import clock
from homeroom.school.schema import AccessToken, UsedAssertion
from homeroom.school.sign_in import signed_elsewhere

pytestmark = pytest.mark.spec("identity.md#2")

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
OTHER_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
TOKEN_URL = f"http://{HOST}/login/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def rsa_key(name: str, size: int = 2_048) -> RSAKey:
    return RSAKey.generate_key(size, {"kid": name}, auto_kid=False)


def public(key: Any) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def make_client(school: School, **fields: Any) -> App:
    return make_app(school, **{"scopes": [SCOPE], "public_jwk": json.dumps(public(rsa_key("own"))), **fields})


@pytest.fixture
def school(school: School) -> School:
    """The clients' keys are on this machine, which the setting has to allow."""
    return school.with_settings(fetch_networks="127.0.0.1")


@pytest.fixture
def client(school: School) -> App:
    return make_client(school)


@pytest.fixture
def elsewhere() -> Iterator[Outside]:
    with outside() as server:
        yield server


def claims_of(client: App, **changes: Any) -> dict[str, Any]:
    """What a good assertion says; a change to None leaves the claim out."""
    now = int(clock.now().timestamp())
    good = {"iss": client.id, "sub": client.id, "aud": TOKEN_URL, "iat": now, "exp": now + 300, "jti": "once"}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(claims: dict[str, Any], key: Any = None, **header: Any) -> str:
    key = rsa_key("own") if key is None else key
    given = {"alg": "RS256", "kid": "own", **header}
    return jwt.encode(given, claims, key, algorithms=[given["alg"]])


def by_hand(header: Any, claims: Any, signature: bytes = b"") -> str:
    """A JWT that no library would make."""
    return ".".join(map(part, (json.dumps(header).encode(), json.dumps(claims).encode(), signature)))


def part(raw: bytes) -> str:
    """A part of a JWT."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def ask(client: App, assertion: str, **form: Any) -> Reply:
    sent = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        "scope": SCOPE,
        "client_id": None,
        "client_secret": None,
    }
    return client.token(**{**sent, **form})


def refusal(reply: Reply) -> tuple[int, str, str]:
    assert sorted(reply.json) == ["error", "error_description"]
    return reply.status, reply.json["error"], reply.json["error_description"]


def test_a_signed_assertion_becomes_a_token(school: School, client: App) -> None:
    reply = ask(client, sign(claims_of(client)))
    answer = reply.json
    token = answer.pop("access_token")
    assert (reply.status, answer) == (200, {"token_type": "Bearer", "expires_in": 3600, "scope": SCOPE})
    assert reply.headers["cache-control"] == "no-store"
    keys = KeySet.import_key_set(school.as_("anonymous").get("/login/oauth2/jwks").json)
    said = jwt.decode(token, keys, algorithms=["ES512"])
    assert said.claims["sub"] == client.id
    assert said.claims["scopes"] == SCOPE
    assert said.claims["exp"] - said.claims["iat"] == 3600
    assert said.header["kid"] in {key.kid for key in keys.keys}


def test_a_service_token_is_nobodys(school: School, client: App) -> None:
    before = school.read(lambda db: db.execute(select(func.count()).select_from(AccessToken)).scalar_one())
    token = ask(client, sign(claims_of(client))).json["access_token"]
    assert school.with_token(token).get("/api/v1/users/self").status == 401
    after = school.read(lambda db: db.execute(select(func.count()).select_from(AccessToken)).scalar_one())
    assert before == after


def test_the_client_may_have_its_keys_elsewhere(school: School, elsewhere: Outside) -> None:
    keys = [public(ECKey.generate_key("P-256")), public(rsa_key("old")), public(rsa_key("own"))]
    elsewhere.documents["/keys"] = {"keys": [{"kty": "new-kind"}, *keys]}
    client = make_client(school, public_jwk="", public_jwk_url=f"{elsewhere.url}/keys")
    assert ask(client, sign(claims_of(client))).status == 200
    assert ask(client, sign(claims_of(client, jti="2"), rsa_key("old"), kid="old")).status == 200
    stolen = sign(claims_of(client, jti="3"), rsa_key("old"), kid="own")
    assert refusal(ask(client, stolen)) == (401, "invalid_client", "the assertion's signature is wrong")


OTHER_KEYS: list[tuple[str, Callable[[], Any]]] = [
    ("ES256", lambda: ECKey.generate_key("P-256")),
    ("ES384", lambda: ECKey.generate_key("P-384")),
    ("EdDSA", lambda: OKPKey.generate_key("Ed25519")),
    ("Ed25519", lambda: OKPKey.generate_key("Ed25519")),
]


@pytest.mark.parametrize(("algorithm", "make"), OTHER_KEYS)
def test_keys_of_other_kinds_sign_too(school: School, algorithm: str, make: Callable[[], Any]) -> None:
    key = make()
    client = make_client(school, public_jwk=json.dumps(public(key)))
    assert ask(client, sign(claims_of(client), key, alg=algorithm)).status == 200
    for other in ("none", "HS256", "RS256", "ES512"):
        signed = by_hand({"alg": other, "kid": "own"}, claims_of(client, jti="2"), b"x" * 64)
        assert refusal(ask(client, signed)) == SIGNATURE
    assert refusal(ask(client, sign(claims_of(client, jti="2"), make(), alg=algorithm))) == SIGNATURE


def test_attack_the_public_key_of_another_kind_as_a_shared_secret(school: School) -> None:
    for _, make in OTHER_KEYS:
        key = make()
        client = make_client(school, public_jwk=json.dumps(public(key)))
        for secret in (key.as_pem(private=False), json.dumps(public(key)).encode()):
            signed = by_hand({"alg": "HS256"}, claims_of(client)).rstrip(".")
            forged = f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"
            assert refusal(ask(client, forged)) == SIGNATURE


def test_keys_elsewhere_may_be_of_several_kinds(school: School, elsewhere: Outside) -> None:
    made = [make() for _, make in OTHER_KEYS]
    elsewhere.documents["/keys"] = {"keys": [{"kty": "EC", "crv": "P-521"}, *map(public, made), public(rsa_key("own"))]}
    client = make_client(school, public_jwk="", public_jwk_url=f"{elsewhere.url}/keys")
    for number, ((algorithm, _), key) in enumerate(zip(OTHER_KEYS, made, strict=True)):
        for kid in (key.thumbprint(), None):
            header = {"alg": algorithm, **({"kid": kid} if kid else {})}
            signed = jwt.encode(header, claims_of(client, jti=f"{number} {kid}"), key, algorithms=[algorithm])
            assert ask(client, signed).status == 200
    assert elsewhere.asked == ["/keys"]


def test_new_keys_elsewhere_are_found_once_a_minute(
    school: School, elsewhere: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.documents["/keys"] = {"keys": [public(rsa_key("old"))]}
    client = make_client(school, public_jwk="", public_jwk_url=f"{elsewhere.url}/keys")
    assert ask(client, sign(claims_of(client), rsa_key("old"), kid="old")).status == 200
    elsewhere.documents["/keys"] = {"keys": [public(rsa_key("own"))]}
    # Somebody who sends bad signatures does not have us ask each time.
    for number in range(3):
        assert refusal(ask(client, sign(claims_of(client, jti=f"{number}")))) == SIGNATURE
    assert elsewhere.asked == ["/keys"]
    monkeypatch.setattr(signed_elsewhere, "_ASK_AGAIN", 0.0)
    assert ask(client, sign(claims_of(client, jti="new"))).status == 200
    assert elsewhere.asked == ["/keys", "/keys"]


def test_attack_a_flood_of_bad_assertions(school: School, client: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homeroom.oauth2.assertions._TRIES_PER_ADDRESS", 3)
    good = [sign(claims_of(client, jti=f"{number}")) for number in range(5)]
    assert [ask(client, assertion).status for assertion in good[:4]] == [200] * 4
    bad = sign(claims_of(client), rsa_key("another's"))
    assert [ask(client, bad).status for _ in range(4)] == [401] * 3 + [429]
    assert ask(client, good[4]).status == 429


def test_a_single_key_may_have_another_name_on_the_other_side(client: App) -> None:
    assert ask(client, sign(claims_of(client), kid="something else")).status == 200


@pytest.mark.parametrize("audience", [[TOKEN_URL], ["https://other.test", TOKEN_URL]])
def test_an_assertion_may_be_for_several(client: App, audience: list[str]) -> None:
    assert ask(client, sign(claims_of(client, aud=audience))).status == 200


def test_the_number_of_the_key_is_as_good_as_its_global_one(client: App) -> None:
    local = str(int(client.id) - 10_000_000_000_000)
    assert ask(client, sign(claims_of(client, iss=local, sub=local))).status == 200


WRONG_TIMES = "the assertion is expired, from the future or lives too long"
NO_TIMES = "the assertion needs iat, exp and jti"
NOT_FOR_US = "the assertion's aud is not this token endpoint"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": None}, "the assertion's iss is not the client"),
        ({"iss": "10000000000001"}, "the assertion's iss is not the client"),
        ({"iss": ["x"]}, "the assertion's iss is not the client"),
        ({"aud": None}, NOT_FOR_US),
        ({"aud": "https://other.test/login/oauth2/token"}, NOT_FOR_US),
        ({"aud": TOKEN_URL + "/"}, NOT_FOR_US),
        ({"aud": []}, NOT_FOR_US),
        ({"aud": 7}, NOT_FOR_US),
        ({"aud": [{"a": 1}, None]}, NOT_FOR_US),
        ({"aud": {TOKEN_URL: 1}}, NOT_FOR_US),
        ({"iat": None}, NO_TIMES),
        ({"exp": None}, NO_TIMES),
        ({"exp": "2030-01-01"}, NO_TIMES),
        ({"exp": True}, NO_TIMES),
        ({"exp": 10**30}, NO_TIMES),
        ({"jti": None}, NO_TIMES),
        ({"jti": ""}, NO_TIMES),
        ({"jti": 5}, NO_TIMES),
        ({"iat": 1_000_000_000, "exp": 1_000_000_300}, WRONG_TIMES),
        ({"iat": 4_000_000_000, "exp": 4_000_000_300}, WRONG_TIMES),
        ({"exp": 4_000_000_000}, WRONG_TIMES),
    ],
)
def test_what_an_assertion_must_say(school: School, client: App, changes: dict[str, Any], why: str) -> None:
    assert refusal(ask(client, sign(claims_of(client, **changes)))) == (400, "invalid_request", why)
    assert school.read(lambda db: db.execute(select(UsedAssertion.c.digest)).all()) == []
    assert ask(client, sign(claims_of(client))).status == 200


def test_attack_an_assertion_used_again(client: App) -> None:
    assertion = sign(claims_of(client))
    assert ask(client, assertion).status == 200
    assert refusal(ask(client, assertion)) == (400, "invalid_request", "the assertion was used before")
    resigned = sign(claims_of(client, exp=int(clock.now().timestamp()) + 200))
    assert refusal(ask(client, resigned)) == (400, "invalid_request", "the assertion was used before")


def test_two_clients_may_number_their_assertions_alike(school: School, client: App) -> None:
    other = make_client(school)
    assert ask(client, sign(claims_of(client))).status == 200
    assert ask(other, sign(claims_of(other))).status == 200


def test_a_refused_scope_uses_no_assertion_up(client: App) -> None:
    assertion = sign(claims_of(client))
    for scope in (None, "", OTHER_SCOPE, f"{SCOPE} {OTHER_SCOPE}", "url:GET|/api/v1/users/:id"):
        assert refusal(ask(client, assertion, scope=scope))[:2] == (400, "invalid_scope")
    assert ask(client, assertion).status == 200


SIGNATURE = (401, "invalid_client", "the assertion's signature is wrong")


def test_attack_signed_by_somebody_else(client: App) -> None:
    reply = ask(client, sign(claims_of(client), rsa_key("another's")))
    assert refusal(reply) == SIGNATURE
    assert reply.headers["www-authenticate"] == "Canvas OAuth 2.0"


def test_attack_claims_changed_after_signing(client: App) -> None:
    header, _, signature = sign(claims_of(client)).split(".")
    forged = by_hand({}, claims_of(client, jti="new")).split(".")[1]
    assert refusal(ask(client, f"{header}.{forged}.{signature}")) == SIGNATURE


def test_attack_odd_headers_and_signatures(client: App) -> None:
    for forged in (by_hand(["alg"], claims_of(client)), by_hand({"alg": "RS256"}, claims_of(client)) + "é"):
        assert refusal(ask(client, forged)) == SIGNATURE


def test_attack_no_algorithm(client: App) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        for header in ({"alg": algorithm}, {"alg": algorithm, "kid": "own"}):
            assert refusal(ask(client, by_hand(header, claims_of(client)))) == SIGNATURE


def test_attack_the_public_key_as_a_shared_secret(client: App) -> None:
    header = {"alg": "HS256", "kid": "own"}
    for secret in (rsa_key("own").as_pem(private=False), json.dumps(public(rsa_key("own"))).encode(), b""):
        signed = by_hand(header, claims_of(client)).rstrip(".")
        forged = f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"
        assert refusal(ask(client, forged)) == SIGNATURE


def test_attack_a_key_that_the_assertion_brings_along(client: App, elsewhere: Outside) -> None:
    own = rsa_key("attacker")
    elsewhere.documents["/keys"] = {"keys": [public(own)]}
    for header in ({"jwk": public(own)}, {"jku": f"{elsewhere.url}/keys"}):
        given = {"alg": "RS256", **header}
        assert ask(client, jwt.encode(given, claims_of(client), own)).json["error"].startswith("invalid_")
    assert elsewhere.asked == []


def test_attack_client_named_by_somebody_elses_assertion(school: School, client: App) -> None:
    thief = make_client(school, public_jwk=json.dumps(public(rsa_key("thief"))))
    assert refusal(ask(client, sign(claims_of(client), rsa_key("thief")))) == SIGNATURE
    posing = sign(claims_of(thief, iss=client.id), rsa_key("thief"))
    assert refusal(ask(client, posing))[2] == "the assertion's iss is not the client"


@pytest.mark.parametrize(
    "assertion",
    [
        "",
        "x",
        "a.b",
        "a.b.c.d",
        by_hand({"alg": "RS256"}, ["sub"]),
        by_hand({"alg": "RS256"}, "sub"),
        f"e30.{part(b'[' * 9_000)}.x",
        f"{part(b'[' * 9_000)}.e30.x",
        "a" * 20_000,
    ],
)
def test_what_is_no_assertion(client: App, assertion: str) -> None:
    assert refusal(ask(client, assertion)) == (400, "invalid_request", "client_assertion is not a JWT")


@pytest.mark.parametrize("subject", [None, [1], {"a": 1}, 1.5])
def test_an_assertion_must_name_its_subject(client: App, subject: Any) -> None:
    reply = ask(client, by_hand({"alg": "RS256"}, {"sub": subject}))
    assert refusal(reply) == (400, "invalid_request", "the assertion has no sub")


@pytest.mark.parametrize("subject", ["", "x", "999", "-1", True, 10**40, "1"])
def test_the_subject_must_be_a_client(client: App, subject: Any) -> None:
    reply = ask(client, sign(claims_of(client, sub=subject)))
    assert refusal(reply) == (401, "invalid_client", "unknown client")


@pytest.mark.parametrize("kind", [None, "", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
def test_the_type_of_assertion_must_be_said(client: App, kind: str | None) -> None:
    reply = ask(client, sign(claims_of(client)), client_assertion_type=kind)
    assert refusal(reply) == (400, "invalid_request", f"client_assertion_type must be {JWT_BEARER}")


def test_a_secret_is_no_assertion(client: App) -> None:
    reply = client.token(grant_type="client_credentials", scope=SCOPE)
    assert refusal(reply)[:2] == (400, "invalid_request")


def test_a_key_without_a_public_key_signs_nothing(school: School) -> None:
    client = make_client(school, public_jwk="")
    reply = ask(client, sign(claims_of(client)))
    assert refusal(reply) == (401, "invalid_client", "the client has no public key")


def test_a_key_that_is_off_or_deleted_gets_nothing(school: School) -> None:
    off = make_client(school, on=False)
    assert refusal(ask(off, sign(claims_of(off))))[:2] == (400, "unauthorized_client")
    gone = make_client(school)
    assert school.as_("admin").delete(f"/api/v1/developer_keys/{gone.id}").status == 200
    assert refusal(ask(gone, sign(claims_of(gone)))) == (401, "invalid_client", "unknown client")


UNREACHABLE = (401, "invalid_client", "the client's public key cannot be fetched")
UNREADABLE = (401, "invalid_client", "the client's public key cannot be read")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/missing", UNREACHABLE),
        ("/moved", UNREACHABLE),
        ("/huge", UNREACHABLE),
        ("/text", UNREACHABLE),
        ("/deep", UNREACHABLE),
        ("/broken", UNREACHABLE),
        ("/list", UNREADABLE),
        ("/empty", UNREADABLE),
        ("/odd", UNREADABLE),
        ("/short", UNREADABLE),
        ("/shared", UNREADABLE),
    ],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_keys_elsewhere_that_are_no_keys(
    school: School, elsewhere: Outside, path: str, answer: tuple[int, str, str]
) -> None:
    good = {"keys": [public(rsa_key("own"))]}
    elsewhere.documents |= {
        "/good": good,
        "/huge": {**good, "padding": "x" * 300_000},
        "/text": b"<html>",
        "/deep": b"[" * 200_000,
        "/list": [public(rsa_key("own"))],
        "/empty": {"keys": []},
        "/odd": {"keys": ["x", 5, None, {"kty": "RSA", "n": 5}]},
        "/short": {"keys": [public(rsa_key("own", 1_024))]},
        "/shared": {"keys": [OctKey.generate_key(256).as_dict()]},
    }
    elsewhere.redirects["/moved"] = "/good"
    elsewhere.broken.add("/broken")
    client = make_client(school, public_jwk="", public_jwk_url=f"{elsewhere.url}{path}")
    assert refusal(ask(client, sign(claims_of(client)))) == answer
    assert "/good" not in elsewhere.asked


def test_nobody_listens_where_the_keys_should_be(school: School) -> None:
    client = make_client(school, public_jwk="", public_jwk_url="http://127.0.0.1:9/keys")
    assert refusal(ask(client, sign(claims_of(client)))) == UNREACHABLE


def test_keys_are_not_fetched_for_other_grants(school: School, elsewhere: Outside) -> None:
    client = make_client(school, public_jwk="", public_jwk_url=f"{elsewhere.url}/keys")
    ask(client, sign(claims_of(client)), grant_type="authorization_code", code="x")
    assert elsewhere.asked == []


def test_attack_an_assertion_for_another_server_is_not_taken_under_its_name(school: School, client: App) -> None:
    """Somebody whose server the client trusts sends its assertion on to us, under the Host that it was made for."""
    public = make_client(school.with_settings(public_url="https://school.example"))
    evil = sign(claims_of(public, aud="http://evil.test/login/oauth2/token"))
    form = {
        "grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": evil,
        "scope": SCOPE,
    }  # fmt: skip
    reply = public.school.as_("anonymous").post("/login/oauth2/token", form, headers={"host": "evil.test"})
    assert refusal(reply) == (400, "invalid_request", "the assertion's aud is not this token endpoint")


def test_a_service_token_names_the_public_address_whatever_the_host_says(school: School) -> None:
    public = make_client(school.with_settings(public_url="https://school.example/"))
    reply = ask(public, sign(claims_of(public, aud="https://school.example/login/oauth2/token")))
    assert reply.status == 200, reply.text
    keys = KeySet.import_key_set(school.as_("anonymous").get("/login/oauth2/jwks").json)
    said = jwt.decode(reply.json["access_token"], keys, algorithms=["ES512"]).claims
    assert (said["iss"], said["aud"]) == ("https://school.example", "https://school.example/login/oauth2/token")
