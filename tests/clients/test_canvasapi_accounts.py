"""canvasapi, unmodified and over a socket, with accounts, roles, admins and feature flags."""

from __future__ import annotations

import pytest
from canvasapi import Canvas
from canvasapi.account import Account
from canvasapi.exceptions import BadRequest, Conflict, Forbidden, ResourceDoesNotExist
from tests.support.live import LiveServer


def canvas(live_server: LiveServer, who: str = "admin") -> Canvas:
    return Canvas(live_server.url, live_server.token(who))


def root(live_server: LiveServer, who: str = "admin") -> Account:
    return canvas(live_server, who).get_account(1)


@pytest.mark.spec("homeroom.md#3")
def test_accounts_are_found(live_server: LiveServer) -> None:
    (mine,) = canvas(live_server, "sub_admin").get_accounts()
    northern = canvas(live_server).get_account("sis-northern", use_sis_id=True)
    assert (mine.id, mine.name) == (northern.id, "Northern") == (live_server.id("northern"), "Northern")
    assert list(canvas(live_server, "student").get_accounts()) == []
    with pytest.raises(Forbidden):
        canvas(live_server, "student").get_account(1)
    with pytest.raises(ResourceDoesNotExist):
        canvas(live_server).get_account(999)
    assert [account.name for account in canvas(live_server, "teacher").get_course_accounts()] == ["Northern"]


def test_sub_accounts_are_made_changed_listed_and_deleted(live_server: LiveServer) -> None:
    names = [f"Faculty {number}" for number in range(12)]
    northern = canvas(live_server).get_account(live_server.id("northern"))
    made = [northern.create_subaccount({"name": name, "sis_account_id": f"f {name}"}) for name in names]
    assert [account.name for account in northern.get_subaccounts(per_page=5)] == names
    assert set(names) <= {account.name for account in root(live_server).get_subaccounts(recursive=True)}
    assert set(names).isdisjoint(account.name for account in root(live_server).get_subaccounts())
    assert made[0].update(account={"name": "Faculty of Arts"})
    assert canvas(live_server).get_account("f Faculty 0", use_sis_id=True).name == "Faculty of Arts"
    with pytest.raises(BadRequest):
        northern.create_subaccount({"name": "Twin", "sis_account_id": "f Faculty 1"})
    with pytest.raises(Conflict):
        northern.delete()
    for account in made:
        assert account.delete()
    assert list(northern.get_subaccounts()) == []


@pytest.mark.spec("identity.md#10")
def test_roles_are_made_changed_and_deactivated(live_server: LiveServer) -> None:
    account = root(live_server)
    words = {"read_roster": {"explicit": True, "enabled": True, "locked": True}}
    role = account.create_role("Librarian", permissions=words)
    assert (role.label, role.base_role_type, role.permissions["read_roster"]["locked"]) == (
        "Librarian",
        "AccountMembership",
        True,
    )
    words["read_roster"]["enabled"] = False
    changed = account.update_role(role, permissions=words, label="Reader")
    assert (changed.label, changed.permissions["read_roster"]["enabled"]) == ("Reader", False)
    assert account.get_role(role).label == "Reader"
    assert "Reader" in [role.label for role in account.get_roles()]
    assert account.deactivate_role(role).workflow_state == "inactive"
    assert "Reader" not in [role.label for role in account.get_roles()]
    assert [role.label for role in account.get_roles(state=["inactive"])] == ["Reader"]
    assert account.activate_role(role).workflow_state == "active"
    with pytest.raises(BadRequest):
        account.deactivate_role(live_server.id("role_AccountAdmin"))


@pytest.mark.spec("identity.md#8")
def test_admins_are_listed_made_and_removed(live_server: LiveServer) -> None:
    account, outsider = root(live_server), live_server.id("outsider")
    admin = account.create_admin(outsider, role_id=live_server.id("narrow_role"), send_confirmation=False)
    assert (admin.role, admin.user["name"]) == ("Roster Reader", "Otto Outsider")
    assert outsider in [admin.user["id"] for admin in account.get_admins()]
    assert len(list(canvas(live_server, "outsider").get_account(1).get_users())) > 10
    removed = account.delete_admin(outsider, role_id=live_server.id("narrow_role"))
    assert removed.workflow_state == "deleted"
    with pytest.raises(ResourceDoesNotExist):
        account.delete_admin(outsider, role_id=live_server.id("narrow_role"))
    with pytest.raises(Forbidden):
        canvas(live_server, "outsider").get_account(1)


@pytest.mark.spec("homeroom.md#3")
def test_feature_flags_are_read_set_and_removed(live_server: LiveServer) -> None:
    account = root(live_server)
    features = {feature.feature: feature for feature in account.get_features()}
    assert set(features) == {"educator_dashboard", "widget_dashboard"}
    flag = account.get_feature_flag("widget_dashboard")
    assert (flag.feature, flag.state) == ("widget_dashboard", "allowed")
    # canvasapi takes the feature's name from an attribute that neither Canvas nor Homeroom gives.
    feature = features["widget_dashboard"]
    feature.name = feature.feature
    assert flag.set_feature_flag(feature, state="on").state == "on"
    assert account.get_enabled_features() == ["widget_dashboard"]
    assert flag.delete(feature).context_id == 1
    assert account.get_enabled_features() == []
    student = canvas(live_server, "student").get_current_user()
    assert [feature.feature for feature in student.get_features()] == ["high_contrast"]
    course = canvas(live_server, "admin").get_course(live_server.id("biology"))
    assert list(course.get_features()) == []


def test_permissions_are_asked(live_server: LiveServer) -> None:
    held = root(live_server, "narrow_admin")._requester.request(
        "GET", "accounts/1/permissions", _kwargs=[("permissions[]", "read_roster"), ("permissions[]", "become_user")]
    )
    assert held.json() == {"read_roster": True, "become_user": False}
