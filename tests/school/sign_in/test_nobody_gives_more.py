"""Attacks in which somebody gives what they do not hold: roles, providers, scopes of developer keys."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.client import Reply
from tests.support.rights import allow, deny
from tests.support.sign_in import grant, new_key

from homeroom.school.schema import AccountAdmin, Login

pytestmark = pytest.mark.spec("identity.md#10")
ROLES = "/api/v1/accounts/1/roles"
PROVIDERS = "/api/v1/accounts/1/authentication_providers"
KEYS = "/api/v1/accounts/1/developer_keys"
ON = {"explicit": True, "enabled": True}
OIDC = {
    "auth_type": "openid_connect",
    "client_id": "x",
    "client_secret": "hush",
    "authorize_url": "https://idp.example/authorize",
    "token_url": "https://idp.example/token",
}


def change_role(school: School, who: str, role: int, **permissions: dict[str, Any]) -> Reply:
    return school.as_(who).put(f"{ROLES}/{role}", {"permissions": permissions})


# --- roles -------------------------------------------------------------------------------------------------------


def test_attack_giving_ones_own_role_more_rights(school: School) -> None:
    grant(school, "manage_role_overrides")
    own = school.id("narrow_role")
    assert change_role(school, "narrow_admin", own, become_user=ON).status == 403
    assert change_role(school, "narrow_admin", own, read_roster=ON, manage_sis=ON).status == 403
    assert change_role(school, "narrow_admin", own, read_roster=ON).status == 200
    assert school.as_("narrow_admin").get(f"/api/v1/users/self?as_user_id={school.id('student')}").status == 401
    assert change_role(school, "admin", own, become_user=ON).status == 200


def test_attack_giving_a_course_role_rights_that_one_lacks(school: School) -> None:
    grant(school, "manage_role_overrides")
    teacher = school.id("role_TeacherEnrollment")
    assert change_role(school, "narrow_admin", teacher, read_sis=ON).status == 403
    off = {"explicit": True, "enabled": False}
    assert change_role(school, "narrow_admin", teacher, manage_grades=off).status == 200
    # What was taken away does not come back by somebody who never had it: neither by a word, nor by silence.
    assert change_role(school, "narrow_admin", teacher, manage_grades=ON).status == 403
    assert change_role(school, "narrow_admin", teacher, manage_grades={"explicit": False}).status == 403
    assert change_role(school, "admin", teacher, manage_grades={"explicit": False}).status == 200


def test_attack_unlocking_what_an_account_below_has_turned_on(school: School) -> None:
    grant(school, "manage_role_overrides")
    ta = school.id("role_TaEnrollment")
    assert change_role(school, "admin", ta, manage_grades={**ON, "enabled": False, "locked": True}).status == 200
    unlock = {"explicit": True, "enabled": False, "locked": False}
    assert change_role(school, "narrow_admin", ta, manage_grades=unlock).status == 403
    assert change_role(school, "admin", ta, manage_grades=unlock).status == 200


@pytest.mark.parametrize("change", ["label", "permissions", "deactivate", "activate"])
def test_attack_changing_a_role_above_ones_own(school: School, change: str) -> None:
    grant(school, "manage_role_overrides")
    made = school.as_("admin").post(ROLES, {"label": "Acting", "permissions": {"become_user": ON}}).json
    one, off = f"{ROLES}/{made['id']}", {"explicit": True, "enabled": False}

    def as_(who: str) -> Reply:
        client = school.as_(who)
        if change == "label":
            return client.put(one, {"label": "Other"})
        if change == "permissions":
            return client.put(one, {"permissions": {"become_user": off}})
        return client.delete(one) if change == "deactivate" else client.post(f"{one}/activate")

    assert as_("narrow_admin").status == 403
    assert school.as_("admin").get(one).json == made
    assert as_("admin").status == 200


def test_attack_making_a_role_with_rights_that_one_lacks(school: School) -> None:
    grant(school, "manage_role_overrides")
    narrow = school.as_("narrow_admin")
    assert narrow.post(ROLES, {"label": "Acting", "permissions": {"become_user": ON}}).status == 403
    assert narrow.post(ROLES, {"label": "Tutor", "base_role_type": "TeacherEnrollment"}).status == 403
    assert narrow.post(ROLES, {"label": "Reader", "permissions": {"read_roster": ON}}).status == 200
    labels = [role["label"] for role in school.as_("admin").get(f"{ROLES}?per_page=100").json]
    assert "Acting" not in labels and "Tutor" not in labels


def test_attack_a_right_for_the_accounts_below_only(school: School) -> None:
    grant(school, "manage_role_overrides")
    below = {**ON, "applies_to_self": False}
    assert change_role(school, "narrow_admin", school.id("narrow_role"), become_user=below).status == 403


# --- providers ---------------------------------------------------------------------------------------------------


def provider_of_the_admin(school: School) -> str:
    """A provider by which the root's admin signs in; its address."""
    made = school.as_("admin").post(PROVIDERS, json=OIDC).json["id"]
    move = update(Login).where(Login.c.user_id == school.id("admin"))
    school.write(lambda db: db.execute(move.values(authentication_provider_id=made, provider_key=made)))
    return f"{PROVIDERS}/{made}"


@pytest.mark.parametrize(
    "fields",
    [
        {"token_url": "https://evil.test/token", "client_secret": "mine"},
        {"login_attribute": "nickname"},
        {"client_id": "y"},
        {"jit_provisioning": True},
        {"federated_attributes": {"email": "mail"}},
    ],
)
def test_attack_a_provider_that_vouches_for_somebody_with_more_rights(school: School, fields: dict[str, Any]) -> None:
    grant(school, "manage_account_settings")
    one = provider_of_the_admin(school)
    before = school.as_("admin").get(one).json
    assert school.as_("narrow_admin").put(one, json=fields).status == 403
    assert school.as_("admin").get(one).json == before
    assert school.as_("narrow_admin").put(one, json={"position": 1, "scope": ""}).status == 200
    # Without such a person it is theirs to change.
    gone = update(AccountAdmin).where(AccountAdmin.c.user_id == school.id("admin")).values(state="deleted")
    school.write(lambda db: db.execute(gone))
    assert school.as_("narrow_admin").put(one, json=fields).status == 200


@pytest.mark.parametrize("name", ["token_url", "authorize_url", "discovery_url", "userinfo_endpoint", "jwks_uri"])
def test_attack_having_a_kept_secret_sent_elsewhere(school: School, name: str) -> None:
    one = f"{PROVIDERS}/{school.as_('admin').post(PROVIDERS, json=OIDC).json['id']}"
    moved = {name: "https://evil.test/"}
    refused = school.as_("admin").put(one, json=moved)
    assert (refused.status, list(refused.json["errors"])) == (400, ["client_secret"])
    assert school.as_("admin").get(one).json.get(name) == OIDC.get(name)
    assert school.as_("admin").put(one, json={"token_url": OIDC["token_url"], "scope": "openid"}).status == 200
    assert school.as_("admin").put(one, json={**moved, "client_secret": "another"}).status == 200
    assert school.as_("admin").put(one, json={name: OIDC.get(name), "client_secret": ""}).status == 200


# --- developer keys ----------------------------------------------------------------------------------------------

READ = "url:GET|/api/v1/accounts/:account_id/users"
ADMINS = "url:POST|/api/v1/accounts/:account_id/admins"


def test_attack_scopes_that_reach_further_than_who_gives_them(school: School) -> None:
    grant(school, "manage_developer_keys")
    narrow = school.as_("narrow_admin")

    def make(**fields: Any) -> Reply:
        return narrow.post(KEYS, json={"developer_key": {"name": "App", **fields}})

    assert make(require_scopes=True, scopes=[READ, ADMINS]).status == 403
    assert make().status == 403
    made = make(require_scopes=True, scopes=[READ])
    assert made.status == 200
    one = f"/api/v1/developer_keys/{made.json['id']}"
    wider: list[dict[str, Any]] = [{"scopes": [READ, ADMINS]}, {"require_scopes": False}]
    for fields in (*wider, {"require_scopes": False, "scopes": []}):
        assert narrow.put(one, json={"developer_key": fields}).status == 403
        assert narrow.get(KEYS).json[0] == made.json
    narrower: list[dict[str, Any]] = [{"name": "Other"}, {"scopes": []}, {"scopes": [READ]}]
    for fields in narrower:
        assert narrow.put(one, json={"developer_key": fields}).status == 200
    assert school.as_("admin").put(one, json={"developer_key": {"scopes": [READ, ADMINS]}}).status == 200
    # What the key has already is not given by who leaves it as it is.
    assert narrow.put(one, json={"developer_key": {"scopes": [READ, ADMINS], "name": "Third"}}).status == 200


def test_attack_scopes_of_a_key_that_had_no_limit_are_new(school: School) -> None:
    grant(school, "manage_developer_keys")
    one = f"/api/v1/developer_keys/{new_key(school, scopes=[ADMINS])['id']}"
    narrow = school.as_("narrow_admin")
    assert narrow.put(one, json={"developer_key": {"require_scopes": True}}).status == 403
    assert narrow.put(one, json={"developer_key": {"require_scopes": True, "scopes": [READ]}}).status == 200


def test_rights_may_be_given_by_who_holds_them(school: School) -> None:
    grant(school, "manage_developer_keys")
    deny(school, "AccountAdmin", "become_user")
    assert new_key(school)["require_scopes"] is False
    allow(school, "narrow_role", "manage_account_memberships")
    made = {"developer_key": {"require_scopes": True, "scopes": [ADMINS]}}
    assert school.as_("narrow_admin").post(KEYS, json=made).status == 200
