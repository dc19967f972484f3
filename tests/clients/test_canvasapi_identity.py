"""canvasapi, unmodified and over a socket, with logins, channels, preferences, providers, scopes and sessions."""

from __future__ import annotations

import pytest
from canvasapi import Canvas
from canvasapi.account import Account
from canvasapi.exceptions import BadRequest, Forbidden, InvalidAccessToken, ResourceDoesNotExist
from canvasapi.user import User
from tests.support.live import LiveServer


def canvas(live_server: LiveServer, who: str = "admin") -> Canvas:
    return Canvas(live_server.url, live_server.token(who))


def root(live_server: LiveServer, who: str = "admin") -> Account:
    return canvas(live_server, who).get_account(1)


def new_person(live_server: LiveServer, name: str) -> User:
    return root(live_server).create_user({"unique_id": name}, user={"name": name})


@pytest.mark.spec("identity.md#6")
def test_logins_are_made_changed_listed_and_deleted(live_server: LiveServer) -> None:
    person = new_person(live_server, "login-owner")
    fields = [{"unique_id": f"login-{number}", "sis_user_id": f"L{number}"} for number in range(3)]
    logins = [root(live_server).create_user_login({"id": person.id}, login) for login in fields]
    listed = [login.unique_id for login in person.get_user_logins(per_page=2)]
    assert listed == ["login-owner", "login-0", "login-1", "login-2"]
    in_account = root(live_server).get_user_logins(user={"id": person.id})
    assert [login.id for login in in_account] == [login.id for login in person.get_user_logins()]
    changed = logins[0].edit(login={"unique_id": "renamed", "declared_user_type": "student"})
    assert (changed.unique_id, changed.declared_user_type, changed.sis_user_id) == ("renamed", "student", "L0")
    assert logins[1].edit(login={"workflow_state": "suspended"}).workflow_state == "suspended"
    assert logins[2].delete().workflow_state == "deleted"
    with pytest.raises(ResourceDoesNotExist):
        logins[2].delete()
    with pytest.raises(BadRequest, match="already in use"):
        root(live_server).create_user_login({"id": person.id}, {"unique_id": "LOGIN-1"})
    with pytest.raises(Forbidden):
        logins[0].edit(login={"password": "a new password"})


@pytest.mark.spec("identity.md#7")
def test_channels_are_added_listed_and_deleted(live_server: LiveServer) -> None:
    person = new_person(live_server, "channel-owner@school.test")
    address = {"address": "home@channel.test", "type": "email"}
    channel = person.create_communication_channel(communication_channel=address, skip_confirmation=True)
    assert (channel.address, channel.workflow_state, channel.position) == ("home@channel.test", "active", 2)
    listed = person.get_communication_channels(per_page=1)
    assert [each.address for each in listed] == ["channel-owner@school.test", "home@channel.test"]
    with pytest.raises(BadRequest):
        person.create_communication_channel(communication_channel={**address, "address": "HOME@channel.test"})
    # The client takes "deleted" for the sign that it worked; Canvas says "retired".
    assert channel.delete() is False
    assert [each.address for each in person.get_communication_channels()] == ["channel-owner@school.test"]
    with pytest.raises(ResourceDoesNotExist):
        channel.delete()


@pytest.mark.spec("identity.md#7")
def test_notification_preferences_are_read_and_changed(live_server: LiveServer) -> None:
    (channel,) = canvas(live_server, "classmate").get_current_user().get_communication_channels()
    assert "due_date" in channel.get_preference_categories()
    assert channel.get_preference("new_announcement").frequency == "immediately"
    assert channel.update_preference("new_announcement", "daily").frequency == "daily"
    several = {"new_announcement": {"frequency": "never"}, "alert": {"frequency": "weekly"}}
    changed = channel.update_multiple_preferences(several)
    assert {each["notification"]: each["frequency"] for each in changed} == {
        "new_announcement": "never",
        "alert": "weekly",
    }
    by_category = channel.update_preferences_by_catagory("files", "daily")
    assert {each["notification"] for each in by_category} == {"new_file_added", "new_files_added"}
    everything = {each["notification"]: each["frequency"] for each in channel.get_preferences()}
    assert (everything["new_announcement"], everything["new_file_added"]) == ("never", "daily")


@pytest.mark.spec("homeroom.md#3")
def test_authentication_providers_are_added_changed_and_deleted(live_server: LiveServer) -> None:
    account = root(live_server)
    provider = account.add_authentication_providers(auth_type="google", client_id="x", client_secret="hush")
    assert (provider.auth_type, provider.position, hasattr(provider, "client_secret")) == ("google", 2, False)
    assert [each.auth_type for each in account.get_authentication_providers()] == ["canvas", "google"]
    assert account.get_authentication_provider(provider.id).client_id == "x"
    provider.update(hosted_domain="school.test")
    assert account.get_authentication_provider(provider.id).hosted_domain == "school.test"
    provider.delete()
    assert [each.auth_type for each in account.get_authentication_providers()] == ["canvas"]


@pytest.mark.spec("identity.md#3")
def test_scopes_are_listed(live_server: LiveServer) -> None:
    scopes = [scope.scope for scope in root(live_server).get_scopes()]
    assert "url:GET|/api/v1/users/:id" in scopes and len(scopes) == len(set(scopes))


@pytest.mark.spec("identity.md#5")
def test_sessions_are_terminated(live_server: LiveServer) -> None:
    person = canvas(live_server).get_user(live_server.id("outsider"))
    assert canvas(live_server, "outsider").get_current_user().id == person.id
    assert person.terminate_sessions() == "ok"
    with pytest.raises(InvalidAccessToken):
        canvas(live_server, "outsider").get_current_user()
    mine = canvas(live_server, "teacher").get_current_user()
    mine.id = live_server.id("student")
    with pytest.raises(Forbidden):
        mine.terminate_sessions()
