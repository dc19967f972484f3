"""GET /users/:id (users-core.md §3)."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.rights import deny
from tests.support.settings import change_settings

from homeroom.school.people import directory
from homeroom.school.schema import Login


@pytest.mark.spec("users-core.md#3")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 404),
        ("observer", 404),
        ("teacher", 404),
        ("outsider", 404),
        ("admin", 200),
        ("sub_admin", 200),
        ("narrow_admin", 200),
        ("admin_of_another_school", 404),
        ("site_admin", 200),
    ],
)
def test_who_may_see_a_student(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(f"/api/v1/users/{school.id('student')}").status == status


@pytest.mark.spec("users-core.md#1.2")
def test_to_see_the_roster_or_to_manage_logins_is_enough(school: School) -> None:
    url = f"/api/v1/users/{school.id('student')}"
    deny(school, "AccountAdmin", "read_roster")
    assert school.as_("admin").get(url).status == 200
    deny(school, "AccountAdmin", "manage_user_logins")
    assert school.as_("admin").get(url).status == 404


@pytest.mark.spec("users-core.md#3")
def test_a_student_sees_no_email_login_or_sis_ids_of_their_own(school: School) -> None:
    reply = school.as_("student").get("/api/v1/users/self")
    assert reply.json == {
        "id": school.id("student"),
        "name": "Stella Student",
        "created_at": "2026-01-05T09:00:00Z",
        "sortable_name": "Student, Stella",
        "short_name": "Stella Student",
        "first_name": "Stella",
        "last_name": "Student",
        "avatar_url": "http://school.test/images/messages/avatar-50.png",
        "locale": None,
        "effective_locale": "en",
        "permissions": {"can_update_name": True, "can_update_avatar": True, "limit_parent_app_web_access": False},
    }


@pytest.mark.spec("users-core.md#1")
@pytest.mark.spec("users-core.md#3")
def test_an_admin_looking_at_another_sees_login_email_and_sis_ids(school: School) -> None:
    student = school.id("student")
    mine = school.as_("student").get("/api/v1/users/self").json
    json = school.as_("admin").get(f"/api/v1/users/{student}").json
    more = {
        "sis_user_id": "sis-student",
        "integration_id": None,
        "sis_import_id": None,
        "login_id": "student@school.test",
        "email": "student@school.test",
    }
    mine.pop("effective_locale")
    assert json == mine | more
    # The context is the root account: who has rights only below it sees the public part.
    assert school.as_("sub_admin").get(f"/api/v1/users/{student}").json == mine
    assert school.as_("narrow_admin").get(f"/api/v1/users/{student}").json == mine


@pytest.mark.spec("users-core.md#3")
@pytest.mark.parametrize(
    ("who", "query", "added"),
    [
        ("admin", "include[]=uuid&include[]=last_login", {"uuid", "last_login"}),
        ("admin", "include=uuid", {"uuid"}),
        ("admin", "include[]=avatar_state", {"avatar_state"}),
        ("sub_admin", "include[]=avatar_state", {"avatar_state"}),
        ("narrow_admin", "include[]=avatar_state", set()),
        ("student", "include[]=avatar_state&include[]=confirmation_url", set()),
        ("admin", "include[]=confirmation_url", {"confirmation_url"}),
        ("sub_admin", "include[]=confirmation_url", set()),
        ("admin", "include[]=bio&include[]=lti_id&include[]=nonsense&include[]=", set()),
    ],
)
def test_what_can_be_included(school: School, who: str, query: str, added: set[str]) -> None:
    url = f"/api/v1/users/{school.id('student')}"
    plain, more = school.as_(who).get(url).json, school.as_(who).get(f"{url}?{query}").json
    assert set(more) - set(plain) == added
    assert {key: more[key] for key in plain} == plain


@pytest.mark.spec("users-core.md#1")
def test_what_the_account_switches_off_is_absent_or_false(school: School) -> None:
    change_settings(school, avatars=False, users_can_edit_name=False)
    json = school.as_("admin").get(f"/api/v1/users/{school.id('student')}?include[]=avatar_state").json
    assert "avatar_url" not in json
    assert "avatar_state" not in json
    assert json["permissions"] == {
        "can_update_name": False,
        "can_update_avatar": False,
        "limit_parent_app_web_access": False,
    }


@pytest.mark.spec("users-core.md#1")
def test_to_manage_the_sis_is_to_read_it(school: School) -> None:
    url = f"/api/v1/users/{school.id('student')}"
    deny(school, "AccountAdmin", "read_sis")
    json = school.as_("admin").get(url).json
    assert (json["sis_user_id"], json["sis_import_id"]) == ("sis-student", None)
    deny(school, "AccountAdmin", "manage_sis")
    assert school.as_("admin").get(url).json.keys().isdisjoint(("sis_user_id", "integration_id", "sis_import_id"))
    assert school.as_("admin").get(url).json["login_id"] == "student@school.test"
    deny(school, "AccountAdmin", "view_user_logins")
    deny(school, "AccountAdmin", "read_email_addresses")
    assert school.as_("admin").get(url).json.keys().isdisjoint(("login_id", "email"))


@pytest.mark.spec("users-core.md#1")
def test_zone_and_language_are_the_accounts_until_one_is_chosen(school: School) -> None:
    change_settings(school, default_locale="de", default_time_zone="Europe/Rome")
    student = school.as_("student")
    assert student.get("/api/v1/users/self").json["effective_locale"] == "de"
    assert student.put("/api/v1/users/self").json["time_zone"] == "Rome"
    change_settings(school, default_time_zone="America/Denver")
    assert student.put("/api/v1/users/self").json["time_zone"] == "Mountain Time (US & Canada)"
    student.put("/api/v1/users/self", {"user": {"locale": "fr", "time_zone": "Osaka"}})
    assert student.get("/api/v1/users/self").json["effective_locale"] == "fr"
    assert student.put("/api/v1/users/self").json["time_zone"] == "Osaka"


@pytest.mark.spec("users-core.md#1")
def test_the_reported_login_is_the_one_with_a_sis_id_then_the_first(school: School) -> None:
    student = school.id("student")

    def add_logins(db: Connection) -> None:
        old = db.execute(select(Login).where(Login.c.user_id == student)).one()._asdict()
        old.pop("id")
        for position, name in ((3, "third"), (2, "second")):
            more = {"unique_id": name, "unique_id_key": name, "position": position, "sis_user_id": None}
            db.execute(insert(Login).values(**{**old, **more}))
        directory.refresh(db, [student])

    def drop_the_sis_id(db: Connection) -> None:
        first = update(Login).where(Login.c.user_id == student, Login.c.sis_user_id.is_not(None))
        db.execute(first.values(sis_user_id=None, position=9))
        directory.refresh(db, [student])

    def reported() -> tuple[str, str | None]:
        json = school.as_("admin").get(f"/api/v1/users/{student}").json
        return json["login_id"], json["sis_user_id"]

    school.write(add_logins)
    assert reported() == ("student@school.test", "sis-student")
    school.write(drop_the_sis_id)
    assert reported() == ("second", None)


@pytest.mark.spec("users-core.md#2")
def test_the_last_login_is_the_newest_of_all_logins(school: School) -> None:
    student = school.id("student")

    def add_logins(db: Connection) -> None:
        old = db.execute(select(Login).where(Login.c.user_id == student)).one()._asdict()
        old.pop("id")
        for day, name in ((9, "newest"), (3, "older"), (None, "never")):
            at = THEN.replace(day=day, microsecond=999_999) if day else None
            more = {"unique_id": name, "unique_id_key": name, "sis_user_id": None, "current_login_at": at}
            db.execute(insert(Login).values(**{**old, **more}))
        directory.refresh(db, [student])

    show = f"/api/v1/users/{student}?include[]=last_login"
    assert school.as_("admin").get(show).json["last_login"] is None
    school.write(add_logins)
    assert school.as_("admin").get(show).json["last_login"] == "2026-01-09T09:00:00Z"
    first = school.as_("admin").get("/api/v1/accounts/1/users?sort=last_login&order=desc").json[0]
    assert (first["id"], first["last_login"]) == (student, "2026-01-09T09:00:00Z")


@pytest.mark.spec("users-core.md#3")
def test_who_belongs_to_no_account_is_seen_by_site_admins_only(school: School) -> None:
    outsider = school.id("outsider")

    def leave(db: Connection) -> None:
        db.execute(update(Login).where(Login.c.user_id == outsider).values(state="deleted"))
        directory.refresh(db, [outsider])
        directory.associate(db, [outsider])

    school.write(leave)
    assert school.as_("admin").get(f"/api/v1/users/{outsider}").status == 404
    reply = school.as_("site_admin").get(f"/api/v1/users/{outsider}")
    assert (reply.status, reply.json["name"]) == (200, "Otto Outsider")
    assert "login_id" not in reply.json


def test_authentication_and_show_are_two_statements(school: School, queries_of: object) -> None:
    assert queries_of(school.as_("student").get, "/api/v1/users/self") == 2  # type: ignore[operator]
