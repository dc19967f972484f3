"""Terms of service (identity.md §11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School

from homeroom.school.accounts.terms_of_service import DEFAULT_TERMS, LONGEST_TERMS
from homeroom.school.schema import TermsOfService, User

pytestmark = pytest.mark.spec("identity.md#11")

URL = "/api/v1/accounts/1/terms_of_service"
CONTROL = "/homeroom/v1/accounts/1/terms_of_service"
DEFAULTS = {
    "id": 1,
    "terms_type": "default",
    "passive": True,
    "account_id": 1,
    "content": DEFAULT_TERMS,
    "self_registration_type": "none",
}
OWN = {"terms_type": "custom", "content": "<p>Be kind.</p>"}


@pytest.mark.parametrize("who", ["anonymous", "student", "outsider", "sub_admin", "site_admin"])
@pytest.mark.parametrize("account", ["1", "self", "default"])
def test_everybody_reads_the_terms_of_the_root_account(school: School, who: str, account: str) -> None:
    reply = school.as_(who).get(f"/api/v1/accounts/{account}/terms_of_service")
    assert (reply.status, reply.json) == (200, DEFAULTS)


def test_a_sub_account_has_the_terms_of_its_root_account(school: School) -> None:
    url = f"/api/v1/accounts/{school.id('northern')}/terms_of_service"
    assert school.as_("student").get(url).json == DEFAULTS


def test_nobody_learns_which_accounts_there_are(school: School) -> None:
    for account in (school.id("northern"), "sis_account_id:sis-northern", "site_admin", "999"):
        assert school.as_("anonymous").get(f"/api/v1/accounts/{account}/terms_of_service").status == 404


@pytest.mark.parametrize("account", ["999", "junk", "site_admin"])
def test_an_account_without_terms_is_not_found(school: School, account: str) -> None:
    assert school.as_("site_admin").get(f"/api/v1/accounts/{account}/terms_of_service").status == 404


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
def test_site_admins_change_the_terms(school: School, who: str, status: int) -> None:
    assert school.as_(who).put(CONTROL, json=OWN).status == status
    expected = {**DEFAULTS, **OWN} if status == 200 else DEFAULTS
    assert school.as_("student").get(URL).json == expected


def test_a_change_answers_the_terms(school: School) -> None:
    reply = school.as_("site_admin").put(CONTROL, json={**OWN, "passive": False})
    assert reply.json == {
        "id": 1, "account_id": 1, **OWN, "passive": False, "self_registration": "none",
    }  # fmt: skip


def test_only_what_is_given_changes(school: School) -> None:
    admin = school.as_("site_admin")
    admin.put(CONTROL, json=OWN)
    admin.put(CONTROL, json={"passive": False})
    assert admin.get(URL).json == {**DEFAULTS, **OWN, "passive": False}
    admin.put(CONTROL, json={"content": "<p>Be very kind.</p>"})
    assert admin.get(URL).json["content"] == "<p>Be very kind.</p>"
    admin.put(CONTROL, json={"terms_type": "default"})
    assert admin.get(URL).json == {**DEFAULTS, "passive": False}


@pytest.mark.spec("homeroom.md#5")
def test_whether_terms_must_be_accepted_is_a_setting_of_the_account(school: School) -> None:
    admin = school.as_("site_admin")
    admin.put(CONTROL, json={"passive": False})
    assert admin.get("/homeroom/v1/accounts/1/settings").json["require_terms"] is True
    admin.put("/homeroom/v1/accounts/1/settings", json={"require_terms": False, "self_registration": "observer"})
    assert admin.get(URL).json == {**DEFAULTS, "self_registration_type": "observer"}


def test_there_can_be_no_terms(school: School) -> None:
    admin = school.as_("site_admin")
    admin.put(CONTROL, json=OWN)
    admin.put(CONTROL, json={"terms_type": "no_terms"})
    assert admin.get(URL).json == {**DEFAULTS, "terms_type": "no_terms", "content": None}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"terms_type": "other"}, "Invalid enum value 'other'"),
        ({"passive": "yes"}, "Expected `bool`"),
        ({"content": 3}, "Expected `str | null`"),
        ({"nonsense": 1}, "unknown field `nonsense`"),
        ({"terms_type": "custom"}, "Custom terms need content"),
        ({"terms_type": "custom", "content": ""}, "Custom terms need content"),
        ({"terms_type": "custom", "content": "x" * (LONGEST_TERMS + 1)}, "at most 100000 characters"),
        ({"content": "x"}, "Only custom terms have a content of their own."),
        ({"terms_type": "no_terms", "passive": False}, "only be asked to accept terms if there are terms"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_change_nothing(
    school: School, body: dict[str, Any], message: str
) -> None:
    admin = school.as_("site_admin")
    reply = admin.put(CONTROL, json={"passive": False, **body})
    assert reply.status == 400
    assert message in reply.json["message"]
    assert admin.get(URL).json == DEFAULTS
    assert admin.get("/homeroom/v1/accounts/1/settings").json["require_terms"] is False


@pytest.mark.parametrize("account", ["northern", "site_admin_account"])
def test_only_a_root_account_has_terms_to_change(school: School, account: str) -> None:
    url = f"/homeroom/v1/accounts/{school.id(account)}/terms_of_service"
    assert school.as_("site_admin").put(url, json=OWN).status == 404


def test_the_terms_are_one_row(school: School) -> None:
    changed = school.write(lambda db: db.execute(update(TermsOfService).values(terms_type="default")).rowcount)
    assert changed == 1


def accepted_at(school: School, user_id: int) -> datetime | None:
    rows = select(User.c.terms_accepted_at).where(User.c.id == user_id)
    return school.read(lambda db: db.execute(rows).scalar_one())  # type: ignore[no-any-return]


@pytest.mark.parametrize("accepts", [True, False])
def test_who_is_made_with_the_terms_has_accepted_them(school: School, accepts: bool) -> None:
    form = {"user": {"name": "Nia New", "terms_of_use": accepts}, "pseudonym": {"unique_id": "nia@school.test"}}
    json = school.as_("admin").post("/api/v1/accounts/1/users", form).json
    assert json["terms_of_use"] is accepts
    assert (accepted_at(school, json["id"]) is not None) is accepts


def test_changing_a_user_accepts_nothing(school: School) -> None:
    reply = school.as_("student").put("/api/v1/users/self", {"user": {"terms_of_use": True}})
    assert reply.status == 200
    assert accepted_at(school, school.id("student")) is None


def test_terms_that_were_not_accepted_keep_nobody_from_the_api(school: School) -> None:
    school.as_("site_admin").put(CONTROL, json={"passive": False})
    assert school.as_("student").get("/api/v1/users/self").status == 200
