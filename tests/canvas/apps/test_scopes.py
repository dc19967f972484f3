"""Scopes: the list, and what a token with scopes may call (identity.md §3, basics.md §9)."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.sign_in import new_key, token_of_key

from homeroom.app import FACES
from homeroom.canvas.face import CANVAS

SCOPES = "/api/v1/accounts/1/scopes"
SHOW = "url:GET|/api/v1/users/:id"


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 401), ("student", 403), ("narrow_admin", 403), ("admin", 200)]
)
def test_who_may_list_scopes(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(SCOPES).status == status


@pytest.mark.spec("identity.md#3")
def test_the_scopes_are_exactly_the_routes_that_exist(school: School) -> None:
    listed = school.as_("admin").get(SCOPES).json
    routes = {f"url:{route.method}|/api/v1{route.path}" for route in CANVAS.routes}
    assert {scope["scope"] for scope in listed} == routes
    assert len(listed) == len(routes)
    assert [face.name for face in FACES if face.scopes] == ["Canvas"]
    assert {
        "resource": "users",
        "resource_name": "Users",
        "controller": "users",
        "action": "show_user",
        "verb": "GET",
        "path": "/api/v1/users/:id",
        "scope": SHOW,
    } in listed


def test_scopes_can_be_grouped_by_resource(school: School) -> None:
    groups = school.as_("admin").get(f"{SCOPES}?group_by=resource_name").json
    assert {scope["resource_name"] for scope in groups["Developer keys"]} == {"Developer keys"}
    assert school.as_("admin").get(f"{SCOPES}?group_by=verb").status == 400


@pytest.mark.spec("identity.md#3")
def test_a_token_with_scopes_calls_its_routes_and_no_other(school: School) -> None:
    key = new_key(school, require_scopes=True, scopes=[SHOW])
    holder = school.with_token(token_of_key(school, "admin", key, [SHOW]))
    assert holder.get("/api/v1/users/self").status == 200
    assert holder.get(f"/api/v1/users/{school.id('student')}.json").status == 200
    assert holder.call("HEAD", "/api/v1/users/self").status == 200
    refused = holder.get(SCOPES)
    assert (refused.status, refused.json) == (401, {"errors": [{"message": "Insufficient scopes on access token."}]})
    assert "www-authenticate" not in refused.headers


@pytest.mark.spec("identity.md#3")
def test_a_key_that_requires_no_scopes_does_not_limit_its_tokens(school: School) -> None:
    holder = school.with_token(token_of_key(school, "admin", new_key(school), [SHOW]))
    assert holder.get(SCOPES).status == 200


def test_taking_a_scope_from_a_key_ends_its_tokens_and_adding_one_does_not(school: School) -> None:
    listing = "url:GET|/api/v1/accounts/:account_id/scopes"
    key = new_key(school, require_scopes=True, scopes=[SHOW, listing])
    holder = school.with_token(token_of_key(school, "admin", key, [SHOW, listing]))
    assert holder.get(SCOPES).status == 200
    one = f"/api/v1/developer_keys/{key['id']}"
    more = [SHOW, listing, "url:GET|/api/v1/users/:id/settings"]
    assert school.as_("admin").put(one, {"developer_key": {"scopes": more, "require_scopes": True}}).status == 200
    assert holder.get(SCOPES).status == 200
    school.as_("admin").put(one, {"developer_key": {"scopes": [SHOW]}})
    refused = holder.get("/api/v1/users/self")
    assert (refused.status, refused.json) == (401, {"errors": [{"message": "Revoked access token."}]})


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize("required", [True, False])
def test_attack_tokens_that_widen_when_their_key_stops_to_require_scopes(school: School, required: bool) -> None:
    key = new_key(school, require_scopes=required, scopes=[SHOW])
    holder = school.with_token(token_of_key(school, "admin", key, [SHOW] if required else []))
    assert holder.get("/api/v1/users/self").status == 200
    one = f"/api/v1/developer_keys/{key['id']}"
    assert school.as_("admin").put(one, {"developer_key": {"require_scopes": not required}}).status == 200
    assert holder.get(SCOPES).status == 401
    assert holder.get("/api/v1/users/self").status == 401


@pytest.mark.spec("identity.md#3")
@pytest.mark.parametrize(("allowed", "keys"), [(False, set()), (True, {"last_login"})])
def test_includes_shrink_to_uuid_unless_the_key_allows_them(school: School, allowed: bool, keys: set[str]) -> None:
    key = new_key(school, require_scopes=True, scopes=[SHOW], allow_includes=allowed)
    holder = school.with_token(token_of_key(school, "student", key, [SHOW]))
    plain = set(holder.get("/api/v1/users/self").json)
    for query in ("include[]=uuid&include[]=last_login", "includes[]=x&include[]=last_login&include[]=uuid"):
        assert set(holder.get(f"/api/v1/users/self?{query}").json) - plain == {"uuid"} | keys
    assert set(holder.get("/api/v1/users/self?include=last_login").json) - plain == keys
