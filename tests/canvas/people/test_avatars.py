"""GET /users/:user_id/avatars (users-core.md §12)."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update
from tests.conftest import School

from homeroom.school.people.avatars import choice_with_token, choices_of
from homeroom.school.people.users.queries import find_person
from homeroom.school.rights.account_settings import AccountSettings, settings_text
from homeroom.school.schema import Account, User

pytestmark = pytest.mark.spec("users-core.md#12")


def avatars_url(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/avatars"


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("observer", 403),
        ("teacher", 403),
        ("ta", 403),
        ("outsider", 403),
        ("admin", 200),
        ("sub_admin", 200),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("site_admin", 200),
    ],
)
def test_who_may_see_the_avatars_a_student_can_choose(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(avatars_url(school, "student")).status == status


def test_an_admin_sees_no_choices_of_somebody_with_more_rights(school: School) -> None:
    assert school.as_("sub_admin").get(avatars_url(school, "admin")).status == 403
    assert school.as_("admin").get(avatars_url(school, "sub_admin")).status == 200


def test_gravatar_comes_first_and_no_picture_last(school: School) -> None:
    reply = school.as_("student").get("/api/v1/users/self/avatars")
    gravatar, no_pic = reply.json
    digest = hashlib.md5(b"student@school.test").hexdigest()
    assert gravatar.pop("url").startswith(f"https://secure.gravatar.com/avatar/{digest}?")
    assert len(gravatar.pop("token")) == len(no_pic.pop("token")) == 64
    assert gravatar == {"type": "gravatar", "display_name": "gravatar pic"}
    assert no_pic == {
        "type": "no_pic",
        "display_name": "no pic",
        "url": "http://school.test/images/dotted_pic.png",
    }


@pytest.mark.spec("homeroom.md#4")
def test_the_picture_of_no_picture_exists(school: School) -> None:
    url = school.as_("student").get("/api/v1/users/self/avatars").json[-1]["url"]
    assert school.as_("anonymous").get(urlsplit(url).path).headers["content-type"] == "image/png"


def test_the_list_is_one_array_whatever_the_page(school: School) -> None:
    reply = school.as_("student").get("/api/v1/users/self/avatars.json?per_page=1&page=2")
    assert len(reply.json) == 2
    assert "link" not in reply.headers


def test_a_token_is_the_same_each_time_and_another_for_everybody(school: School) -> None:
    first, again, other = (
        [choice["token"] for choice in school.as_(who).get(avatars_url(school, whose)).json]
        for who, whose in (("student", "student"), ("admin", "student"), ("classmate", "classmate"))
    )
    assert first == again
    assert set(first).isdisjoint(other)


def test_a_token_leads_back_to_its_choice_and_no_other_token_does(school: School) -> None:
    person = school.read(lambda db: find_person(db, school.id("student")))
    choices = choices_of(person, "http://school.test", "secret")
    assert [choice_with_token(choices, choice.token) for choice in choices] == choices
    for token in ("", "nonsense", "é", choices_of(person, "http://school.test", "other")[0].token):
        assert choice_with_token(choices, token) is None


def test_who_has_not_confirmed_their_address_is_asked_to(school: School) -> None:
    school.write(
        lambda db: db.execute(update(User).where(User.c.id == school.id("student")).values(state="pre_registered"))
    )
    reply = school.as_("student").get("/api/v1/users/self/avatars")
    assert reply.status == 401
    assert reply.json == {
        "status": "unauthorized",
        "message": "You need to confirm your email address before you can view this page",
    }
    assert "www-authenticate" not in reply.headers
    assert school.as_("admin").get(avatars_url(school, "student")).status == 200


def test_without_the_avatars_service_there_is_nothing_to_choose(school: School) -> None:
    off = settings_text(AccountSettings(avatars=False))
    school.write(lambda db: db.execute(update(Account).where(Account.c.id == 1).values(settings=off)))
    assert school.as_("student").get("/api/v1/users/self/avatars").json == []
    assert school.as_("classmate").get(avatars_url(school, "student")).status == 403


def test_nobodys_avatars_are_not_found(school: School) -> None:
    assert school.as_("admin").get("/api/v1/users/999/avatars").status == 404
