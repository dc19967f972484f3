"""Passwords and providers of logins (identity.md §6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.cast import PASSWORD
from tests.support.logins import LOGINS, login_of, make, signs_in
from tests.support.sign_in import SELF, settings_of

from homeroom.school.schema import Login, MailMessage
from homeroom.school.sign_in import lockout

NEW = "a new password"
RESET = "/api/v1/users/reset_password"


def own(old: str = PASSWORD, **fields: str) -> dict[str, Any]:
    """A form that changes one's own password."""
    return {"login": {"old_password": old, "password": NEW, **fields}}


@pytest.mark.spec("identity.md#6")
def test_people_change_their_own_password_and_nothing_else(school: School) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    changed = school.as_("student").put(one, own())
    assert changed.status == 200 and NEW not in changed.text
    assert signs_in(school, "student@school.test", NEW) and not signs_in(school, "student@school.test")
    for fields in ({"unique_id": "star"}, {"workflow_state": "suspended"}, {"declared_user_type": "staff"}):
        assert school.as_("student").put(one, own(NEW, **fields)).status == 403
    same = own(NEW, unique_id="student@school.test", password="another password")
    assert school.as_("student").put(one, same).status == 200


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize("old", ["", "wrong", NEW])
def test_attack_a_token_that_was_found_does_not_become_a_password(school: School, old: str) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    refused = school.as_("student").put(one, own(old))
    fault = {"attribute": "old_password", "type": "invalid", "message": "is not the present password"}
    assert (refused.status, refused.json) == (400, {"errors": {"old_password": [fault]}})
    assert signs_in(school, "student@school.test") and not signs_in(school, "student@school.test", NEW)
    assert school.as_("student").put(one, {"login": {"old_password": PASSWORD}}).text == "null"


def test_attack_an_admins_token_does_not_become_the_admins_password(school: School) -> None:
    settings_of(school, admins_can_change_passwords=True)
    one = f"{LOGINS}/{login_of(school, 'admin')['id']}"
    assert school.as_("admin").put(one, {"login": {"password": NEW}}).status == 400
    assert school.as_("admin").put(one, own()).status == 200


def test_attack_guessing_ones_password_with_a_token(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_PLACE", 3)
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    assert [school.as_("student").put(one, own(f"guess {n}")).status for n in range(3)] == [400, 400, 400]
    late = school.as_("student").put(one, own())
    assert (late.status, late.json) == (429, {"message": "Too many tries. Try again later."})
    assert 800 < int(late.headers["retry-after"]) <= 900
    assert not signs_in(school, "student@school.test"), "Signing in counts the same tries."


@pytest.mark.parametrize("values", [{"password_hash": None}, {"state": "suspended"}])
def test_attack_a_token_does_not_give_a_login_its_first_password(school: School, values: dict[str, Any]) -> None:
    second = make(school)["id"]
    school.write(lambda db: db.execute(update(Login).where(Login.c.id == second).values(**values)))
    for old in ("", PASSWORD):
        assert school.as_("student").put(f"{LOGINS}/{second}", own(old)).status == 400


@pytest.mark.spec("identity.md#6")
def test_admins_change_passwords_only_where_the_account_lets_them(school: School) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    assert school.as_("admin").put(one, {"login": {"password": NEW}}).status == 403
    assert school.as_("admin").put(one, {"login": {"password": NEW, "unique_id": "star"}}).status == 403
    assert login_of(school, "student")["unique_id"] == "student@school.test"
    settings_of(school, admins_can_change_passwords=True)
    assert school.as_("admin").put(one, {"login": {"password": NEW}}).status == 200
    assert signs_in(school, "student@school.test", NEW)
    assert school.as_("sub_admin").put(one, {"login": {"password": NEW}}).status == 403


def test_acting_as_somebody_does_not_open_their_password(school: School) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}?as_user_id={school.id('student')}"
    assert school.as_("admin").put(one, {"login": {"password": NEW}}).status == 403
    assert not signs_in(school, "student@school.test", NEW)


def test_a_new_password_ends_the_sessions_of_who_knew_the_old_one(school: School) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    other, mine = Browser(school), Browser(school)
    sign_in(other, "student")
    sign_in(mine, "student")
    headers = {"X-CSRF-Token": token_in(mine.get("/"))}
    assert mine.put(one, own(), headers=headers).status == 200
    assert (other.get(SELF).status, mine.get(SELF).status) == (401, 200)
    assert school.as_("student").get(SELF).status == 200


@pytest.mark.spec("identity.md#6")
def test_the_accounts_policy_counts(school: School) -> None:
    settings_of(school, password_min_length=20)
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    refused = school.as_("student").put(one, own())
    assert refused.json["errors"]["password"][0]["message"] == "is too short (minimum is 20 characters)"


@pytest.fixture
def saml(school: School) -> Any:
    reply = school.as_("admin").post(
        "/api/v1/accounts/1/authentication_providers", {"auth_type": "saml", "idp_entity_id": "x"}
    )
    return reply.json


@pytest.mark.spec("identity.md#6")
def test_a_login_may_be_another_providers_and_then_has_no_password(school: School, saml: Any) -> None:
    made = make(school, authentication_provider_id=saml["id"])
    assert (made["authentication_provider_id"], made["authentication_provider_type"]) == (saml["id"], "saml")
    by_type = make(school, "classmate", authentication_provider_id="saml")
    assert by_type["authentication_provider_id"] == saml["id"]
    fields = {"unique_id": "x", "password": NEW, "authentication_provider_id": "saml"}
    new = {"user": {"id": school.id("student")}, "login": fields}
    settings_of(school, admins_can_change_passwords=True)
    for reply in (
        school.as_("admin").post(LOGINS, new),
        school.as_("admin").put(f"{LOGINS}/{made['id']}", {"login": {"password": NEW}}),
    ):
        fault = reply.json["errors"]["password"][0]
        assert (reply.status, fault["message"]) == (400, "password can only be set for Canvas authentication")
    for unknown in ("9999", "telepathy"):
        new["login"] = {"unique_id": "x", "authentication_provider_id": unknown}
        assert school.as_("admin").post(LOGINS, new).status == 404


@pytest.mark.spec("identity.md#6")
def test_a_login_id_is_one_for_each_provider(school: School, saml: Any) -> None:
    make(school, "classmate", unique_id="student@school.test", authentication_provider_id="saml")
    again = {"user": {"id": school.id("ta")}, "login": {"unique_id": "Student@school.test"}}
    for provider in ("", "canvas", "saml"):
        again["login"] = {"unique_id": "Student@school.test", "authentication_provider_id": provider}
        assert school.as_("admin").post(LOGINS, again).json["errors"]["unique_id"][0]["type"] == "taken"
    assert signs_in(school, "student@school.test")


def test_a_login_that_moves_to_another_provider_loses_its_password(school: School, saml: Any) -> None:
    login = login_of(school, "student")
    one = f"{LOGINS}/{login['id']}"
    assert school.as_("student").put(one, {"login": {"authentication_provider_id": "saml"}}).status == 403
    named = school.as_("admin").put(one, {"login": {"authentication_provider_id": "canvas"}}).json
    assert (named["authentication_provider_id"], named["authentication_provider_type"]) == (1, "canvas")
    assert signs_in(school, "student@school.test")
    assert school.as_("admin").put(one, {"login": {"authentication_provider_id": saml["id"]}}).status == 200
    assert not signs_in(school, "student@school.test")
    assert (
        school.read(lambda db: db.execute(select(Login.c.password_hash).where(Login.c.id == login["id"])).scalar())
        is None
    )
    back = school.as_("admin").put(one, {"login": {"authentication_provider_id": ""}}).json
    assert back["authentication_provider_id"] is None and "authentication_provider_type" not in back


def test_a_new_person_may_sign_in_elsewhere(school: School, saml: Any) -> None:
    form = {"user": {"name": "New"}, "pseudonym": {"unique_id": "new", "authentication_provider_id": "saml"}}
    made = school.as_("admin").post("/api/v1/accounts/1/users", form).json
    (login,) = school.as_("admin").get(f"/api/v1/users/{made['id']}/logins").json
    assert login["authentication_provider_id"] == saml["id"]
    form["pseudonym"] |= {"unique_id": "newer", "password": NEW}
    refused = school.as_("admin").post("/api/v1/accounts/1/users", form)
    assert refused.json["errors"]["pseudonym"]["password"][0]["message"].startswith("password can only be set")
    form["pseudonym"] = {"unique_id": "newer", "authentication_provider_id": "99"}
    assert school.as_("admin").post("/api/v1/accounts/1/users", form).status == 404


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 403), ("teacher", 403), ("sub_admin", 403), ("narrow_admin", 403), ("admin", 200)],
)
def test_who_may_send_links_for_new_passwords(school: School, who: str, status: int) -> None:
    assert school.as_(who).post(RESET, {"email": "student@school.test"}).status == status


@pytest.mark.spec("identity.md#6")
def test_a_link_for_a_new_password_goes_to_the_persons_address(school: School) -> None:
    sent = school.as_("admin").post(RESET, {"email": "STUDENT@school.test"})
    assert (sent.status, sent.json) == (200, {"requested": True})
    (mail,) = school.read(lambda db: db.execute(select(MailMessage.c.recipient, MailMessage.c.text_body)).all())
    assert mail.recipient == "student@school.test" and "/login/canvas/reset/" in mail.text_body
    for form in ({"email": "nobody@school.test"}, {"email": ""}, None):
        nobody = school.as_("admin").post(RESET, form)
        assert (nobody.status, nobody.json) == (404, {"requested": False})


def test_a_link_that_was_mailed_before_does_not_lead_around_a_new_password(school: School) -> None:
    school.as_("admin").post(RESET, {"email": "student@school.test"})
    text = school.read(lambda db: db.execute(select(MailMessage.c.text_body)).scalar_one())
    path = next(line for line in text.split() if "/login/canvas/reset/" in line).partition("/login")[2]
    assert school.as_("anonymous").get(f"/login{path}").status == 200
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    assert school.as_("student").put(one, own()).status == 200
    assert school.as_("anonymous").get(f"/login{path}").status == 404


def test_an_old_password_that_is_sent_must_be_the_present_one(school: School) -> None:
    one = f"{LOGINS}/{login_of(school, 'student')['id']}"
    wrong = school.as_("student").put(one, {"login": {"password": NEW, "old_password": "a guess"}})
    assert (wrong.status, wrong.json["errors"]["old_password"][0]["type"]) == (400, "invalid")
    assert signs_in(school, "student@school.test") and not signs_in(school, "student@school.test", NEW)
    assert school.as_("student").put(one, {"login": {"password": NEW, "old_password": PASSWORD}}).status == 200
    assert signs_in(school, "student@school.test", NEW)
