"""Roles and their permissions (identity.md §10)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.rights import deny

from homeroom.school.rights.actor import AccountRef, CourseRef
from homeroom.school.rights.permissions import COURSE_ROLES, PERMISSIONS
from homeroom.school.schema import AccountAdmin, RoleOverride
from homeroom.school.sign_in.credentials import find_actor

ROLES = "/api/v1/accounts/1/roles"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
BUILT_IN = ["AccountAdmin", *COURSE_ROLES]


def make(school: School, label: str = "Helper", who: str = "admin", account: int = 1, **more: Any) -> Any:
    return school.as_(who).post(f"/api/v1/accounts/{account}/roles", {"label": label, **more})


def said(name: str, **word: Any) -> dict[str, Any]:
    return {"permissions": {name: {"explicit": 1, "enabled": 1, **word}}}


def permission(school: School, role: int, name: str, account: int = 1) -> Any:
    json = school.as_("site_admin").get(f"/api/v1/accounts/{account}/roles/{role}").json
    return json["permissions"][name]


@pytest.mark.spec("identity.md#10")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("sub_admin", 403),
        ("admin_of_another_school", 403),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_and_change_the_roles_of_an_account(school: School, who: str, status: int) -> None:
    client, role = school.as_(who), f"{ROLES}/{school.id('narrow_role')}"
    assert client.get(ROLES).status == status
    assert client.get(role).status == status
    assert client.get(f"{ROLES}/permissions").status == status
    assert client.post(ROLES, {"label": "Helper"}).status == status
    assert client.put(role, {"label": "Reader"}).status == status
    assert client.delete(role).status == status
    assert client.post(f"{role}/activate").status == status


@pytest.mark.spec("identity.md#10")
def test_a_role_says_what_it_may(school: School) -> None:
    json = school.as_("admin").get(f"{ROLES}/{school.id('narrow_role')}").json
    permissions = json.pop("permissions")
    assert json == {
        "id": school.id("narrow_role"),
        "label": "Roster Reader",
        "role": "Roster Reader",
        "base_role_type": "AccountMembership",
        "is_account_role": True,
        "workflow_state": "active",
        "created_at": "2026-01-05T09:00:00Z",
        "last_updated_at": "2026-01-05T09:00:00Z",
        "account": {
            "id": 1, "name": "Homeroom", "workflow_state": "active", "parent_account_id": None, "root_account_id": None,
            "sis_account_id": None,
        },
    }  # fmt: skip
    assert set(permissions) == set(PERMISSIONS) - {"site_admin"}
    assert permissions["read_roster"] == {
        "enabled": True,
        "locked": False,
        "readonly": False,
        "explicit": True,
        "applies_to_self": True,
        "applies_to_descendants": True,
        "prior_default": False,
    }
    assert permissions["become_user"] == {"enabled": False, "locked": False, "readonly": False, "explicit": False}


def test_built_in_roles_come_first_and_with_their_documented_names(school: School) -> None:
    roles = school.as_("admin").get(ROLES).json
    assert [(role["role"], role["label"], role["workflow_state"]) for role in roles] == [
        ("AccountAdmin", "Account Admin", "built_in"),
        ("StudentEnrollment", "Student", "built_in"),
        ("TeacherEnrollment", "Teacher", "built_in"),
        ("TaEnrollment", "TA", "built_in"),
        ("DesignerEnrollment", "Designer", "built_in"),
        ("ObserverEnrollment", "Observer", "built_in"),
        ("Roster Reader", "Roster Reader", "active"),
    ]
    assert [role["base_role_type"] for role in roles] == ["AccountMembership", *COURSE_ROLES, "AccountMembership"]
    assert [role["is_account_role"] for role in roles] == [True, False, False, False, False, False, True]


def test_a_course_role_has_its_defaults_and_nothing_that_is_for_accounts(school: School) -> None:
    teacher = school.as_("admin").get(f"{ROLES}/{school.id('role_TeacherEnrollment')}").json["permissions"]
    assert teacher["manage_grades"]["enabled"]
    assert teacher["manage_grades"]["applies_to_descendants"]
    assert not teacher["allow_course_admin_actions"]["explicit"]
    assert "become_user" not in teacher
    student = school.as_("admin").get(f"{ROLES}/{school.id('role_StudentEnrollment')}").json["permissions"]
    assert student["manage_grades"] == {"enabled": False, "locked": True, "readonly": True, "explicit": False}


def test_roles_are_listed_by_state_and_with_those_of_accounts_above(school: School) -> None:
    northern, admin = school.id("northern"), school.as_("admin")
    mine = make(school, "Northern Helper", account=northern).json["id"]
    asleep = make(school, "Asleep").json["id"]
    admin.delete(f"{ROLES}/{asleep}")

    def names(query: str, account: int = 1) -> list[str]:
        return [role["role"] for role in admin.get(f"/api/v1/accounts/{account}/roles{query}").json]

    assert names("") == [*BUILT_IN, "Roster Reader"]
    assert names("?state[]=inactive") == ["Asleep"]
    assert names("?state[]=inactive&state[]=active") == [*BUILT_IN, "Roster Reader", "Asleep"]
    assert names("?state[]=deleted") == []
    assert names("", northern) == [*BUILT_IN, "Northern Helper"]
    assert names("?show_inherited=1", northern) == [*BUILT_IN, "Roster Reader", "Northern Helper"]
    assert admin.get(f"/api/v1/accounts/{northern}/roles/{school.id('narrow_role')}").status == 200
    for account in (1, school.id("southern")):
        assert admin.get(f"/api/v1/accounts/{account}/roles/{mine}").json == NOT_FOUND


def test_roles_come_in_pages(school: School) -> None:
    assert len(school.as_("admin").pages(f"{ROLES}?per_page=2")) == 7
    reply = school.as_("admin").get(f"{ROLES}?per_page=2&page=2")
    assert reply.links["next"] == "http://school.test/api/v1/accounts/1/roles?page=3&per_page=2"


def test_a_long_page_of_roles_costs_no_more_statements_than_a_short_one(school: School, queries_of: Any) -> None:
    short, long = (queries_of(school.as_("admin").get, f"{ROLES}?per_page={size}") for size in (1, 100))
    assert short == long


def test_a_role_is_found_by_its_deprecated_name_too(school: School) -> None:
    assert school.as_("admin").get(f"{ROLES}/TeacherEnrollment").json["id"] == school.id("role_TeacherEnrollment")
    assert school.as_("admin").get(f"{ROLES}/Roster Reader").json["id"] == school.id("narrow_role")
    for unknown in ("999", "0", "99999999999999999999", "Nobody"):
        assert school.as_("admin").get(f"{ROLES}/{unknown}").json == NOT_FOUND


@pytest.mark.parametrize(
    "base", ["StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "DesignerEnrollment", "ObserverEnrollment"]
)
def test_a_custom_course_role_starts_with_the_permissions_of_its_base(school: School, base: str) -> None:
    json = make(school, base_role_type=base).json
    assert (json["base_role_type"], json["is_account_role"]) == (base, False)
    assert json["permissions"] == school.as_("admin").get(f"{ROLES}/{school.id(f'role_{base}')}").json["permissions"]


def test_a_new_role_has_what_was_given(school: School) -> None:
    change = {
        "become_user": {"explicit": 1, "enabled": 1, "locked": 1, "applies_to_descendants": 0},
        "read_roster": {"enabled": 1},
        "fly": {"explicit": 1, "enabled": 1},
        "site_admin": {"explicit": 1, "enabled": 1},
    }
    reply = make(school, " Helper ", role="ignored", permissions=change)
    assert (reply.status, reply.json["label"], reply.json["base_role_type"]) == (200, "Helper", "AccountMembership")
    permissions = reply.json["permissions"]
    assert permissions["become_user"] == {
        "enabled": True,
        "locked": True,
        "readonly": False,
        "explicit": True,
        "applies_to_self": True,
        "applies_to_descendants": False,
        "prior_default": False,
    }
    assert not permissions["read_roster"]["enabled"], "Not explicit, so as inherited."
    assert [name for name, word in permissions.items() if word["enabled"]] == ["become_user"]
    assert make(school, "", role="By its old name").json["label"] == "By its old name"


def fault(type: str, message: str | None = None) -> dict[str, Any]:
    return {"errors": {"label": [{"attribute": "label", "type": type, "message": message or type}]}}


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ({}, {"errors": [{"message": "label is missing"}]}),
        ({"label": " "}, fault("blank")),
        ({"label": "x" * 256}, fault("too_long")),
        ({"label": "Roster Reader"}, fault("taken", "name already in use")),
        ({"label": "AccountAdmin"}, fault("taken", "name already in use")),
        ({"label": "TeacherEnrollment"}, fault("taken", "name already in use")),
        ({"label": "x", "base_role_type": "AccountAdmin"}, {"message": "invalid base role type"}),
        ({"label": "x", "base_role_type": ""}, {"message": "invalid base role type"}),
        (
            {"label": "x", **said("read_roster", applies_to_self=0, applies_to_descendants=0)},
            {"message": "A permission must apply to the account itself or to its descendants."},
        ),
    ],
)
def test_a_bad_role_is_not_made(school: School, form: dict[str, Any], body: Any) -> None:
    reply = school.as_("admin").post(ROLES, form)
    assert (reply.status, reply.json) == (400, body)
    assert len(school.as_("admin").get(f"{ROLES}?state[]=active&state[]=inactive").json) == 7


def test_two_accounts_may_have_roles_of_one_name(school: School) -> None:
    assert make(school, "Roster Reader", account=school.id("northern")).status == 200


@pytest.mark.parametrize("name", ["AccountAdmin", "AccountMembership", "TaEnrollment"])
def test_nobody_takes_the_name_of_a_built_in_role(school: School, name: str) -> None:
    for account in (1, school.id("northern")):
        reply = make(school, name, account=account)
        assert (reply.status, reply.json) == (400, fault("taken", "name already in use"))
    renamed = school.as_("admin").put(f"{ROLES}/{school.id('narrow_role')}", {"label": name})
    assert (renamed.status, renamed.json) == (400, fault("taken", "name already in use"))


@pytest.mark.spec("identity.md#10")
def test_a_permission_is_given_and_taken_and_left_to_those_above(school: School) -> None:
    role = school.id("role_StudentEnrollment")
    admin = school.as_("admin")
    assert permission(school, role, "read_roster")["enabled"]
    reply = admin.put(f"{ROLES}/{role}", said("read_roster", enabled=0))
    assert reply.json["permissions"]["read_roster"] == {
        "enabled": False, "locked": False, "readonly": False, "explicit": True, "prior_default": True,
    }  # fmt: skip
    below = permission(school, role, "read_roster", school.id("northern"))
    assert below == {"enabled": False, "locked": False, "readonly": False, "explicit": False}
    admin.put(f"{ROLES}/{role}", {"permissions": {"read_roster": {"explicit": 0, "enabled": 0}}})
    assert permission(school, role, "read_roster") == {
        "enabled": True, "locked": False, "readonly": False, "explicit": False,
        "applies_to_self": True, "applies_to_descendants": True,
    }  # fmt: skip


@pytest.mark.parametrize("word", [{"explicit": 1}, {"enabled": 1}, {"explicit": 0, "enabled": 1}, {"locked": 0}])
def test_without_explicit_and_enabled_a_permission_is_as_inherited(school: School, word: dict[str, Any]) -> None:
    role = school.id("narrow_role")
    school.as_("admin").put(f"{ROLES}/{role}", {"permissions": {"read_roster": word}})
    assert not permission(school, role, "read_roster")["explicit"]
    assert not permission(school, role, "read_roster")["enabled"]


def test_what_is_not_given_stays_as_it_was(school: School) -> None:
    role = school.id("narrow_role")
    admin = school.as_("admin")
    admin.put(f"{ROLES}/{role}", said("view_statistics", locked=1, applies_to_descendants=0))
    admin.put(f"{ROLES}/{role}", said("become_user"))
    admin.put(f"{ROLES}/{role}", said("view_statistics"))
    shown = permission(school, role, "view_statistics")
    assert (shown["locked"], shown["applies_to_self"], shown["applies_to_descendants"]) == (True, True, False)
    assert permission(school, role, "read_roster")["enabled"]


@pytest.mark.spec("identity.md#10")
def test_a_permission_locked_above_cannot_be_changed_below(school: School) -> None:
    role, northern = school.id("role_TeacherEnrollment"), school.id("northern")
    there = f"/api/v1/accounts/{northern}/roles/{role}"
    sub_admin = school.as_("sub_admin")
    assert sub_admin.put(there, said("view_audit_trail")).json["permissions"]["view_audit_trail"]["enabled"]
    school.as_("admin").put(f"{ROLES}/{role}", said("view_audit_trail", enabled=0, locked=1))
    assert permission(school, role, "view_audit_trail") == {
        "enabled": False, "locked": True, "readonly": False, "explicit": True, "prior_default": False,
    }  # fmt: skip
    locked = {"enabled": False, "locked": True, "readonly": True, "explicit": False}
    assert permission(school, role, "view_audit_trail", northern) == locked
    reply = sub_admin.put(there, said("view_audit_trail", locked=0))
    assert (reply.status, reply.json["permissions"]["view_audit_trail"]) == (200, locked)
    school.as_("admin").put(f"{ROLES}/{role}", {"permissions": {"view_audit_trail": {"locked": 0}}})
    assert permission(school, role, "view_audit_trail", northern)["enabled"], "What was masked applies again."


def test_what_was_said_below_a_lock_is_not_kept_for_later(school: School) -> None:
    role, northern = school.id("role_TeacherEnrollment"), school.id("northern")
    school.as_("admin").put(f"{ROLES}/{role}", said("view_audit_trail", enabled=0, locked=1))
    reply = school.as_("sub_admin").put(f"/api/v1/accounts/{northern}/roles/{role}", said("view_audit_trail"))
    assert reply.status == 200
    school.as_("admin").put(f"{ROLES}/{role}", said("view_audit_trail", enabled=0, locked=0))
    assert permission(school, role, "view_audit_trail", northern)["enabled"] is False


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_account_has_a_role_with_the_name_of_a_built_in_one(school: School, name: str) -> None:
    reply = make(school, name, account=school.id("northern"))
    assert (reply.status, list(reply.json["errors"])) == (400, ["label"])


def test_what_a_base_role_cannot_have_is_ignored(school: School) -> None:
    role = school.id("role_StudentEnrollment")
    change = {name: {"explicit": 1, "enabled": 1} for name in ("manage_grades", "become_user", "fly")}
    reply = school.as_("admin").put(f"{ROLES}/{role}", {"permissions": change})
    assert reply.status == 200
    assert not permission(school, role, "manage_grades")["enabled"]


@pytest.mark.spec("identity.md#10")
def test_a_changed_permission_holds_with_the_next_call(school: School) -> None:
    narrow, users = school.as_("narrow_admin"), "/api/v1/accounts/1/users"
    assert narrow.get(users).status == 200
    role = f"{ROLES}/{school.id('narrow_role')}"
    school.as_("admin").put(role, said("read_roster", enabled=0))
    assert narrow.get(users).status == 403
    school.as_("admin").put(role, said("read_roster", applies_to_self=0))
    assert narrow.get(users).status == 403
    assert narrow.get(f"/api/v1/accounts/{school.id('northern')}/users").status == 200


def test_a_sub_account_cannot_take_rights_from_the_admins_above_it(school: School) -> None:
    northern = school.id("northern")
    role = school.id("role_AccountAdmin")
    reply = school.as_("sub_admin").put(
        f"/api/v1/accounts/{northern}/roles/{role}", said("manage_account_settings", enabled=0, locked=1)
    )
    assert reply.status == 200
    change = {"account": {"name": "Other"}}
    assert school.as_("sub_admin").put(f"/api/v1/accounts/{northern}", change).status == 403
    assert school.as_("admin").put(f"/api/v1/accounts/{northern}", change).status == 200


def test_a_label_is_changed_only_where_the_role_is_at_home(school: School) -> None:
    role, northern = school.id("narrow_role"), school.id("northern")
    admin = school.as_("admin")
    assert admin.put(f"{ROLES}/{role}", {"label": "Reader"}).json["role"] == "Reader"
    reply = school.as_("sub_admin").put(f"/api/v1/accounts/{northern}/roles/{role}", {"label": "Mine"})
    assert (reply.status, reply.json) == (400, {"message": "cannot change the label of a role of another account"})
    reply = admin.put(
        f"{ROLES}/{school.id('role_TaEnrollment')}", {"label": "Aide", **said("manage_grades", enabled=0)}
    )
    assert (reply.status, reply.json) == (400, {"message": "cannot change the label of a built-in role"})
    assert permission(school, school.id("role_TaEnrollment"), "manage_grades")["enabled"]
    assert admin.put(f"{ROLES}/{school.id('role_TaEnrollment')}", {"label": "TA"}).status == 200
    make(school, "Taken")
    assert admin.put(f"{ROLES}/{role}", {"label": "Taken"}).json == fault("taken", "name already in use")


def test_a_role_is_deactivated_and_activated_and_its_holders_keep_their_rights(school: School) -> None:
    role, admin = f"{ROLES}/{school.id('narrow_role')}", school.as_("admin")
    assert admin.delete(role).json["workflow_state"] == "inactive"
    assert admin.delete(role).status == 200
    assert school.as_("narrow_admin").get("/api/v1/accounts/1/users").status == 200
    assert make(school, "Roster Reader").status == 400, "Its name is not free: it may come back."
    assert admin.post(f"{role}/activate").json["workflow_state"] == "active"


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_role_stays(school: School, name: str) -> None:
    role, admin = f"{ROLES}/{school.id(f'role_{name}')}", school.as_("admin")
    reply = admin.delete(role)
    assert (reply.status, reply.json) == (400, {"message": "cannot deactivate a built-in role"})
    assert admin.post(f"{role}/activate").status == 400
    reply = school.as_("sub_admin").delete(f"/api/v1/accounts/{school.id('northern')}/roles/{school.id('narrow_role')}")
    assert (reply.status, reply.json) == (400, {"message": "cannot deactivate a role of another account"})


def test_only_the_site_admins_account_can_give_the_site_admin_right(school: School) -> None:
    site = "/api/v1/accounts/site_admin/roles"
    role = school.as_("site_admin").post(site, {"label": "Operator", **said("site_admin")}).json
    assert role["permissions"]["site_admin"]["enabled"]
    assert "site_admin" not in make(school, "x", "site_admin", **said("site_admin")).json["permissions"]
    values = {"account_id": 2, "user_id": school.id("outsider"), "role_id": role["id"], "state": "active"}
    school.write(lambda db: db.execute(insert(AccountAdmin).values(**values, created_at=THEN, updated_at=THEN)))
    assert school.as_("outsider").get("/homeroom/v1/accounts/1/settings").status == 200
    assert school.as_("outsider").get(ROLES).status == 403


def test_assignable_permissions_are_listed_and_searched(school: School) -> None:
    admin = school.as_("admin")
    listed = {json["key"]: json for json in admin.get(f"{ROLES}/permissions").json}
    assert set(listed) == set(PERMISSIONS) - {"site_admin"}
    assert listed["manage_lti_add"] == {
        "key": "manage_lti_add",
        "label": "LTI - add",
        "group": "manage_lti",
        "group_label": "Manage LTI",
        "available_to": [
            "AccountAdmin",
            "AccountMembership",
            "TeacherEnrollment",
            "TaEnrollment",
            "DesignerEnrollment",
        ],
        "true_for": ["AccountAdmin", "TeacherEnrollment", "TaEnrollment", "DesignerEnrollment"],
    }
    assert "group" not in listed["become_user"]
    for term in ("LTI", "manage_lti", "lti - ADD"):
        assert "manage_lti_add" in [json["key"] for json in admin.get(f"{ROLES}/permissions?search_term={term}").json]
    assert admin.get(f"{ROLES}/permissions?search_term=flying").json == []
    assert "site_admin" in school.as_("site_admin").get("/api/v1/accounts/site_admin/roles/permissions").text


NAMES = ("read_roster", "view_user_logins", "manage_grades", "become_user")


@pytest.mark.spec("identity.md#10")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_api_shows_of_a_role_is_what_its_holders_may(school: School, data: st.DataObject) -> None:
    """Random words of random accounts; the narrow role is held at the root, the teacher's in Northern's course."""
    northern = school.id("northern")
    accounts = {2: (2,), 1: (1, 2), northern: (northern, 1, 2)}
    roles = {school.id("narrow_role"), school.id("role_TeacherEnrollment")}
    keys = st.tuples(st.sampled_from(sorted(accounts)), st.sampled_from(sorted(roles)), st.sampled_from(NAMES))
    words = st.tuples(st.sampled_from([True, False, None]), st.booleans(), st.booleans(), st.booleans())
    tree = data.draw(st.dictionaries(keys, words, max_size=12))

    def write(db: Any) -> None:
        db.execute(delete(RoleOverride))
        for (account, role, name), (enabled, locked, here, below) in tree.items():
            db.execute(
                insert(RoleOverride).values(
                    account_id=account, role_id=role, permission=name, enabled=enabled, locked=locked,
                    applies_to_self=here, applies_to_descendants=below, created_at=THEN, updated_at=THEN,
                )
            )  # fmt: skip

    school.write(write)
    at_root = school.as_("site_admin").get(f"{ROLES}/{school.id('narrow_role')}").json["permissions"]
    teachers = f"/api/v1/accounts/{northern}/roles/{school.id('role_TeacherEnrollment')}"
    in_northern = school.as_("site_admin").get(teachers).json["permissions"]

    def check(db: Any) -> None:
        narrow, teacher = (find_actor(db, school.id(who)) for who in ("narrow_admin", "teacher"))
        assert narrow is not None
        assert teacher is not None
        biology = CourseRef(school.id("biology"), (northern, 1))
        for name in NAMES:
            shown = at_root[name]
            assert narrow.holds(name, AccountRef(1, (1,))) == shown.get("applies_to_self", False)
            below = AccountRef(northern, (northern, 1))
            assert narrow.holds(name, below) == shown.get("applies_to_descendants", False)
            if name in in_northern:
                held = teacher.holds_in_course(db, name, biology)
                assert held == in_northern[name].get("applies_to_self", False)

    school.read(check)


def test_an_admin_role_that_lost_its_right_to_manage_permissions_cannot_give_it_back(school: School) -> None:
    deny(school, "AccountAdmin", "manage_role_overrides")
    role = f"{ROLES}/{school.id('role_AccountAdmin')}"
    assert school.as_("admin").put(role, said("manage_role_overrides")).status == 403
    assert school.as_("site_admin").put(role, said("manage_role_overrides")).status == 200
    assert school.as_("admin").get(ROLES).status == 200
