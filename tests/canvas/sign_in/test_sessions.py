"""Ending sessions (identity.md §5)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.oauth import make_app
from tests.support.sign_in import SELF, make_token, new_key, token_of_key, works

from homeroom.school.apps import mobile_sessions
from homeroom.school.schema import AccessToken, Account, AccountAdmin, MobileSessionExpiry, User

MOBILE = "/api/v1/users/mobile_sessions"
RIGHTS = [
    ("anonymous", 401),
    ("classmate", 403),
    ("observer", 403),
    ("teacher", 403),
    ("narrow_admin", 403),
    ("admin_of_another_school", 403),
    ("admin", 200),
    ("site_admin", 200),
]


def sessions_of(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/sessions"


@pytest.mark.spec("identity.md#5")
@pytest.mark.parametrize(("who", "status"), [*RIGHTS, ("sub_admin", 200), ("student", 200)])
def test_who_may_end_a_students_sessions(school: School, who: str, status: int) -> None:
    reply = school.as_(who).delete(sessions_of(school, "student"))
    assert reply.status == status
    if status == 200:
        assert reply.body == b'"ok"'
        assert reply.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.spec("identity.md#5")
def test_every_browser_and_every_token_of_the_person_ends(school: School) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    manual, app = make_token(school), token_of_key(school, "student", new_key(school))
    assert browser.get(SELF).status == 200
    assert school.as_("admin").delete(sessions_of(school, "student")).status == 200
    assert browser.get(SELF).status == 401
    assert not works(school, manual)
    refused = school.with_token(app).get(SELF)
    assert (refused.status, refused.json["errors"][0]["message"]) == (401, "Expired access token.")
    assert school.as_("student").get(SELF).status == 401
    assert school.as_("classmate").get(SELF).status == 200
    stamped = school.read(
        lambda db: db.execute(select(User.c.last_logged_out_at).where(User.c.id == school.id("student"))).scalar_one()
    )
    assert stamped is not None


@pytest.mark.spec("identity.md#5")
def test_a_person_may_sign_in_again_at_once(school: School) -> None:
    school.as_("admin").delete(sessions_of(school, "student"))
    browser = Browser(school)
    sign_in(browser, "student")
    assert browser.get(SELF).status == 200


@pytest.mark.spec("identity.md#5")
def test_applications_have_to_be_authorized_anew(school: School) -> None:
    app = make_app(school)
    code, granted = app.code(), make_app(school, name="Other").grant()
    assert school.as_("admin").delete(sessions_of(school, "student")).status == 200
    late = app.token(grant_type="authorization_code", code=code)
    assert (late.status, late.json["error_description"]) == (400, "authorization_code not found")
    again = app.token(grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (again.status, again.json["error_description"]) == (400, "refresh_token not found")
    assert school.with_token(granted["access_token"]).get(SELF).status == 401


def test_a_consent_that_was_remembered_is_asked_for_again(school: School) -> None:
    app = make_app(school)
    app.token(grant_type="authorization_code", code=app.code(remember=True, scope="/auth/userinfo"))
    assert "code=" in app.ask(scope="/auth/userinfo").headers["location"]
    school.as_("admin").delete(sessions_of(school, "student"))
    sign_in(app.browser, "student")
    assert app.ask(scope="/auth/userinfo").headers["location"] == "/login/oauth2/confirm"


def test_ended_tokens_cannot_be_refreshed_and_keep_an_expiry_that_came_first(school: School) -> None:
    token = make_token(school, expires_at="2026-01-01T00:00:00Z")
    refreshable = token_of_key(school, "student", new_key(school), refresh_digest=b"refresh")
    school.as_("admin").delete(sessions_of(school, "student"))
    rows = school.read(
        lambda db: db.execute(
            select(AccessToken.c.id, AccessToken.c.refresh_digest, AccessToken.c.permanent_expires_at).where(
                AccessToken.c.user_id == school.id("student")
            )
        ).all()
    )
    assert all(row.refresh_digest is None for row in rows)
    assert next(row.permanent_expires_at for row in rows if row.id == token["id"]).year == 2026
    assert school.with_token(refreshable).get(SELF).status == 401


def test_tokens_made_by_whoever_acted_as_somebody_end_with_their_sessions(school: School) -> None:
    acting = f"/api/v1/users/self/tokens?as_user_id={school.id('student')}"
    token = school.as_("admin").post(acting, {"token": {"purpose": "Acting"}}).json
    school.as_("student").post(f"/api/v1/users/self/tokens/{token['id']}/activate")
    assert works(school, token)
    assert school.as_("site_admin").delete(sessions_of(school, "admin")).status == 200
    assert not works(school, token)
    assert school.as_("student").get(SELF).status == 200


def test_nobody_ends_the_sessions_of_somebody_with_more_rights_or_of_nobody(school: School) -> None:
    assert school.as_("admin").delete(sessions_of(school, "site_admin")).status == 403
    assert school.as_("sub_admin").delete(sessions_of(school, "admin")).status == 403
    assert school.as_("admin").delete("/api/v1/users/9999/sessions").status == 404
    assert school.as_("student").delete("/api/v1/users/self/sessions").status == 200


@pytest.mark.spec("identity.md#5")
@pytest.mark.parametrize(("who", "status"), [*RIGHTS, ("sub_admin", 403), ("student", 403)])
def test_who_may_end_sessions_of_mobile_apps(school: School, who: str, status: int) -> None:
    for url in (MOBILE, f"/api/v1/users/{school.id('student')}/mobile_sessions"):
        reply = school.as_(who).delete(url)
        assert reply.status == status
        assert status != 200 or reply.body == b'"ok"'


@pytest.mark.spec("identity.md#5")
def test_only_tokens_of_mobile_apps_end_and_in_the_background(school: School) -> None:
    mobile, other = mobile_key(school), new_key(school)
    tokens = {who: token_of_key(school, who, mobile) for who in ("student", "classmate", "sub_admin")}
    ordinary = token_of_key(school, "student", other)
    assert school.as_("admin").delete(f"/api/v1/users/{school.id('student')}/mobile_sessions").status == 200
    assert alive(school, tokens["student"])
    assert school.server.services.jobs.run_due() >= 1
    assert [alive(school, token) for token in (*tokens.values(), ordinary)] == [False, True, True, True]
    assert school.as_("admin").delete(MOBILE).status == 200
    school.server.services.jobs.run_due()
    assert [alive(school, token) for token in (*tokens.values(), ordinary)] == [False, False, False, True]
    assert school.as_("student").get(SELF).status == 200
    states = school.read(lambda db: db.execute(select(MobileSessionExpiry.c.state)).scalars().all())
    assert states == ["done", "done"]


@pytest.mark.spec("identity.md#5")
def test_account_admins_can_be_left_alone(school: School) -> None:
    mobile = mobile_key(school)
    tokens = {who: token_of_key(school, who, mobile) for who in ("student", "sub_admin", "narrow_admin")}
    school.write(
        lambda db: db.execute(
            update(AccountAdmin).where(AccountAdmin.c.user_id == school.id("narrow_admin")).values(state="deleted")
        )
    )
    school.as_("admin").delete(f"{MOBILE}?skip_admins=true")
    school.as_("admin").delete(f"/api/v1/users/{school.id('sub_admin')}/mobile_sessions", {"skip_admins": "1"})
    school.server.services.jobs.run_due()
    assert [alive(school, token) for token in tokens.values()] == [False, True, False]
    school.as_("admin").delete(f"/api/v1/users/{school.id('sub_admin')}/mobile_sessions?skip_admins=0")
    school.server.services.jobs.run_due()
    assert not alive(school, tokens["sub_admin"])


def test_what_begins_after_the_request_goes_on_and_the_job_may_run_twice(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mobile_sessions, "_CHUNK", 1)
    mobile = mobile_key(school)
    old = [token_of_key(school, who, mobile) for who in ("student", "classmate", "teacher")]
    school.as_("admin").delete(MOBILE)
    at = school.read(lambda db: db.execute(select(func.max(MobileSessionExpiry.c.created_at))).scalar_one())
    later = token_of_key(school, "ta", mobile, created_at=at.replace(year=at.year + 1))
    jobs = school.server.services.jobs
    for _ in range(2):
        jobs.run_due()
        mobile_sessions.expire_mobile_sessions(jobs.tools, expiry_id=1)
    assert [alive(school, token) for token in (*old, later)] == [False, False, False, True]


def test_an_unknown_person_has_no_mobile_sessions(school: School) -> None:
    assert school.as_("admin").delete("/api/v1/users/9999/mobile_sessions").status == 404
    assert school.read(lambda db: db.execute(select(func.count()).select_from(MobileSessionExpiry)).scalar()) == 0
    assert school.read(lambda db: db.execute(select(func.count()).select_from(Account)).scalar()) == 4


def mobile_key(school: School) -> dict[str, int]:
    key: dict[str, int] = new_key(school, name="Student app")
    school.as_("site_admin").put(f"/homeroom/v1/developer_keys/{key['id']}", json={"mobile": True})
    return key


def alive(school: School, token: str) -> bool:
    return school.with_token(token).get(SELF).status == 200
