"""DELETE /accounts/:account_id/users/:user_id (homeroom.md §3), and deleted people on GET (users-core.md §3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Connection, insert, or_, select, update
from tests.conftest import School
from tests.support.cast import THEN

from homeroom.school.courses.events import EnrollmentChanged
from homeroom.school.ground import events
from homeroom.school.ground.events import listen
from homeroom.school.people.events import UserDeleted
from homeroom.school.people.users.removal import remove_from_root_account
from homeroom.school.schema import (
    AccessToken,
    AccountAdmin,
    CommunicationChannel,
    Enrollment,
    Login,
    ObserverLink,
    RoleOverride,
    User,
    UserAccountAssociation,
)

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def url_of(school: School, who: str = "student", account: str = "root") -> str:
    return f"/api/v1/accounts/{school.id(account)}/users/{school.id(who)}"


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("anonymous", "student", 401),
        ("student", "student", 403),
        ("teacher", "student", 403),
        ("narrow_admin", "student", 403),
        ("sub_admin", "student", 403),
        ("admin", "student", 200),
        ("admin", "sub_admin", 200),
        ("admin", "admin", 200),
        ("admin", "site_admin", 403),
        ("site_admin", "admin", 200),
    ],
)
def test_who_may_delete_whom(school: School, who: str, whom: str, status: int) -> None:
    reply = school.as_(who).delete(url_of(school, whom))
    assert reply.status == status
    state = school.read(lambda db: db.execute(select(User.c.state).where(User.c.id == school.id(whom))).scalar_one())
    assert state == ("deleted" if status == 200 else "registered")


@pytest.mark.spec("homeroom.md#3")
def test_the_answer_is_the_user_and_a_second_time_there_is_none(school: School) -> None:
    reply = school.as_("admin").delete(url_of(school, account="northern"))
    assert reply.json == {
        "id": school.id("student"),
        "name": "Stella Student",
        "created_at": "2026-01-05T09:00:00Z",
        "sortable_name": "Student, Stella",
        "short_name": "Stella Student",
        "sis_user_id": "sis-student",
        "integration_id": None,
        "sis_import_id": None,
        "login_id": "student@school.test",
    }
    again = school.as_("admin").delete(url_of(school))
    assert (again.status, again.json) == (404, NOT_FOUND)
    assert school.as_("admin").delete("/api/v1/accounts/1/users/999").status == 404


def test_of_several_who_delete_somebody_at_once_one_does(school: School, heard: list[Any]) -> None:
    replies = school.as_("admin").at_once(*[lambda client: client.delete(url_of(school))] * 4)
    assert sorted(reply.status for reply in replies) == [200, 404, 404, 404]
    assert heard.count(UserDeleted(school.id("student"))) == 1


@pytest.mark.spec("homeroom.md#3")
def test_nothing_of_a_deleted_person_lives_on(school: School) -> None:
    student = school.id("student")
    school.as_("admin").delete(url_of(school))
    assert school.as_("student").get("/api/v1/users/self").status == 401
    for table, owner in (
        (Login, Login.c.user_id == student),
        (AccessToken, AccessToken.c.user_id == student),
        (Enrollment, (Enrollment.c.user_id == student) | (Enrollment.c.associated_user_id == student)),
        (ObserverLink, ObserverLink.c.student_id == student),
    ):
        states = school.read(lambda db, t=table, o=owner: db.execute(select(t.c.state).where(o)).scalars().all())  # type: ignore[misc]
        assert set(states) == {"deleted"}, table
    mine = select(CommunicationChannel.c.state).where(CommunicationChannel.c.user_id == student)
    assert school.read(lambda db: db.execute(mine).scalars().all()) == ["retired"]


def test_a_token_that_somebody_made_as_another_dies_with_them(school: School) -> None:
    student = AccessToken.c.user_id == school.id("student")
    school.write(lambda db: db.execute(update(AccessToken).where(student).values(real_user_id=school.id("admin"))))
    assert school.as_("student").get("/api/v1/users/self").status == 200
    school.as_("site_admin").delete(url_of(school, "admin"))
    assert school.as_("student").get("/api/v1/users/self").status == 401
    assert school.read(lambda db: db.execute(select(AccessToken.c.state).where(student)).scalars().all()) == ["deleted"]


@pytest.mark.spec("homeroom.md#3")
def test_lists_and_rights_forget_at_once_who_is_gone(school: School) -> None:
    client = school.as_("admin")
    client.delete(url_of(school))
    for account in ("root", "northern"):
        url = f"/api/v1/accounts/{school.id(account)}/users"
        for query in (
            "",
            "?sort=email",
            "?sort=last_login&order=desc",
            "?search_term=stella",
            "?enrollment_type=student",
        ):
            assert school.id("student") not in [person["id"] for person in client.pages(url + query)]
    # Who was there only to observe the student is there no more.
    northern = client.pages(f"/api/v1/accounts/{school.id('northern')}/users")
    assert school.id("observer") not in [person["id"] for person in northern]


@pytest.mark.spec("users-core.md#2")
def test_deleted_people_are_listed_where_they_are_asked_for(school: School) -> None:
    client = school.as_("admin")
    everybody = [person["id"] for person in client.pages("/api/v1/accounts/1/users")]
    client.delete(url_of(school))
    client.delete(url_of(school, "teacher"))
    for query in ("", "&sort=email", "&sort=id", "&sort=username&order=desc", "&per_page=3"):
        found = client.pages(f"/api/v1/accounts/1/users?include_deleted_users=true{query}")
        assert sorted(person["id"] for person in found) == sorted(everybody)
    ordered = client.pages("/api/v1/accounts/1/users?include_deleted_users=true")
    assert [person["id"] for person in ordered] == everybody
    (one,) = client.get("/api/v1/accounts/1/users?include_deleted_users=1&search_term=stella").json
    assert (one["id"], one["login_id"], one["sis_user_id"]) == (
        school.id("student"), "student@school.test", "sis-student",
    )  # fmt: skip
    northern = client.pages(f"/api/v1/accounts/{school.id('northern')}/users?include_deleted_users=true")
    assert school.id("student") not in [person["id"] for person in northern]


@pytest.mark.spec("users-core.md#3")
@pytest.mark.parametrize(("who", "sees"), [("site_admin", True), ("admin", False), ("teacher", False)])
def test_a_deleted_person_is_404_and_shown_to_site_admins(school: School, who: str, sees: bool) -> None:
    school.as_("admin").delete(url_of(school))
    merged = update(User).where(User.c.id == school.id("student")).values(merged_into_user_id=school.id("classmate"))
    school.write(lambda db: db.execute(merged))
    reply = school.as_(who).get(f"/api/v1/users/{school.id('student')}")
    assert reply.status == 404
    if not sees:
        assert reply.json == NOT_FOUND
        return
    assert reply.json["name"] == "Stella Student"
    assert reply.json["merged_into_user_id"] == school.id("classmate")
    assert school.as_(who).put(f"/api/v1/users/{school.id('student')}", {"user": {"name": "x"}}).status == 404


@pytest.mark.spec("homeroom.md#3")
def test_account_roles_go_with_the_logins(school: School) -> None:
    school.as_("admin").delete(url_of(school, "sub_admin"))
    mine = select(AccountAdmin.c.state).where(AccountAdmin.c.user_id == school.id("sub_admin"))
    assert school.read(lambda db: db.execute(mine).scalars().all()) == ["deleted"]


@pytest.mark.spec("homeroom.md#3")
def test_who_still_has_a_login_elsewhere_stays(school: School) -> None:
    student = school.id("student")

    def move(db: Connection) -> None:
        login = db.execute(select(Login).where(Login.c.user_id == student)).one()._asdict()
        login |= {"id": None, "account_id": school.id("site_admin_account"), "unique_id_key": "elsewhere"}
        db.execute(insert(Login).values(**{key: value for key, value in login.items() if key != "id"}))

    school.write(move)
    assert school.as_("admin").delete(url_of(school)).status == 200
    user = school.read(lambda db: db.execute(select(User.c.state).where(User.c.id == student)).scalar_one())
    assert user == "registered"
    assert school.as_("student").get("/api/v1/users/self").status == 200


def test_a_login_of_the_sis_needs_the_right_to_manage_the_sis(school: School) -> None:
    override = {
        "account_id": 1, "role_id": school.id("role_AccountAdmin"), "permission": "manage_sis", "enabled": False,
        "created_at": THEN, "updated_at": THEN,
    }  # fmt: skip
    school.write(lambda db: db.execute(insert(RoleOverride).values(**override)))
    assert school.as_("admin").delete(url_of(school)).status == 403
    mine = update(Login).where(Login.c.user_id == school.id("student")).values(sis_user_id=None)
    school.write(lambda db: db.execute(mine))
    assert school.as_("admin").delete(url_of(school)).status == 200


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    seen: list[Any] = []
    monkeypatch.setattr(events, "_listeners", {kind: [*found] for kind, found in events._listeners.items()})
    for kind in (UserDeleted, EnrollmentChanged):
        events._listeners.setdefault(kind, [])
        listen(kind)(lambda _db, event: seen.append(event))
    yield seen


def test_the_school_hears_of_it(school: School, heard: list[Any]) -> None:
    school.as_("admin").delete(url_of(school))
    assert UserDeleted(school.id("student")) in heard
    changed = {event.user_id for event in heard if isinstance(event, EnrollmentChanged)}
    assert changed == {school.id("student"), school.id("observer")}


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/api/v1/accounts/1/logins", {"user": {"id": "{student}"}, "login": {"unique_id": "second"}}),
        ("POST", "/api/v1/users/{student}/communication_channels", {"communication_channel": {"address": "a@b.test"}}),
        ("POST", "/api/v1/accounts/1/admins", {"user_id": "{student}"}),
        ("PUT", "/api/v1/users/{outsider}/observees/{student}", {}),
        ("PUT", "/api/v1/users/{student}/observees/{classmate}", {}),
    ],
)
def test_nothing_new_is_given_to_who_is_deleted_at_this_very_moment(
    school: School, method: str, path: str, form: dict[str, Any]
) -> None:
    student, deleted = school.id("student"), Event()

    def delete() -> None:
        with school.server.services.database.write() as db:
            remove_from_root_account(db, 1, student)
            deleted.set()
            # Long enough for the call to have found the person, who is deleted only with the commit.
            sleep(0.3)

    thread = Thread(target=delete)
    thread.start()
    deleted.wait()
    filled = json.loads(json.dumps(form).replace("{student}", str(student)))
    reply = school.as_("admin").call(method, path.format_map(school.ids), json=filled)
    thread.join()
    # A call that is slow enough sees the person gone between finding them and asking for the right.
    assert reply.status in (403, 404)
    theirs = (
        select(Login.c.id).where(Login.c.user_id == student, Login.c.state != "deleted"),
        select(CommunicationChannel.c.id).where(
            CommunicationChannel.c.user_id == student, CommunicationChannel.c.state != "retired"
        ),
        select(AccountAdmin.c.id).where(AccountAdmin.c.user_id == student, AccountAdmin.c.state == "active"),
        select(ObserverLink.c.id).where(
            or_(ObserverLink.c.student_id == student, ObserverLink.c.observer_id == student),
            ObserverLink.c.state == "active",
        ),
        select(UserAccountAssociation.c.user_id).where(UserAccountAssociation.c.user_id == student),
    )
    assert school.read(lambda db: [db.execute(rows).all() for rows in theirs]) == [[]] * len(theirs)
