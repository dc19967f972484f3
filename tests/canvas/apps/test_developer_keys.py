"""Developer keys (identity.md §3, homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import select, text
from tests.conftest import School
from tests.support.sign_in import new_key, token_of_key

from homeroom.school.schema import DeveloperKey

KEYS = "/api/v1/accounts/1/developer_keys"
RIGHTS = [
    ("anonymous", 401),
    ("student", 403),
    ("teacher", 403),
    ("narrow_admin", 403),
    ("sub_admin", 403),
    ("admin", 200),
    ("site_admin", 200),
]
FULL = {
    "name": "Reader",
    "email": "team@app.example",
    "notes": "Reads courses",
    "icon_url": "https://app.example/icon.png",
    "redirect_uri": "https://app.example",
    "redirect_uris": ["https://app.example/oauth", "com.example.app://oauth"],
    "vendor_code": "acme",
    "visible": False,
    "test_cluster_only": True,
    "require_scopes": True,
    "scopes": ["url:GET|/api/v1/users/:id"],
    "allow_includes": True,
    "auto_expire_tokens": False,
    "client_credentials_audience": "external",
}


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize(("who", "status"), RIGHTS)
def test_who_may_list_make_change_switch_and_delete_keys(school: School, who: str, status: int) -> None:
    key = new_key(school)
    them = school.as_(who)
    one = f"/api/v1/developer_keys/{key['id']}"
    switch = {"developer_key_account_binding": {"workflow_state": "on"}}
    assert them.get(KEYS).status == status
    assert them.post(KEYS, {"developer_key": {"name": "Mine"}}).status == status
    assert them.put(one, {"developer_key": {"name": "Renamed"}}).status == status
    assert them.post(f"{KEYS}/{key['id']}/developer_key_account_bindings", switch).status == status
    assert them.delete(one).status == status


@pytest.mark.spec("identity.md#3")
def test_a_new_key_has_a_global_id_and_a_secret_that_managers_see_each_time(school: School) -> None:
    key = new_key(school)
    assert key == {
        "id": 10_000_000_000_002,
        "name": "App",
        "created_at": key["created_at"],
        "email": None,
        "user_id": school.id("admin"),
        "user_name": "Ada Admin",
        "icon_url": None,
        "notes": None,
        "vendor_code": None,
        "workflow_state": "active",
        "account_name": "Homeroom",
        "visible": True,
        "require_scopes": False,
        "scopes": [],
        "allow_includes": False,
        "is_lti_key": False,
        "access_token_count": 0,
        "last_used_at": None,
        "test_cluster_only": False,
        "client_credentials_audience": None,
        "auto_expire_tokens": True,
        "api_key": key["api_key"],
        "redirect_uri": None,
        "redirect_uris": "",
        "client_type": "confidential",
        "public_jwk": None,
        "public_jwk_url": None,
        "developer_key_account_binding": {
            "id": key["developer_key_account_binding"]["id"],
            "account_id": 10_000_000_000_001,
            "developer_key_id": key["id"],
            "workflow_state": "on",
            "account_owns_binding": True,
        },
    }
    assert len(key["api_key"]) == 64
    assert school.as_("admin").get(KEYS).json == [key]


@pytest.mark.spec("identity.md#3")
def test_every_field_can_be_given_and_is_shown(school: School) -> None:
    made = new_key(school, **FULL)
    shown = {**FULL, "redirect_uris": "https://app.example/oauth\ncom.example.app://oauth"}
    assert {name: made[name] for name in FULL} == shown
    changed = school.as_("admin").put(
        f"/api/v1/developer_keys/{made['id']}", {"developer_key": {"name": "", "visible": True, "scopes": [""]}}
    )
    assert changed.json == {**made, "name": None, "visible": True, "scopes": []}


@pytest.mark.spec("identity.md#3")
def test_redirect_uris_are_a_list_or_lines(school: School) -> None:
    lines = school.as_("admin").post(
        KEYS, {"developer_key": {"redirect_uris": "https://a.example/x\r\n\n https://b.example/y "}}
    )
    assert lines.json["redirect_uris"] == "https://a.example/x\nhttps://b.example/y"


@pytest.mark.spec("identity.md#3")
def test_the_newest_key_is_first_and_pages_follow_each_other(school: School) -> None:
    made = [new_key(school, name=f"App {number}")["id"] for number in range(3)]
    client = school.as_("admin")
    assert [key["id"] for key in client.pages(f"{KEYS}?per_page=2")] == made[::-1]
    assert "next" in client.get(f"{KEYS}?per_page=2").links


@pytest.mark.spec("identity.md#3")
def test_a_long_page_of_keys_costs_no_more_statements_than_a_short_one(
    school: School, queries_of: Callable[..., int]
) -> None:
    for number in range(5):
        new_key(school, name=f"App {number}")
    client = school.as_("admin")
    assert queries_of(client.get, f"{KEYS}?per_page=1") == queries_of(client.get, f"{KEYS}?per_page=100")


@pytest.mark.spec("identity.md#3")
def test_keys_belong_to_root_accounts_only(school: School) -> None:
    northern = f"/api/v1/accounts/{school.id('northern')}/developer_keys"
    key = new_key(school)
    for who in ("admin", "sub_admin"):
        client = school.as_(who)
        assert client.get(northern).status == 404
        assert client.post(northern, {"developer_key": {"name": "x"}}).status == 404
        assert client.post(f"{northern}/{key['id']}/developer_key_account_bindings", _on()).status == 404


@pytest.mark.spec("identity.md#3")
def test_inherited_keys_are_the_site_admins_visible_ones_in_a_short_form(school: School) -> None:
    site = "/api/v1/accounts/site_admin/developer_keys"
    seen = school.as_("site_admin").post(site, {"developer_key": {"name": "For all", "visible": True}}).json
    hidden = school.as_("site_admin").post(site, {"developer_key": {"name": "Hidden"}}).json
    assert hidden["visible"] is False and hidden["account_name"] == "Site Admin"
    inherited = school.as_("admin").get(f"{KEYS}?inherited=true&per_page=1")
    assert inherited.json == [
        {
            "id": seen["id"],
            "name": "For all",
            "created_at": seen["created_at"],
            "icon_url": None,
            "workflow_state": "active",
        }
    ]
    assert school.as_("admin").get(site).status == 403
    assert (
        school.as_("admin").put(f"/api/v1/developer_keys/{seen['id']}", {"developer_key": {"name": "x"}}).status == 403
    )
    listed = school.as_("site_admin").get(site).json
    assert {key["id"] for key in listed} == {seen["id"], hidden["id"], 10_000_000_000_001}


@pytest.mark.spec("identity.md#3")
def test_a_new_key_is_off_until_its_account_switches_it_on(school: School) -> None:
    key = new_key(school)
    reply = school.as_("admin").post(f"{KEYS}/{key['id']}/developer_key_account_bindings", _on())
    assert reply.json == {
        "id": reply.json["id"],
        "account_id": 10_000_000_000_001,
        "developer_key_id": key["id"],
        "workflow_state": "on",
        "account_owns_binding": True,
    }
    again = school.as_("admin").post(
        f"/api/v1/accounts/self/developer_keys/{key['id']}/developer_key_account_bindings", _on("off")
    )
    assert again.json == {**reply.json, "workflow_state": "off"}


def test_a_key_is_not_switched_off_by_saying_nothing(school: School) -> None:
    key = new_key(school)
    url = f"{KEYS}/{key['id']}/developer_key_account_bindings"
    assert school.as_("admin").post(url, _on()).status == 200
    said_nothing = school.as_("admin").post(url, json={"developer_key_account_binding": {}})
    message = "developer_key_account_binding[workflow_state] is missing"
    assert (said_nothing.status, said_nothing.json) == (400, {"errors": [{"message": message}]})
    assert school.as_("admin").post(url, json={}).status == 400


def test_a_binding_with_another_state_is_refused_and_keys_of_others_are_not_found(school: School) -> None:
    key = new_key(school)
    bad = school.as_("admin").post(f"{KEYS}/{key['id']}/developer_key_account_bindings", _on("maybe"))
    assert (bad.status, bad.json) == (
        400,
        {
            "errors": {
                "workflow_state": [
                    {
                        "attribute": "workflow_state",
                        "type": "inclusion",
                        "message": "is not included in the list",
                    }
                ]
            }
        },
    )
    site = f"/api/v1/accounts/site_admin/developer_keys/{key['id']}/developer_key_account_bindings"
    assert school.as_("site_admin").post(site, _on()).status == 404
    assert school.as_("admin").post(f"{KEYS}/999/developer_key_account_bindings", _on()).status == 404
    missing = school.as_("admin").post(f"{KEYS}/{key['id']}/developer_key_account_bindings")
    assert (missing.status, missing.json) == (
        400,
        {"errors": [{"message": "developer_key_account_binding is missing"}]},
    )


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize(
    ("fields", "attribute", "type"),
    [
        ({"scopes": ["url:GET|/api/v1/secrets"]}, "scopes", "invalid"),
        ({"scopes": ["/auth/userinfo"]}, "scopes", "invalid"),
        ({"name": "x" * 256}, "name", "too_long"),
        ({"icon_url": "javascript:alert(1)"}, "icon_url", "invalid"),
        ({"redirect_uri": "//evil.example"}, "redirect_uri", "invalid"),
        ({"redirect_uris": ["https://a.example", "javascript:alert(1)"]}, "redirect_uris", "invalid"),
        ({"redirect_uris": ["https://a.example@evil.example/"]}, "redirect_uris", "invalid"),
        ({"redirect_uris": ["https://a.example/#token"]}, "redirect_uris", "invalid"),
        ({"redirect_uris": ["https://a.example/\u2028x"]}, "redirect_uris", "invalid"),
        ({"redirect_uris": ["https://a.example"] * 101}, "redirect_uris", "too_long"),
        ({"public_jwk": "not json"}, "public_jwk", "invalid"),
        ({"public_jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "public_jwk", "invalid"),
        ({"public_jwk": {"kty": "RSA", "n": 5, "e": []}}, "public_jwk", "invalid"),
        ({"public_jwk": {"kty": "RSA", "n": "!", "e": "AQAB"}}, "public_jwk", "invalid"),
        ({"public_jwk": {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}}, "public_jwk", "invalid"),
        ({"public_jwk": ECKey.generate_key("P-521").as_dict(private=False)}, "public_jwk", "invalid"),
        ({"public_jwk": OKPKey.generate_key("X25519").as_dict(private=False)}, "public_jwk", "invalid"),
        ({"public_jwk_url": "file:///etc/passwd"}, "public_jwk_url", "invalid"),
    ],
)
def test_fields_that_a_key_cannot_have_are_refused_and_nothing_is_made(
    school: School, fields: dict[str, Any], attribute: str, type: str
) -> None:
    reply = school.as_("admin").post(KEYS, json={"developer_key": {"name": "App", **fields}})
    assert reply.status == 400
    assert [fault["type"] for fault in reply.json["errors"][attribute]] == [type]
    assert list(reply.json["errors"]) == [attribute]
    assert school.as_("admin").get(KEYS).json == []


def test_the_group_is_required_and_choices_are_limited(school: School) -> None:
    admin = school.as_("admin")
    assert admin.post(KEYS).json == {"errors": [{"message": "developer_key is missing"}]}
    assert admin.post(KEYS, {"developer_key": {"client_type": "secret"}}).status == 400
    assert admin.post(KEYS, {"developer_key": {"client_credentials_audience": "all"}}).status == 400
    key = new_key(school)
    assert admin.put(f"/api/v1/developer_keys/{key['id']}", {"developer_key": {"event": "explode"}}).status == 400


def test_a_public_key_can_be_given_and_a_private_one_is_never_kept(school: School) -> None:
    rsa, curve = RSAKey.generate_key(2048), ECKey.generate_key("P-256")
    made = new_key(school, client_type="public", public_jwk=rsa.as_dict(private=False, kid="one"))
    assert made["public_jwk"]["kid"] == "one" and made["client_type"] == "public"
    one = f"/api/v1/developer_keys/{made['id']}"
    changed = school.as_("admin").put(one, json={"developer_key": {"public_jwk": curve.as_dict(private=False)}})
    assert changed.json["public_jwk"]["crv"] == "P-256"
    refused = school.as_("admin").put(one, json={"developer_key": {"public_jwk": curve.as_dict(private=True)}})
    assert refused.status == 400
    assert str(curve.as_dict(private=True)["d"]) not in refused.text


@pytest.mark.spec("identity.md#3")
def test_deactivating_a_key_stops_its_tokens_and_activating_it_lets_them_go_on(school: School) -> None:
    key = new_key(school)
    holder = school.with_token(token_of_key(school, "student", key))
    one = f"/api/v1/developer_keys/{key['id']}"
    assert holder.get("/api/v1/users/self").status == 200
    off = school.as_("admin").put(one, {"developer_key": {"event": "deactivate"}})
    assert (off.status, off.json["workflow_state"], off.json["access_token_count"]) == (200, "inactive", 1)
    assert holder.get("/api/v1/users/self").json == {"errors": [{"message": "Invalid access token."}]}
    assert school.as_("admin").put(one, {"developer_key": {"event": "activate"}}).json["workflow_state"] == "active"
    assert holder.get("/api/v1/users/self").status == 200


@pytest.mark.spec("identity.md#3")
def test_deleting_a_key_kills_its_tokens_for_good(school: School) -> None:
    key = new_key(school)
    holder = school.with_token(token_of_key(school, "student", key))
    one = f"/api/v1/developer_keys/{key['id']}"
    gone = school.as_("admin").delete(one)
    assert gone.json == {**key, "workflow_state": "deleted"}
    assert holder.get("/api/v1/users/self").status == 401
    assert school.as_("admin").get(KEYS).json == []
    assert school.as_("admin").delete(one).status == 404
    assert school.as_("admin").put(one, {"developer_key": {"event": "activate"}}).status == 404
    assert school.as_("student").get("/api/v1/users/self").status == 200


def test_the_key_of_user_generated_tokens_stays(school: School) -> None:
    one = "/api/v1/developer_keys/1"
    assert school.as_("site_admin").delete(one).status == 400
    assert school.as_("site_admin").put(one, {"developer_key": {"event": "deactivate"}}).status == 400
    assert school.as_("student").get("/api/v1/users/self").status == 200


def test_a_secret_is_sealed_in_the_database_and_in_no_answer_to_others(school: School) -> None:
    key = new_key(school)
    stored = school.read(lambda db: db.execute(select(DeveloperKey.c.sealed_secret)).scalars().all())
    assert all(key["api_key"] not in (sealed or "") for sealed in stored)
    assert (
        key["api_key"]
        not in school.as_("student").put(f"/api/v1/developer_keys/{key['id']}", {"developer_key": {"name": "x"}}).text
    )


def test_a_secret_sealed_before_a_secret_key_was_set_still_opens_after(school: School) -> None:
    key = new_key(school)
    later = school.with_settings(secret_key="a new secret of this installation")
    assert later.as_("admin").get(KEYS).json == [key]
    newer = new_key(later)
    assert later.as_("admin").get(KEYS).json == [newer, key]
    # Without the secret there is an error, and no half of a secret.
    assert school.as_("admin").get(KEYS).status == 500


def test_junk_for_an_id_is_not_found(school: School) -> None:
    for junk in ("x", "0", "99999999999999999999", "sis_id:4", "20000000000001"):
        assert school.as_("admin").delete(f"/api/v1/developer_keys/{junk}").status == 404
    assert school.read(lambda db: db.execute(text("SELECT count(*) FROM developer_keys")).scalar_one()) == 1


def _on(state: str = "on") -> dict[str, Any]:
    return {"developer_key_account_binding": {"workflow_state": state}}


def test_attack_the_key_of_user_generated_tokens_is_made_useless(school: School) -> None:
    default = school.read(
        lambda db: db.execute(select(DeveloperKey.c.id).where(DeveloperKey.c.is_default)).scalar_one()
    )
    admin, one = school.as_("site_admin"), f"/api/v1/developer_keys/{default}"
    binding = f"/api/v1/accounts/1/developer_keys/{default}/developer_key_account_bindings"
    for reply in (
        admin.put(one, {"developer_key": {"require_scopes": True}}),
        admin.put(one, {"developer_key": {"event": "deactivate"}}),
        admin.delete(one),
        admin.post(binding, {"developer_key_account_binding": {"workflow_state": "off"}}),
    ):
        assert reply.status == 400
        assert reply.json["message"].startswith("The key of user-generated tokens cannot ")
    assert school.as_("student").get("/api/v1/users/self").status == 200
