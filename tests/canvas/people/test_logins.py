"""Logins (identity.md §6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.logins import LOGINS, login_of, make, signs_in
from tests.support.sign_in import SELF, grant, settings_of

from homeroom.school.schema import Login

NULL = b"null"


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(
    ("who", "read", "manage"),
    [
        ("anonymous", 401, 401),
        ("student", 200, 403),
        ("observer", 200, 403),
        ("classmate", 403, 403),
        ("teacher", 403, 403),
        ("narrow_admin", 403, 403),
        ("admin_of_another_school", 403, 403),
        ("sub_admin", 200, 403),
        ("admin", 200, 200),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_see_make_change_and_delete_a_students_logins(school: School, who: str, read: int, manage: int) -> None:
    second = make(school)
    them, student = school.as_(who), school.id("student")
    assert them.get(f"/api/v1/users/{student}/logins").status == read
    assert them.get(f"{LOGINS}?user[id]={student}").status == read
    new = {"user": {"id": student}, "login": {"unique_id": "third"}}
    assert them.post(LOGINS, new).status == manage
    assert them.put(f"{LOGINS}/{second['id']}", {"login": {"unique_id": "changed"}}).status == manage
    assert them.delete(f"/api/v1/users/{student}/logins/{second['id']}").status == manage


@pytest.mark.spec("identity.md#6")
def test_a_login_shows_everything_to_who_sees_sis_ids(school: School) -> None:
    made = make(school, sis_user_id="S-1", integration_id="I-1", declared_user_type="student")
    assert made == {
        "id": made["id"],
        "user_id": school.id("student"),
        "account_id": 1,
        "unique_id": "second-student",
        "created_at": made["created_at"],
        "workflow_state": "active",
        "declared_user_type": "student",
        "authentication_provider_id": None,
        "sis_user_id": "S-1",
        "integration_id": "I-1",
    }
    own = school.as_("student").get(f"{SELF}/logins").json[-1]
    assert own == {name: value for name, value in made.items() if name not in ("sis_user_id", "integration_id")}


@pytest.mark.spec("identity.md#6")
def test_logins_are_listed_by_id_without_deleted_ones(school: School, queries_of: Callable[..., int]) -> None:
    made = [make(school, unique_id=f"login-{number}") for number in range(3)]
    first = login_of(school, "student")["id"]
    student = school.id("student")
    school.as_("admin").delete(f"/api/v1/users/{student}/logins/{made[1]['id']}")
    school.as_("admin").put(f"{LOGINS}/{made[0]['id']}", {"login": {"workflow_state": "suspended"}})
    for url in (f"/api/v1/users/{student}/logins", f"{LOGINS}?user[id]={student}", f"{LOGINS}?user_id={student}"):
        listed = school.as_("admin").pages(f"{url}{'&' if '?' in url else '?'}per_page=1")
        assert [login["id"] for login in listed] == [first, made[0]["id"], made[2]["id"]]
        assert [login["workflow_state"] for login in listed] == ["active", "suspended", "active"]
    client, url = school.as_("admin"), f"/api/v1/users/{student}/logins"
    assert queries_of(client.get, f"{url}?per_page=1") == queries_of(client.get, f"{url}?per_page=100")


@pytest.mark.spec("identity.md#6")
def test_a_new_login_signs_in_and_is_found(school: School) -> None:
    make(school, unique_id=" New.Login ", password="a good password")
    assert signs_in(school, "new.login", "a good password")
    found = school.as_("admin").get("/api/v1/users/sis_login_id:NEW.LOGIN")
    assert found.json["id"] == school.id("student")


@pytest.mark.spec("identity.md#6")
def test_logins_belong_to_root_accounts(school: School) -> None:
    refusal = {"message": "Action must be called on a root account."}
    student = school.id("student")
    for account in (school.id("northern"), "site_admin"):
        logins = f"/api/v1/accounts/{account}/logins"
        calls = (
            school.as_("admin").get(f"{logins}?user[id]={student}"),
            school.as_("admin").post(logins, {"user": {"id": student}, "login": {"unique_id": "x"}}),
            school.as_("admin").put(f"{logins}/1", {"login": {"unique_id": "x"}}),
        )
        assert [(reply.status, reply.json) for reply in calls] == [(400, refusal)] * 3


@pytest.mark.spec("identity.md#6")
def test_a_form_without_any_known_field_answers_null(school: School) -> None:
    login = login_of(school, "student")
    made = school.as_("admin").post(LOGINS, {"user": {"id": school.id("student")}, "login": {"colour": "red"}})
    changed = school.as_("admin").put(f"{LOGINS}/{login['id']}", {"login": {"colour": "red"}})
    assert [(reply.status, reply.body) for reply in (made, changed)] == [(400, NULL), (400, NULL)]
    missing = school.as_("admin").post(LOGINS, {"login": {"unique_id": "x"}})
    assert (missing.status, missing.json) == (400, {"errors": [{"message": "user is missing"}]})
    assert school.as_("admin").post(LOGINS, {"user": {"id": 9999}, "login": {"unique_id": "x"}}).status == 404


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(
    ("fields", "attribute", "type", "message"),
    [
        ({"unique_id": "CLASSMATE@school.test"}, "unique_id", "taken", "ID already in use for this account and"),
        ({"unique_id": ""}, "unique_id", "blank", "blank"),
        ({"unique_id": "x" * 101}, "unique_id", "too_long", "too_long"),
        ({"unique_id": "a\r\nBcc: b"}, "unique_id", "invalid", "invalid"),
        ({"sis_user_id": "TAKEN"}, "sis_user_id", "taken", 'SIS ID "TAKEN" is already in use'),
        ({"integration_id": "TAKEN"}, "integration_id", "taken", 'Integration ID "TAKEN" is already in use'),
        ({"sis_user_id": "x" * 256}, "sis_user_id", "too_long", "too_long"),
        ({"declared_user_type": "wizard"}, "declared_user_type", "inclusion", "is not included in the list"),
        ({"password": "short"}, "password", "too_short", "is too short (minimum is 8 characters)"),
        ({"password": "second-login"}, "password", "same_as_login", "can't be the same as the login"),
    ],
)
def test_what_is_wrong_with_a_login_is_said_when_it_is_made_and_when_it_is_changed(
    school: School, fields: dict[str, str], attribute: str, type: str, message: str
) -> None:
    settings_of(school, admins_can_change_passwords=True)
    make(school, "classmate", sis_user_id="TAKEN", integration_id="TAKEN")
    login = make(school, unique_id="second-login")
    unique_id = fields["password"].upper() if type == "same_as_login" else "third"
    new = {"user": {"id": school.id("student")}, "login": {"unique_id": unique_id, **fields}}
    before = count(school)
    for reply in (
        school.as_("admin").post(LOGINS, new),
        school.as_("admin").put(f"{LOGINS}/{login['id']}", {"login": fields}),
    ):
        assert (reply.status, list(reply.json["errors"])) == (400, [attribute])
        fault = reply.json["errors"][attribute][0]
        assert (fault["attribute"], fault["type"]) == (attribute, type)
        assert fault["message"].startswith(message)
    assert count(school) == before
    assert login_of(school, "student")["unique_id"] == "student@school.test"


def test_everything_that_is_taken_is_said_at_once(school: School) -> None:
    make(school, "classmate", sis_user_id="TAKEN", integration_id="TAKEN")
    fields = {"unique_id": "second-classmate", "sis_user_id": "TAKEN", "integration_id": "TAKEN"}
    reply = school.as_("admin").post(LOGINS, {"user": {"id": school.id("student")}, "login": fields})
    assert set(reply.json["errors"]) == {"unique_id", "sis_user_id", "integration_id"}


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(("state", "fits"), [("suspended", True), ("active", True), ("deleted", False), ("x", False)])
def test_a_login_is_active_or_suspended(school: School, state: str, fits: bool) -> None:
    login = login_of(school, "student")
    reply = school.as_("admin").put(f"{LOGINS}/{login['id']}", {"login": {"workflow_state": state}})
    if fits:
        assert (reply.status, reply.json["workflow_state"]) == (200, state)
    else:
        fault = {"attribute": "workflow_state", "type": "invalid", "message": "invalid workflow_state"}
        assert (reply.status, reply.json) == (400, {"errors": {"workflow_state": [fault]}})


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize("state", ["suspended", "deleted", "x"])
def test_the_state_of_a_new_login_is_nobodys_to_choose(school: School, state: str) -> None:
    assert make(school, workflow_state=state)["workflow_state"] == "active"


@pytest.mark.spec("identity.md#6")
def test_a_suspended_login_lets_nobody_in_until_it_is_active_again(school: School) -> None:
    login, browser = login_of(school, "student"), Browser(school)
    sign_in(browser, "student")
    one = f"{LOGINS}/{login['id']}"
    assert school.as_("admin").put(one, {"login": {"workflow_state": "suspended"}}).status == 200
    assert browser.get(SELF).status == 401
    assert school.as_("student").get(SELF).json == {"errors": [{"message": "Invalid access token."}]}
    assert not signs_in(school, "student@school.test")
    assert school.as_("admin").get(f"{SELF}?as_user_id={school.id('student')}").status == 200
    assert school.as_("admin").put(one, {"login": {"workflow_state": "active"}}).status == 200
    assert school.as_("student").get(SELF).status == 200
    assert signs_in(school, "student@school.test")


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(
    "type", ["administrative", "observer", "staff", "student", "student_other", "teacher", "", None]
)
def test_a_login_declares_one_of_the_known_types_of_user(school: School, type: str | None) -> None:
    login = make(school, declared_user_type="student")
    changed = school.as_("admin").put(f"{LOGINS}/{login['id']}", json={"login": {"declared_user_type": type}})
    assert (changed.status, changed.json["declared_user_type"]) == (200, type or None)


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize("right", ["read_sis", "manage_sis"])
def test_either_right_shows_sis_ids(school: School, right: str) -> None:
    grant(school, "manage_user_logins")
    url = f"/api/v1/users/{school.id('student')}/logins"
    assert "sis_user_id" not in school.as_("narrow_admin").get(url).json[0]
    grant(school, right)
    shown = school.as_("narrow_admin").get(url).json[0]
    assert (shown["sis_user_id"], shown["integration_id"]) == ("sis-student", None)


@pytest.mark.spec("identity.md#6")
def test_sis_ids_need_the_right_to_manage_them(school: School) -> None:
    grant(school, "manage_user_logins")
    login = make(school, sis_user_id="S-1")
    narrow, student = school.as_("narrow_admin"), school.id("student")
    new = {"user": {"id": student}, "login": {"unique_id": "third", "sis_user_id": "S-2"}}
    assert narrow.post(LOGINS, new).status == 403
    assert narrow.put(f"{LOGINS}/{login['id']}", {"login": {"sis_user_id": "S-2"}}).status == 403
    assert narrow.put(f"{LOGINS}/{login['id']}", {"login": {"integration_id": "I"}}).status == 403
    assert narrow.delete(f"/api/v1/users/{student}/logins/{login['id']}").status == 403
    unchanged = narrow.put(f"{LOGINS}/{login['id']}", {"login": {"sis_user_id": "S-1", "unique_id": "new"}})
    assert (unchanged.status, unchanged.json["unique_id"]) == (200, "new")
    assert "sis_user_id" not in unchanged.json
    assert (
        school.as_("admin").put(f"{LOGINS}/{login['id']}", {"login": {"sis_user_id": ""}}).json["sis_user_id"] is None
    )
    assert narrow.delete(f"/api/v1/users/{student}/logins/{login['id']}").status == 200


def test_nobody_changes_a_login_of_somebody_with_more_rights(school: School) -> None:
    login = login_of(school, "site_admin")
    admin = school.as_("admin")
    assert admin.put(f"{LOGINS}/{login['id']}", {"login": {"unique_id": "mine"}}).status == 403
    new = {"user": {"id": school.id("site_admin")}, "login": {"unique_id": "backdoor", "password": "a good password"}}
    assert admin.post(LOGINS, new).status == 403
    assert admin.delete(f"/api/v1/users/{school.id('site_admin')}/logins/{login['id']}").status == 403


@pytest.mark.spec("identity.md#6")
def test_a_deleted_login_is_gone_and_the_last_one_stays(school: School) -> None:
    first, second = login_of(school, "student"), make(school, sis_user_id="S-1")
    logins = f"/api/v1/users/{school.id('student')}/logins"
    assert school.as_("admin").delete(f"/api/v1/users/{school.id('classmate')}/logins/{second['id']}").status == 404
    gone = school.as_("admin").delete(f"{logins}/{second['id']}")
    assert (gone.status, gone.json) == (200, {**second, "workflow_state": "deleted"})
    assert school.as_("admin").delete(f"{logins}/{second['id']}").status == 404
    assert school.as_("admin").put(f"{LOGINS}/{second['id']}", {"login": {"unique_id": "x"}}).status == 404
    last = school.as_("admin").delete(f"{logins}/{first['id']}")
    fault = {"attribute": "base", "type": "invalid", "message": "Users must have at least one login"}
    assert (last.status, last.json) == (400, {"errors": {"base": [fault]}})
    again = make(school, sis_user_id="S-1")
    assert again["id"] != second["id"]
    assert school.as_("admin").get("/api/v1/users/sis_user_id:S-1").json["id"] == school.id("student")


@pytest.mark.spec("identity.md#6")
def test_of_several_who_make_or_delete_a_login_at_once_one_does(school: School) -> None:
    new = {"user": {"id": school.id("student")}, "login": {"unique_id": "second"}}
    made = school.as_("admin").at_once(*[lambda client: client.post(LOGINS, new)] * 4)
    assert sorted(reply.status for reply in made) == [200, 400, 400, 400]
    second = next(reply.json["id"] for reply in made if reply.status == 200)
    one = f"/api/v1/users/{school.id('student')}/logins/{second}"
    gone = school.as_("admin").at_once(*[lambda client: client.delete(one)] * 4)
    assert sorted(reply.status for reply in gone) == [200, 404, 404, 404]


@pytest.mark.spec("identity.md#6")
def test_of_a_persons_logins_deleted_at_once_one_stays(school: School) -> None:
    logins = f"/api/v1/users/{school.id('student')}/logins"
    ids = [login_of(school, "student")["id"], make(school)["id"], make(school, unique_id="third")["id"]]
    gone = school.as_("admin").at_once(*(lambda client, id=id: client.delete(f"{logins}/{id}") for id in ids))
    assert sorted(reply.status for reply in gone) == [200, 200, 400]
    assert len(school.as_("admin").get(logins).json) == 1


@pytest.mark.spec("identity.md#6")
def test_override_sis_stickiness_decides_about_fields_changed_by_hand(school: School) -> None:
    login = make(school)
    one = f"{LOGINS}/{login['id']}"
    school.as_("admin").put(one, {"login": {"unique_id": "by-hand"}})
    stuck = school.read(
        lambda db: db.execute(select(Login.c.stuck_sis_fields).where(Login.c.id == login["id"])).scalar()
    )
    assert stuck == "unique_id"
    fields = {"unique_id": "by-program", "declared_user_type": "staff"}
    kept = school.as_("admin").put(one, {"login": fields, "override_sis_stickiness": "false"}).json
    assert (kept["unique_id"], kept["declared_user_type"]) == ("by-hand", "staff")
    assert school.as_("admin").put(one, {"login": fields}).json["unique_id"] == "by-program"


def count(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(Login)).scalar_one()))


def test_hashing_waits_until_it_is_known_that_the_password_will_be_used(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def note(text: str) -> str:
        hashed.append(text)
        return "x"

    monkeypatch.setattr("homeroom.canvas.people.logins.hash_password", note)
    login = login_of(school, "student")
    new = {"user": {"id": school.id("student")}, "login": {"unique_id": "x", "password": "a good password"}}
    school.as_("teacher").post(LOGINS, new)
    school.as_("classmate").put(f"{LOGINS}/{login['id']}", {"login": {"password": "a good password"}})
    school.as_("admin").put(f"{LOGINS}/{login['id']}", {"login": {"password": "a good password"}})
    assert hashed == []
    school.as_("admin").post(LOGINS, new)
    assert hashed == ["a good password"]
