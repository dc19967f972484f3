"""Authentication providers (homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import School

from homeroom.school.schema import AuthenticationProvider
from homeroom.school.sign_in.authentication_providers.kinds import KINDS

PROVIDERS = "/api/v1/accounts/1/authentication_providers"
CANVAS = {
    "id": 1,
    "auth_type": "canvas",
    "position": 1,
    "workflow_state": "active",
    "jit_provisioning": False,
    "login_attribute": None,
    "self_registration": "none",
}
OIDC = {
    "auth_type": "openid_connect",
    "client_id": "homeroom",
    "client_secret": "very secret",
    "authorize_url": "https://idp.example/authorize",
    "token_url": "https://idp.example/token",
    "scope": "openid email",
}


def add(school: School, **fields: Any) -> Any:
    reply = school.as_("admin").post(PROVIDERS, json=fields)
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 403), ("teacher", 403), ("narrow_admin", 403), ("sub_admin", 403), ("admin", 200)],
)
def test_who_may_see_and_change_providers(school: School, who: str, status: int) -> None:
    made = add(school, **OIDC)
    them, one = school.as_(who), f"{PROVIDERS}/{made['id']}"
    assert them.get(PROVIDERS).status == status
    assert them.get(one).status == status
    assert them.post(PROVIDERS, {"auth_type": "saml"}).status == status
    assert them.put(one, {"scope": "openid"}).status == status
    assert them.delete(one).status == status


@pytest.mark.spec("homeroom.md#3")
def test_a_school_begins_with_its_own_passwords(school: School) -> None:
    assert school.as_("admin").get(PROVIDERS).json == [CANVAS]
    for which in ("canvas", "1", "10000000000001"):
        assert school.as_("admin").get(f"{PROVIDERS}/{which}").json == CANVAS


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize("who", ["none", "observer", "all"])
def test_self_registration_is_switched_at_the_canvas_provider(school: School, who: str) -> None:
    reply = school.as_("admin").put(f"{PROVIDERS}/canvas", {"self_registration": who})
    assert reply.json == {**CANVAS, "self_registration": who}
    settings = school.as_("site_admin").get("/homeroom/v1/accounts/1/settings").json
    assert settings["self_registration"] == who


def test_self_registration_may_be_said_as_a_boolean_and_nothing_else(school: School) -> None:
    admin = school.as_("admin")
    assert admin.put(f"{PROVIDERS}/canvas", json={"self_registration": True}).json["self_registration"] == "all"
    assert admin.put(f"{PROVIDERS}/canvas", {"self_registration": "false"}).json["self_registration"] == "none"
    refused = admin.put(f"{PROVIDERS}/canvas", {"self_registration": "everybody"})
    assert (refused.status, list(refused.json["errors"])) == (400, ["self_registration"])
    assert admin.get(f"{PROVIDERS}/canvas").json["self_registration"] == "none"


@pytest.mark.spec("homeroom.md#3")
def test_a_provider_shows_the_fields_of_its_type_and_no_secret(school: School) -> None:
    made = add(school, **OIDC, jit_provisioning=True, federated_attributes={"email": {"attribute": "mail"}})
    assert made == {
        "id": 2,
        "auth_type": "openid_connect",
        "position": 2,
        "workflow_state": "active",
        "jit_provisioning": True,
        "login_attribute": "sub",
        "client_id": "homeroom",
        "scope": "openid email",
        "issuer": None,
        "authorize_url": "https://idp.example/authorize",
        "token_url": "https://idp.example/token",
        "userinfo_endpoint": None,
        "end_session_endpoint": None,
        "discovery_url": None,
        "jwks_uri": None,
        "federated_attributes": {"email": "mail"},
    }
    row = school.read(
        lambda db: db.execute(select(AuthenticationProvider).where(AuthenticationProvider.c.id == 2)).mappings().one()
    )
    assert "very secret" not in str(dict(row)) and row["sealed_secrets"]


_MINIMAL: dict[str, dict[str, str]] = {
    "apple": {"client_id": "x"},
    "cas": {"auth_base": "https://cas.example"},
    "clever": {"client_id": "x", "client_secret": "hush"},
    "facebook": {"app_id": "x", "app_secret": "hush"},
    "github": {"client_id": "x", "client_secret": "hush"},
    "google": {"client_id": "x", "client_secret": "hush"},
    "ldap": {"auth_host": "ldap.example", "auth_filter": "(uid={{login}})", "auth_password": "hush"},
    "linkedin": {"client_id": "x", "client_secret": "hush"},
    "microsoft": {"application_id": "x", "application_secret": "hush"},
    "openid_connect": {"client_id": "x", "discovery_url": "https://idp.example/.well-known/openid-configuration"},
    "saml": {"idp_entity_id": "https://idp.example"},
}


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize("auth_type", [name for name in KINDS if name != "canvas"])
def test_every_type_is_a_record(school: School, auth_type: str) -> None:
    made = add(school, auth_type=auth_type, **_MINIMAL[auth_type])
    shown = school.as_("admin").get(f"{PROVIDERS}/{auth_type}")
    assert shown.json == made
    assert "hush" not in shown.text
    assert made["login_attribute"] == KINDS[auth_type].default_attribute


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("fields", "attribute", "type"),
    [
        ({"auth_type": "telepathy"}, "auth_type", "inclusion"),
        ({"auth_type": "canvas"}, "auth_type", "taken"),
        ({"auth_type": "openid_connect", "discovery_url": "https://a.example"}, "client_id", "blank"),
        ({"auth_type": "openid_connect", "client_id": "x", "authorize_url": "https://a.example"}, "token_url", "blank"),
        ({**OIDC, "token_url": "javascript:x"}, "token_url", "invalid"),
        ({**OIDC, "scope": "x" * 2000}, "scope", "too_long"),
        ({**OIDC, "scope": ["x"]}, "scope", "invalid"),
        ({**OIDC, "login_attribute": ["sub"]}, "login_attribute", "inclusion"),
        ({**OIDC, "federated_attributes": {"is_admin": "yes"}}, "federated_attributes", "invalid"),
        ({**OIDC, "federated_attributes": "email"}, "federated_attributes", "invalid"),
        ({**OIDC, "position": "first"}, "position", "not_a_number"),
        ({"auth_type": "google", "client_id": "x", "login_attribute": "name"}, "login_attribute", "inclusion"),
        ({"auth_type": "ldap", **_MINIMAL["ldap"], "auth_port": "99999"}, "auth_port", "invalid"),
        ({"auth_type": "ldap", **_MINIMAL["ldap"], "auth_over_tls": "no"}, "auth_over_tls", "inclusion"),
    ],
)
def test_a_provider_that_cannot_be_is_refused_and_not_made(
    school: School, fields: dict[str, Any], attribute: str, type: str
) -> None:
    reply = school.as_("admin").post(PROVIDERS, json=fields)
    assert (reply.status, reply.json["errors"][attribute][0]["type"]) == (400, type)
    assert school.as_("admin").get(PROVIDERS).json == [CANVAS]


def test_the_type_is_required_and_stays(school: School) -> None:
    missing = school.as_("admin").post(PROVIDERS, {"client_id": "x"})
    assert (missing.status, missing.json) == (400, {"errors": [{"message": "auth_type is missing"}]})
    made = add(school, **OIDC)
    changed = school.as_("admin").put(f"{PROVIDERS}/{made['id']}", {"auth_type": "saml", "scope": "openid"})
    assert changed.json == {**made, "scope": "openid"}


def test_a_secret_that_is_not_sent_stays_and_a_blank_one_goes(school: School) -> None:
    made = add(school, **OIDC)
    one = f"{PROVIDERS}/{made['id']}"

    def sealed() -> Any:
        return school.read(
            lambda db: db.execute(
                select(AuthenticationProvider.c.sealed_secrets).where(AuthenticationProvider.c.id == made["id"])
            ).scalar_one()
        )

    school.as_("admin").put(one, {"scope": "openid"})
    assert sealed()
    school.as_("admin").put(one, {"client_secret": ""})
    assert sealed() is None


@pytest.mark.spec("homeroom.md#3")
def test_positions_are_numbered_without_gaps(school: School) -> None:
    for auth_type in ("saml", "cas"):
        add(school, auth_type=auth_type, **_MINIMAL[auth_type])
    admin = school.as_("admin")
    assert order(school) == ["canvas", "saml", "cas"]
    assert admin.put(f"{PROVIDERS}/cas", {"position": 1}).json["position"] == 1
    assert order(school) == ["cas", "canvas", "saml"]
    add(school, auth_type="google", position=2, client_id="x")
    assert order(school) == ["cas", "google", "canvas", "saml"]
    gone = admin.delete(f"{PROVIDERS}/cas")
    assert (gone.status, gone.json["workflow_state"]) == (200, "deleted")
    assert order(school) == ["google", "canvas", "saml"]
    assert admin.get(f"{PROVIDERS}/cas").status == 404
    assert admin.delete(f"{PROVIDERS}/cas").status == 404
    assert len(admin.pages(f"{PROVIDERS}?per_page=1")) == 3


@pytest.mark.spec("homeroom.md#3")
def test_a_type_names_the_first_provider_of_it(school: School) -> None:
    first, second = (add(school, auth_type="cas", auth_base=f"https://{name}.example")["id"] for name in "ab")
    assert school.as_("admin").get(f"{PROVIDERS}/cas").json["id"] == first
    school.as_("admin").put(f"{PROVIDERS}/{second}", {"position": 1})
    assert school.as_("admin").get(f"{PROVIDERS}/cas").json["id"] == second
    made = {"user": {"id": school.id("student")}, "login": {"unique_id": "s", "authentication_provider_id": "cas"}}
    login = school.as_("admin").post("/api/v1/accounts/1/logins", made).json
    assert (login["authentication_provider_id"], login["authentication_provider_type"]) == (second, "cas")


def test_the_secrets_of_a_deleted_provider_are_forgotten(school: School) -> None:
    provider = add(school, **OIDC)["id"]
    sealed = select(AuthenticationProvider.c.sealed_secrets).where(AuthenticationProvider.c.id == provider)
    assert school.read(lambda db: db.execute(sealed).scalar_one()) is not None
    deleted = school.as_("admin").delete(f"{PROVIDERS}/{provider}")
    assert (deleted.status, deleted.json["workflow_state"]) == (200, "deleted")
    assert school.read(lambda db: db.execute(sealed).scalar_one()) is None


def test_passwords_cannot_be_taken_away_from_a_school(school: School) -> None:
    refused = school.as_("admin").delete(f"{PROVIDERS}/canvas")
    assert (refused.status, refused.json) == (400, {"message": "The canvas provider cannot be deleted."})


@pytest.mark.spec("homeroom.md#3")
def test_only_root_accounts_have_providers(school: School) -> None:
    for account in (school.id("northern"), "site_admin"):
        assert school.as_("site_admin").get(f"/api/v1/accounts/{account}/authentication_providers").status == 404
    assert school.as_("admin").get("/api/v1/accounts/self/authentication_providers").status == 200


def test_a_long_page_of_providers_costs_no_more_statements(school: School, queries_of: Callable[..., int]) -> None:
    for _ in range(3):
        add(school, **OIDC)
    client = school.as_("admin")
    assert queries_of(client.get, f"{PROVIDERS}?per_page=1") == queries_of(client.get, PROVIDERS)


def order(school: School) -> list[str]:
    listed = school.as_("admin").get(PROVIDERS).json
    assert [provider["position"] for provider in listed] == list(range(1, len(listed) + 1))
    return [provider["auth_type"] for provider in listed]


def test_of_several_who_delete_a_provider_at_once_one_does(school: School) -> None:
    one = f"{PROVIDERS}/{add(school, **OIDC)['id']}"
    gone = school.as_("admin").at_once(*[lambda client: client.delete(one)] * 4)
    assert sorted(reply.status for reply in gone) == [200, 404, 404, 404]


def test_two_who_change_different_fields_at_once_both_do(school: School) -> None:
    one = f"{PROVIDERS}/{add(school, **OIDC)['id']}"
    changes = {"scope": "openid", "issuer": "https://idp.example", "client_id": "other", "login_attribute": "email"}
    forms = [{name: value} for name, value in changes.items()]
    school.as_("admin").at_once(*(lambda client, form=form: client.put(one, form) for form in forms))
    changed = school.as_("admin").get(one).json
    assert {name: changed[name] for name in changes} == changes


def test_cas_may_be_named_by_its_host_alone(school: School) -> None:
    made = add(school, auth_type="cas", auth_base="cas.school.example/path")
    assert made["auth_base"] == "cas.school.example/path"
    for wrong in ("javascript://x", "cas school", "user@cas.example", "cas%2f.example"):
        reply = school.as_("admin").post(PROVIDERS, json={"auth_type": "cas", "auth_base": wrong})
        assert (reply.status, list(reply.json["errors"])) == (400, ["auth_base"])


@pytest.mark.parametrize("auth_type", ["apple", "clever", "facebook", "github", "google", "linkedin", "microsoft"])
def test_a_provider_that_is_a_record_only_needs_no_id_at_the_other_side(school: School, auth_type: str) -> None:
    assert add(school, auth_type=auth_type)["auth_type"] == auth_type
