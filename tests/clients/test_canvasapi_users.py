"""canvasapi, unmodified and over a socket, manages people."""

from __future__ import annotations

import itertools

import pytest
from canvasapi import Canvas
from canvasapi.account import Account
from canvasapi.exceptions import BadRequest, Forbidden, InvalidAccessToken, ResourceDoesNotExist, Unauthorized
from tests.support.live import LiveServer, serving

_numbers = itertools.count(1)


def canvas(live_server: LiveServer, who: str = "admin") -> Canvas:
    return Canvas(live_server.url, live_server.token(who))


def account(live_server: LiveServer, who: str = "admin") -> Account:
    return canvas(live_server, who).get_account(1)


def new_login() -> str:
    return f"person{next(_numbers)}@clients.test"


@pytest.mark.spec("users-core.md#3")
def test_the_current_user(live_server: LiveServer) -> None:
    me = canvas(live_server, "student").get_current_user()
    assert (me.id, me.name) == (live_server.id("student"), "Stella Student")
    assert me.effective_locale == "en"
    assert not hasattr(me, "login_id")


@pytest.mark.spec("users-core.md#3")
def test_a_user_by_every_form_of_id(live_server: LiveServer) -> None:
    admin, student = canvas(live_server), live_server.id("student")
    assert admin.get_user(student).name == "Stella Student"
    assert admin.get_user("sis-student", "sis_user_id").id == student
    assert admin.get_user("STUDENT@school.test", "sis_login_id").id == student
    assert admin.get_user("self").id == live_server.id("admin")
    user = admin.get_user(student, include=["uuid", "last_login"])
    assert (len(user.uuid), user.last_login) == (40, None)


@pytest.mark.spec("users-core.md#2")
def test_a_list_over_several_pages_holds_everybody_once(live_server: LiveServer) -> None:
    root = account(live_server)
    made = [root.create_user(pseudonym={"unique_id": new_login()}, user={"name": f"Page {n:02}"}) for n in range(25)]
    for order in ({}, {"sort": "email", "order": "desc"}, {"sort": "id"}):
        people = [user.id for user in root.get_users(per_page=4, **order)]
        assert len(people) == len(set(people))
        assert {user.id for user in made} <= set(people)
    found = list(root.get_users(search_term="page 1", include=["email"], per_page=3))
    assert [user.name for user in found] == [f"Page {n:02}" for n in range(10, 20)]
    assert found[0].email.endswith("@clients.test")
    assert [user.id for user in root.get_users(enrollment_type="designer")] == [live_server.id("designer")]


@pytest.mark.spec("users-core.md#4")
@pytest.mark.spec("users-core.md#6")
@pytest.mark.spec("homeroom.md#3")
def test_a_person_is_created_edited_and_deleted(live_server: LiveServer) -> None:
    root, login = account(live_server), new_login()
    user = root.create_user(
        pseudonym={"unique_id": login, "sis_user_id": login, "password": "a fine password"},
        user={"name": "Zoë Ångström", "skip_registration": True},
        communication_channel={"skip_confirmation": True, "confirmation_url": True},
    )
    assert (user.name, user.sortable_name, user.login_id) == ("Zoë Ångström", "Ångström, Zoë", login)
    assert user.confirmation_url is None
    edited = user.edit(user={"name": "Zoë Smith", "time_zone": "Europe/Paris", "locale": "fr"})
    assert (edited.name, edited.sortable_name, edited.short_name) == ("Zoë Smith", "Smith, Zoë", "Zoë Ångström")
    assert (edited.time_zone, edited.locale, edited.email) == ("Paris", "fr", login)
    assert canvas(live_server).get_user(login, "sis_user_id").name == "Zoë Smith"
    assert root.delete_user(user).id == user.id
    with pytest.raises(ResourceDoesNotExist):
        canvas(live_server).get_user(user.id)
    with pytest.raises(ResourceDoesNotExist):
        root.delete_user(user)
    again = root.create_user(
        pseudonym={"unique_id": login, "sis_user_id": login}, user={"name": "Zoë"}, enable_sis_reactivation=True
    )
    assert (again.id, again.name) == (user.id, "Zoë")


def test_an_avatar_is_chosen_by_its_token(live_server: LiveServer) -> None:
    admin = canvas(live_server)
    user = admin.get_user(account(live_server).create_user(pseudonym={"unique_id": new_login()}).id)
    gravatar = next(avatar for avatar in user.get_avatars() if avatar.type == "gravatar")
    edited = user.edit(user={"avatar": {"token": gravatar.token}})
    assert (edited.avatar_url, edited.avatar_state) == (gravatar.url, "approved")


@pytest.mark.spec("basics.md#2")
def test_each_refusal_is_the_exception_that_clients_know(live_server: LiveServer) -> None:
    with pytest.raises(InvalidAccessToken):
        Canvas(live_server.url, "no such token").get_current_user()
    student = canvas(live_server, "student").get_current_user()
    with pytest.raises(Forbidden):
        list(Account(student._requester, {"id": 1}).get_users())
    with pytest.raises(Forbidden):
        student.edit(user={"email": "mine@clients.test"})
    with pytest.raises(ResourceDoesNotExist):
        canvas(live_server, "teacher").get_user(live_server.id("student"))
    with pytest.raises(ResourceDoesNotExist):
        canvas(live_server).get_user("nobody", "sis_user_id")
    with pytest.raises(BadRequest, match="ID already in use for this account and authentication provider"):
        account(live_server).create_user(pseudonym={"unique_id": "student@school.test"})
    with pytest.raises(BadRequest, match="2 or more characters is required"):
        list(account(live_server).get_users(search_term="a"))
    with pytest.raises(BadRequest, match="locale"):
        student.edit(user={"locale": "tlh"})


@pytest.mark.spec("basics.md#2")
def test_a_server_of_older_days_says_unauthorized(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("old"), settings={"HOMEROOM_NOT_ALLOWED": "401"}) as server:
        admin = Canvas(server.url, server.first_token)
        user = admin.get_account(1).create_user(pseudonym={"unique_id": "a@clients.test"})
        with pytest.raises(Unauthorized):
            user.edit(user={"shoe_size": 38})
