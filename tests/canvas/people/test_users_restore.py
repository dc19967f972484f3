"""PUT /accounts/:account_id/users/:user_id/restore: a deleted person comes back."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.client import Reply
from tests.support.courses import enrollments_of

from homeroom.school.ground.events import _listeners, listen
from homeroom.school.people.events import UserRevived
from homeroom.school.schema import User

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def person(school: School, whom: str = "student") -> str:
    return f"/api/v1/accounts/1/users/{school.id(whom)}"


def delete(school: School, whom: str = "student") -> None:
    assert school.as_("site_admin").delete(person(school, whom)).status == 200


def restore(school: School, who: str = "admin", whom: str = "student") -> Reply:
    return school.as_(who).put(f"{person(school, whom)}/restore")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("outsider", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("sub_admin", 403),
        ("admin_of_another_school", 403),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_bring_somebody_back(school: School, who: str, status: int) -> None:
    delete(school)
    assert restore(school, who).status == status
    assert school.as_("admin").get(f"/api/v1/users/{school.id('student')}").status == (200 if status == 200 else 404)


def test_somebody_comes_back_with_the_login_and_nothing_else(school: School) -> None:
    before = school.as_("admin").get(f"/api/v1/users/{school.id('student')}").json
    delete(school)
    shown = ("id", "name", "created_at", "sortable_name", "short_name", "sis_user_id", "integration_id",
             "sis_import_id", "login_id")  # fmt: skip
    assert restore(school).json == {name: before[name] for name in shown}
    names = [user["name"] for user in school.as_("admin").get("/api/v1/accounts/1/users?search_term=stella").json]
    assert names == ["Stella Student"]
    assert school.as_("student").get("/api/v1/users/self").status == 401, "Tokens stay dead."
    assert {row.state for row in enrollments_of(school, "student")} == {"deleted"}
    assert school.as_("admin").get(f"/api/v1/users/{school.id('student')}").json["email"] is None


def test_an_admin_comes_back_without_a_role(school: School) -> None:
    delete(school, "sub_admin")
    assert restore(school, whom="sub_admin").status == 200
    admins = school.as_("admin").get(f"/api/v1/accounts/{school.id('northern')}/admins").json
    assert admins == []


def test_those_who_listen_are_told(school: School) -> None:
    told: list[int] = []
    note = listen(UserRevived)(lambda _db, event: told.append(event.user_id))
    try:
        delete(school)
        restore(school)
    finally:
        _listeners[UserRevived].remove(note)
    assert told == [school.id("student")]


def test_a_sis_id_leads_to_nobody_who_is_deleted_and_a_number_does(school: School) -> None:
    delete(school)
    assert school.as_("admin").put("/api/v1/accounts/1/users/sis_user_id:sis-student/restore").status == 404
    assert restore(school).status == 200
    assert school.as_("admin").get("/api/v1/users/sis_user_id:sis-student").json["id"] == school.id("student")


@pytest.mark.parametrize("user", ["999", "junk", "sis_user_id:nobody"])
def test_nobody_is_not_found(school: School, user: str) -> None:
    reply = school.as_("admin").put(f"/api/v1/accounts/1/users/{user}/restore")
    assert (reply.status, reply.json) == (404, NOT_FOUND)


def test_who_is_here_or_was_merged_is_not_restored(school: School) -> None:
    reply = restore(school)
    assert (reply.status, reply.json) == (400, {"message": "The user is not deleted."})
    delete(school)
    merged = update(User).where(User.c.id == school.id("student")).values(merged_into_user_id=school.id("classmate"))
    school.write(lambda db: db.execute(merged))
    reply = restore(school)
    message = "The user was merged into another one: a split brings them back."
    assert (reply.status, reply.json) == (400, {"message": message})


def test_what_somebody_else_has_by_now_is_taken(school: School) -> None:
    delete(school)
    login = {"unique_id": "Student@School.test", "sis_user_id": "sis-student"}
    assert school.as_("admin").post("/api/v1/accounts/1/users", {"pseudonym": login}).status == 200
    reply = restore(school)
    assert reply.status == 400
    faults = {name: found[0]["type"] for name, found in reply.json["errors"].items()}
    assert faults == {"unique_id": "taken", "sis_user_id": "taken"}
    assert school.as_("site_admin").get(f"/api/v1/users/{school.id('student')}").status == 404


def test_of_several_who_bring_somebody_back_one_does(school: School) -> None:
    delete(school)
    calls = [lambda client: client.put(f"{person(school)}/restore")] * 4
    assert sorted(reply.status for reply in school.as_("admin").at_once(*calls)) == [200, 400, 400, 400]
