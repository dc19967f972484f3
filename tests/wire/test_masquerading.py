"""Acting as somebody else (basics.md §7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.oauth import make_app

from homeroom.db import digest_of
from homeroom.school.schema import AccessToken, Login, User

SELF = "/api/v1/users/self"
INVALID = {"errors": "Invalid as_user_id"}
pytestmark = pytest.mark.spec("basics.md#7")


@pytest.mark.parametrize(
    "form", ["{id}", " {id} ", "{global_id}", "sis_user_id:sis-student", "sis_login_id:STUDENT@school.test"]
)
def test_an_admin_acts_as_a_student_by_any_form_of_the_id(school: School, form: str) -> None:
    admin = school.as_("admin")
    text = form.format(id=school.id("student"), global_id=10_000_000_000_000 + school.id("student"))
    assert admin.get(SELF, {"as_user_id": text}).json["id"] == school.id("student")


def test_as_user_id_comes_in_the_query_or_the_body(school: School) -> None:
    admin, student = school.as_("admin"), school.id("student")
    assert admin.get(f"{SELF}?as_user_id={student}").json["id"] == student
    assert admin.get(SELF, json={"as_user_id": student}).json["id"] == student


def test_everything_is_the_targets(school: School) -> None:
    """Rights too: the admin sees the classmate, the student does not."""
    admin, classmate = school.as_("admin"), f"/api/v1/users/{school.id('classmate')}"
    assert admin.get(classmate).status == 200
    assert admin.get(f"{classmate}?as_user_id={school.id('student')}").status == 404


def test_acting_as_oneself_is_nothing_special(school: School) -> None:
    for who in ("student", "admin"):
        caller = school.as_(who)
        assert caller.get(f"{SELF}?as_user_id={school.id(who)}").json["id"] == school.id(who)
        assert caller.get(f"{SELF}?as_user_id=self").json["id"] == school.id(who)
        assert caller.get(f"{SELF}?as_user_id=").json["id"] == school.id(who)


@pytest.mark.parametrize(
    ("who", "target"),
    [
        ("student", "classmate"),
        ("teacher", "student"),
        ("observer", "student"),
        ("narrow_admin", "student"),
        ("sub_admin", "student"),
        ("admin", "site_admin"),
    ],
)
def test_without_the_right_nobody_acts_as_another(school: School, who: str, target: str) -> None:
    reply = school.as_(who).get(f"{SELF}?as_user_id={school.id(target)}")
    assert (reply.status, reply.json) == (401, INVALID)
    assert "www-authenticate" not in reply.headers


def test_a_site_admin_acts_as_an_admin(school: School) -> None:
    reply = school.as_("site_admin").get(f"{SELF}?as_user_id={school.id('admin')}")
    assert reply.json["id"] == school.id("admin")


@pytest.mark.parametrize(
    "target",
    ["999999", "0", "-1", "nobody", "sis_user_id:", "sis_user_id:none", "99999999999999999999", "sis:1", "self:1"],
)
def test_an_unknown_target_is_no_target(school: School, target: str) -> None:
    reply = school.as_("admin").get(f"{SELF}?as_user_id={target}")
    assert (reply.status, reply.json) == (401, INVALID)


@pytest.mark.parametrize("query", ["as_user_id[]=1", "as_user_id[a]=1"])
def test_a_target_that_is_no_text_is_no_target(school: School, query: str) -> None:
    assert school.as_("admin").get(f"{SELF}?{query}").json == INVALID


def test_a_target_needs_a_login(school: School) -> None:
    student = school.id("student")
    school.write(lambda db: db.execute(update(Login).where(Login.c.user_id == student).values(state="deleted")))
    assert school.as_("admin").get(f"{SELF}?as_user_id={student}").json == INVALID


def test_of_a_merged_user_an_admin_learns_whom_they_became(school: School) -> None:
    student, classmate = school.id("student"), school.id("classmate")
    merged = update(User).where(User.c.id == student).values(state="deleted", merged_into_user_id=classmate)
    school.write(lambda db: db.execute(merged))
    url = f"{SELF}?as_user_id={student}"
    reply = school.as_("admin").get(url)
    assert (reply.status, reply.json) == (401, {**INVALID, "merged_into_user_id": classmate})
    assert school.as_("teacher").get(url).json == INVALID


def test_a_deleted_user_is_no_target(school: School) -> None:
    student = school.id("student")
    school.write(lambda db: db.execute(update(User).where(User.c.id == student).values(state="deleted")))
    assert school.as_("admin").get(f"{SELF}?as_user_id={student}").json == INVALID


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("student", 200, None),
        ("classmate", 401, {"errors": "Cannot change masquerade"}),
        ("admin", 401, {"errors": "Cannot change masquerade"}),
    ],
)
def test_a_token_made_while_masquerading_fixes_the_target(
    school: School, target: str, status: int, body: dict[str, str] | None
) -> None:
    token = AccessToken.c.digest == digest_of(token_of("student"))
    school.write(lambda db: db.execute(update(AccessToken).where(token).values(real_user_id=school.id("admin"))))
    student = school.as_("student")
    assert student.get(SELF).json["id"] == school.id("student")
    reply = student.get(f"{SELF}?as_user_id={school.id(target)}")
    assert reply.status == status
    assert body is None or reply.json == body


def test_a_fixed_target_is_not_changed_by_an_unknown_one(school: School) -> None:
    token = AccessToken.c.digest == digest_of(token_of("student"))
    school.write(lambda db: db.execute(update(AccessToken).where(token).values(real_user_id=school.id("admin"))))
    assert school.as_("student").get(f"{SELF}?as_user_id=nobody").json == {"errors": "Cannot change masquerade"}


def test_nobody_acts_as_somebody(school: School) -> None:
    assert school.as_("anonymous").get(f"{SELF}?as_user_id={school.id('student')}").status == 401


def take_role(school: School) -> None:
    admin = school.id("admin")
    assert school.as_("site_admin").delete(f"/api/v1/accounts/1/admins/{admin}").status == 200


def suspend(school: School) -> None:
    url = f"/api/v1/users/{school.id('admin')}"
    assert school.as_("site_admin").put(url, {"user": {"event": "suspend"}}).status == 200


def remove(school: School) -> None:
    assert school.as_("site_admin").delete(f"/api/v1/accounts/1/users/{school.id('admin')}").status == 200


def raise_target(school: School) -> None:
    form = {"user_id": school.id("student"), "role": "AccountAdmin"}
    assert school.as_("site_admin").post("/api/v1/accounts/site_admin/admins", form).status == 200


LOSSES = [take_role, suspend, remove, raise_target]


@pytest.mark.spec("identity.md#1")
@pytest.mark.parametrize("lose", LOSSES)
def test_attack_masquerading_goes_on_after_the_right_to_it_is_gone(
    school: School, lose: Callable[[School], None]
) -> None:
    url = school.as_("admin").get(f"/login/session_token?as_user_id={school.id('student')}").json["session_url"]
    app = make_app(school)
    app.browser.get(app.browser.get(url).headers["location"])
    granted = app.grant()
    token = school.with_token(granted["access_token"])
    assert (token.get(SELF).status, app.browser.get(SELF).status) == (200, 200)
    code = app.code()
    lose(school)
    assert (token.get(SELF).status, app.browser.get(SELF).status) == (401, 401)
    assert app.browser.get("/").headers["location"] == "/login"
    refreshed = app.token(grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert refreshed.json["error_description"] == "refresh_token not found"
    assert app.token(code=code).json["error_description"] == "authorization_code not found"


@pytest.mark.spec("identity.md#1")
def test_a_suspended_target_does_not_stop_who_acts_as_them(school: School) -> None:
    student = school.id("student")
    assert school.as_("admin").put(f"/api/v1/users/{student}", {"user": {"event": "suspend"}}).status == 200
    url = school.as_("admin").get(f"/login/session_token?as_user_id={student}").json["session_url"]
    app = make_app(school)
    app.browser.get(app.browser.get(url).headers["location"])
    assert school.with_token(app.grant()["access_token"]).get(SELF).json["id"] == student
    assert school.as_("student").get(SELF).status == 401
