"""The settings of a root account through the control routes (homeroom.md §5)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import School

from homeroom.school.accounts.settings import change_settings
from homeroom.school.ground.errors import Refused
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.schema import Account

URL = "/homeroom/v1/accounts/1/settings"
DEFAULTS = {
    "self_registration": "none",
    "avatars": True,
    "users_can_edit_name": True,
    "users_can_edit_profile": True,
    "profiles": False,
    "pronouns": False,
    "name_pronunciation": False,
    "require_terms": False,
    "default_time_zone": "Etc/UTC",
    "default_locale": "en",
    "open_registration": False,
    "password_min_length": 8,
    "admins_can_change_passwords": False,
    "require_second_factor_of_admins": False,
    "limit_personal_access_tokens": False,
    "limit_personal_access_tokens_to_staff": False,
    "require_token_expiry": False,
    "edit_institution_email": True,
    "students_can_create_courses": False,
    "teachers_can_create_courses": False,
    "sis_imports": True,
    "login_handle_name": None,
    "change_password_url": None,
    "auth_discovery_url": None,
    "unknown_user_url": None,
}
OTHERS: dict[str, Any] = {
    "self_registration": "observer",
    "pronouns": ["She/Her", "Ze/Zir"],
    "default_time_zone": "Europe/Paris",
    "default_locale": "fr-CA",
    "password_min_length": 12,
    "login_handle_name": "Badge",
    "change_password_url": "https://help.test/password",
    "auth_discovery_url": "https://help.test/find",
    "unknown_user_url": "https://help.test/unknown",
}


@pytest.mark.spec("homeroom.md#1")
@pytest.mark.spec("homeroom.md#5")
def test_a_fresh_server_has_the_defaults(school: School) -> None:
    reply = school.as_("site_admin").get(URL)
    assert (reply.status, reply.json) == (200, DEFAULTS)


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("narrow_admin", 403),
        ("sub_admin", 403),
        ("admin", 403),
        ("site_admin", 200),
    ],
)
def test_who_may_see_and_change_settings(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(URL).status == status
    reply = client.put(URL, json={"avatars": False})
    assert reply.status == status
    assert school.as_("site_admin").get(URL).json["avatars"] is (status != 200)
    # Whether an account is there is nobody else's business.
    assert client.get("/homeroom/v1/accounts/999/settings").status == (404 if status == 200 else status)


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize("name", AccountSettings.__struct_fields__)
def test_every_setting_can_be_changed_and_the_others_stay(school: School, name: str) -> None:
    value = OTHERS[name] if name in OTHERS else not DEFAULTS[name]
    client = school.as_("site_admin")
    changed = DEFAULTS | {name: value}
    reply = client.put(URL, json={name: value})
    assert (reply.status, reply.json) == (200, changed)
    assert client.get(URL).json == changed
    assert client.put(URL, json={name: DEFAULTS[name]}).json == DEFAULTS


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(
    "changes",
    [
        {"fly": True},
        {"avatars": "no"},
        {"avatars": 0},
        {"avatars": None},
        {"self_registration": "some"},
        {"pronouns": True},
        {"pronouns": "She/Her"},
        {"pronouns": [1]},
        {"default_time_zone": "Mars"},
        {"default_locale": "tlh"},
        {"password_min_length": "12"},
        {"password_min_length": True},
        {"password_min_length": 7},
        {"password_min_length": 256},
        {"password_min_length": 10**400},
        {"settings": {"avatars": False}},
        {"unknown_user_url": "javascript:alert(1)"},
    ],
)
def test_an_unknown_name_or_a_wrong_value_changes_nothing(school: School, changes: dict[str, Any]) -> None:
    client = school.as_("site_admin")
    reply = client.put(URL, json={"profiles": True, **changes})
    assert reply.status == 400
    assert list(reply.json) == ["message"]
    assert client.get(URL).json == DEFAULTS


def test_only_a_root_account_has_settings(school: School) -> None:
    for account in (school.id("northern"), "site_admin"):
        url = f"/homeroom/v1/accounts/{account}/settings"
        for reply in (school.as_("site_admin").get(url), school.as_("site_admin").put(url, json={"avatars": False})):
            assert (reply.status, reply.json) == (400, {"message": "Only a root account has settings."})


def test_the_accounts_own_time_zone_follows_the_setting_and_leads_it(school: School) -> None:
    client = school.as_("site_admin")
    client.put(URL, json={"default_time_zone": "Asia/Tokyo"})
    assert client.get("/api/v1/accounts/1").json["default_time_zone"] == "Asia/Tokyo"
    client.put("/api/v1/accounts/1", {"account": {"default_time_zone": "Paris"}})
    assert client.get(URL).json["default_time_zone"] == "Paris"


def test_settings_are_changed_by_one_action_for_every_way_in(school: School) -> None:
    settings = school.write(lambda db: change_settings(db, 1, {"profiles": True}))
    assert settings.profiles
    with pytest.raises(Refused):
        school.write(lambda db: change_settings(db, 1, {"fly": True}))


def test_credentials_in_the_url_are_no_settings(school: School) -> None:
    client = school.as_("site_admin")
    assert client.put(f"{URL}?as_user_id={school.id('site_admin')}", json={"profiles": True}).json["profiles"]
    assert client.put(f"{URL}?as_user_id={school.id('student')}", json={"profiles": False}).status == 403


def test_a_minimum_that_was_stored_before_the_floor_counts_as_the_floor(school: School) -> None:
    short = update(Account).where(Account.c.id == 1).values(settings='{"password_min_length":1}')
    school.write(lambda db: db.execute(short))
    client = school.as_("site_admin")
    assert client.get(URL).json["password_min_length"] == 8
    assert client.put(URL, json={"profiles": True}).status == 200
