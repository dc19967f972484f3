"""Who may not see a record does not learn whether there is one, but for the person, course, account or section in the
path: there the specification tells 403 from 404 (identity.md §1, basics.md §2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.conftest import School
from tests.support.client import Reply

from homeroom.school.schema import Login

ABSENT = 99_999
OUTSIDERS = ("outsider", "student", "narrow_admin", "sub_admin")


def said(reply: Reply) -> tuple[int, bytes]:
    return reply.status, reply.body


@pytest.mark.parametrize("who", OUTSIDERS)
def test_attack_logins_are_not_counted_by_who_may_not_manage_them(school: School, who: str) -> None:
    person = school.id("admin")
    login = school.read(lambda db: db.execute(select(Login.c.id).where(Login.c.user_id == person)).scalar_one())
    client, url = school.as_(who), f"/api/v1/users/{person}/logins"
    there, nowhere = client.delete(f"{url}/{login}"), client.delete(f"{url}/{ABSENT}")
    assert said(there) == said(nowhere)
    assert there.status == 403
    assert school.as_("site_admin").delete(f"{url}/{ABSENT}").status == 404


@pytest.mark.parametrize("who", OUTSIDERS)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_attack_developer_keys_are_not_counted_by_who_manages_none(school: School, who: str, method: str) -> None:
    key = school.as_("admin").post("/api/v1/accounts/1/developer_keys", {"developer_key": {"name": "x"}}).json["id"]
    form = {"developer_key": {"name": "y"}}
    client = school.as_(who)
    there = client.call(method, f"/api/v1/developer_keys/{key}", form)
    assert said(there) == said(client.call(method, f"/api/v1/developer_keys/{ABSENT}", form))
    assert there.status == 403
    assert school.as_("admin").call(method, f"/api/v1/developer_keys/{ABSENT}", form).status == 404


@pytest.mark.parametrize("who", ["outsider", "student", "sub_admin"])
def test_attack_sections_of_a_course_are_not_counted_from_outside(school: School, who: str) -> None:
    client, url = school.as_(who), f"/api/v1/courses/{school.id('history')}/sections"
    there, nowhere = client.get(f"{url}/{school.id('history_section')}"), client.get(f"{url}/{ABSENT}")
    assert said(there) == said(nowhere)
    assert there.status == 403
    assert school.as_("other_teacher").get(f"{url}/{ABSENT}").status == 404


@pytest.mark.parametrize("who", ["outsider", "student", "sub_admin"])
@pytest.mark.parametrize(
    ("method", "tail", "status"),
    [("DELETE", "", 403), ("PUT", "/reactivate", 403), ("POST", "/accept", 404), ("POST", "/reject", 404)],
)
def test_attack_enrollments_of_a_course_are_not_counted_from_outside(
    school: School, who: str, method: str, tail: str, status: int
) -> None:
    client, url = school.as_(who), f"/api/v1/courses/{school.id('history')}/enrollments"
    there = client.call(method, f"{url}/{school.id('enrollment_of_other_teacher')}{tail}")
    assert said(there) == said(client.call(method, f"{url}/{ABSENT}{tail}"))
    assert there.status == status
    assert school.as_("other_teacher").call(method, f"{url}/{ABSENT}{tail}").status == 404
