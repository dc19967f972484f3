"""The admins of an account (identity.md §8)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.rights import allow, deny

from homeroom.school.schema import Login, MailMessage, UserAccountAssociation

ADMINS = "/api/v1/accounts/1/admins"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
UNAUTH = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}


def add(school: School, who: str, user: str, account: str = "root", **more: Any) -> Any:
    form = {"user_id": school.id(user), "send_confirmation": False, **more}
    return school.as_(who).post(f"/api/v1/accounts/{school.id(account)}/admins", form)


def remove(school: School, who: str, user: Any, account: str = "root", query: str = "") -> Any:
    return school.as_(who).delete(f"/api/v1/accounts/{school.id(account)}/admins/{user}{query}")


@pytest.mark.spec("identity.md#8")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_add_and_remove_the_admins_of_an_account(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(f"/api/v1/accounts/{school.id('northern')}/admins").status == status
    assert add(school, who, "outsider", "northern").status == status
    if status != 200:
        add(school, "admin", "outsider", "northern")
    assert remove(school, who, school.id("outsider"), "northern").status == status


@pytest.mark.spec("identity.md#8")
def test_an_admin_is_a_role_and_a_user(school: School) -> None:
    narrow = school.as_("admin").get(f"{ADMINS}?user_id[]={school.id('narrow_admin')}").json
    assert narrow == [
        {
            "id": narrow[0]["id"],
            "role": "Roster Reader",
            "role_id": school.id("narrow_role"),
            "user": {
                "id": school.id("narrow_admin"),
                "name": "Nick Narrow",
                "created_at": "2026-01-05T09:00:00Z",
                "sortable_name": "Narrow, Nick",
                "short_name": "Nick Narrow",
                "sis_user_id": "sis-narrow_admin",
                "integration_id": None,
                "sis_import_id": None,
                "login_id": "narrow_admin@school.test",
            },
            "workflow_state": "active",
        }
    ]


def test_admins_without_the_rights_see_no_logins_and_sis_ids(school: School) -> None:
    for name in ("view_user_logins", "read_sis", "manage_sis"):
        deny(school, "AccountAdmin", name)
    user = school.as_("admin").get(ADMINS).json[0]["user"]
    assert list(user) == ["id", "name", "created_at", "sortable_name", "short_name"]


@pytest.mark.spec("identity.md#8")
def test_the_list_is_the_accounts_own_in_the_order_of_ids(school: School) -> None:
    admins = school.as_("admin").get(ADMINS).json
    assert [admin["user"]["id"] for admin in admins] == [
        school.id(who) for who in ("site_admin", "admin", "narrow_admin")
    ]
    assert [admin["id"] for admin in admins] == sorted(admin["id"] for admin in admins)
    northern = school.as_("admin").get(f"/api/v1/accounts/{school.id('northern')}/admins").json
    assert [admin["user"]["id"] for admin in northern] == [school.id("sub_admin")]


def test_the_list_can_be_narrowed(school: School) -> None:
    def who(query: str) -> list[int]:
        return [admin["user"]["id"] for admin in school.as_("admin").get(f"{ADMINS}?{query}").json]

    narrow, admin = school.id("narrow_admin"), school.id("admin")
    assert who(f"user_id[]={narrow}&user_id[]={admin}") == [admin, narrow]
    assert who("user_id[]=self") == [admin]
    assert who(f"user_id={10_000_000_000_000 + narrow}") == [narrow]
    assert who(f"user_id[]={school.id('student')}") == []
    assert who("user_id[]=junk") == []
    assert who("user_id[]=sis_user_id:sis-admin&user_id[]=sis_login_id:NARROW_ADMIN@school.test") == [admin, narrow]
    assert who(f"user_id[]=sis_user_id:nobody&user_id[]=sis_user_id:sis-admin&user_id[]={narrow}") == [admin, narrow]
    assert who("user_id[]=sis_user_id:SIS-ADMIN") == []
    assert who("search_term=narrow") == [narrow]
    assert who(f"search_term={narrow}") == [narrow] if narrow > 9 else True
    assert who("search_term=school.test") == []
    reply = school.as_("admin").get(f"{ADMINS}?search_term=n")
    assert reply.status == 400
    add(school, "admin", "outsider")
    remove(school, "admin", school.id("outsider"))
    assert school.id("outsider") not in who("")
    assert school.id("outsider") in who("include_deleted=1")
    school.as_("admin").delete(f"/api/v1/accounts/1/users/{school.id('outsider')}")
    assert school.id("outsider") not in who("include_deleted=1")


def test_admins_come_in_pages_and_a_long_page_costs_no_more_than_a_short_one(school: School, queries_of: Any) -> None:
    assert len(school.as_("admin").pages(f"{ADMINS}?per_page=1")) == 3
    short, long = (queries_of(school.as_("admin").get, f"{ADMINS}?per_page={size}") for size in (1, 100))
    assert short == long


@pytest.mark.spec("identity.md#8")
def test_somebody_is_made_an_admin_once(school: School) -> None:
    first = add(school, "admin", "outsider")
    assert first.status == 200
    assert (first.json["role"], first.json["role_id"]) == ("AccountAdmin", school.id("role_AccountAdmin"))
    assert add(school, "admin", "outsider").json == first.json
    assert add(school, "admin", "outsider", role="AccountAdmin").json == first.json
    assert school.as_("outsider").get("/api/v1/accounts").json[0]["id"] == 1
    removed = remove(school, "admin", school.id("outsider"))
    assert (removed.status, removed.json) == (200, first.json | {"workflow_state": "deleted"})
    assert add(school, "admin", "outsider").json == first.json, "The same assignment comes back."


@pytest.mark.spec("identity.md#8")
@pytest.mark.parametrize("how", ["role_id", "role"])
def test_only_the_role_that_is_named_is_given_and_taken(school: School, how: str) -> None:
    role = str(school.id("narrow_role")) if how == "role_id" else "Roster Reader"
    add(school, "admin", "outsider")
    named: dict[str, Any] = {how: role}
    assert add(school, "admin", "outsider", **named).json["role"] == "Roster Reader"
    removed = remove(school, "admin", school.id("outsider"), query=f"?{how}={role}")
    assert (removed.json["role"], removed.json["workflow_state"]) == ("Roster Reader", "deleted")
    left = school.as_("outsider").get(f"{ADMINS}/self").json
    assert [admin["role"] for admin in left] == ["AccountAdmin"]


@pytest.mark.spec("identity.md#8")
def test_every_form_of_a_users_id_will_do(school: School) -> None:
    assert add(school, "admin", "outsider", user_id="sis_user_id:sis-outsider").status == 200
    assert remove(school, "admin", "sis_user_id:sis-outsider").status == 200
    assert add(school, "admin", "outsider", user_id="sis_login_id:OUTSIDER@school.test").status == 200
    assert add(school, "admin", "outsider", user_id="self").json["user"]["id"] == school.id("admin")


@pytest.mark.spec("identity.md#8")
def test_nobody_without_a_login_is_made_an_admin(school: School) -> None:
    logins = update(Login).where(Login.c.user_id == school.id("outsider"))
    school.write(lambda db: db.execute(logins.values(state="deleted")))
    reply = add(school, "admin", "outsider")
    assert (reply.status, reply.json) == (404, NOT_FOUND)
    assert add(school, "admin", "outsider", user_id=999).json == NOT_FOUND
    assert add(school, "admin", "outsider", user_id="junk").json == NOT_FOUND


@pytest.mark.spec("identity.md#8")
def test_what_is_not_there_cannot_be_given_or_taken(school: School) -> None:
    outsider = school.id("outsider")
    teacher = school.id("role_TeacherEnrollment")
    assert remove(school, "admin", outsider).json == NOT_FOUND
    assert remove(school, "admin", 999).json == NOT_FOUND
    for role in (999, teacher, "Nobody"):
        assert add(school, "admin", "outsider", role_id=role).json == NOT_FOUND
        assert remove(school, "admin", school.id("admin"), query=f"?role_id={role}").json == NOT_FOUND
    add(school, "admin", "outsider", "northern")
    assert remove(school, "admin", outsider).json == NOT_FOUND, "That is an admin of another account."
    reply = school.as_("admin").post(ADMINS)
    assert (reply.status, reply.json) == (400, {"errors": [{"message": "user_id is missing"}]})


def test_an_inactive_role_is_given_to_nobody(school: School) -> None:
    role = school.id("narrow_role")
    school.as_("admin").delete(f"/api/v1/accounts/1/roles/{role}")
    reply = add(school, "admin", "outsider", role_id=role)
    assert reply.status == 400
    assert reply.json == {"message": "Cannot create an admin with this role because it is inactive."}
    assert remove(school, "admin", school.id("narrow_admin"), query=f"?role_id={role}").status == 200


def test_nobody_gives_or_takes_a_role_with_more_rights_than_their_own(school: School) -> None:
    allow(school, "narrow_role", "manage_account_memberships")
    narrow = school.as_("narrow_admin")
    assert narrow.get(ADMINS).status == 200
    assert add(school, "narrow_admin", "narrow_admin").json == UNAUTH
    assert add(school, "narrow_admin", "outsider", "northern").json == UNAUTH
    assert remove(school, "narrow_admin", school.id("admin")).json == UNAUTH
    assert add(school, "narrow_admin", "outsider", role_id=school.id("narrow_role")).status == 200


def test_a_right_that_a_role_has_only_below_counts_as_well(school: School) -> None:
    allow(school, "narrow_role", "manage_account_memberships")
    role = school.as_("admin").post("/api/v1/accounts/1/roles", {"label": "Sub-accounts' admin"}).json["id"]
    word = {"explicit": 1, "enabled": 1, "applies_to_self": 0}
    school.as_("admin").put(f"/api/v1/accounts/1/roles/{role}", {"permissions": {"become_user": word}})
    assert add(school, "narrow_admin", "outsider", role_id=role).json == UNAUTH


def test_only_site_admins_make_site_admins(school: School) -> None:
    assert add(school, "admin", "outsider", "site_admin_account").status == 403
    assert add(school, "site_admin", "outsider", "site_admin_account").status == 200
    assert school.as_("outsider").get("/homeroom/v1/accounts/1/settings").status == 200
    assert remove(school, "site_admin", school.id("outsider"), "site_admin_account").status == 200
    assert school.as_("outsider").get("/homeroom/v1/accounts/1/settings").status == 403


@pytest.mark.spec("identity.md#8")
@pytest.mark.parametrize(
    ("who", "account", "roles"),
    [
        ("student", "root", []),
        ("admin", "root", ["AccountAdmin"]),
        ("admin", "northern", []),
        ("narrow_admin", "root", ["Roster Reader"]),
        ("sub_admin", "northern", ["AccountAdmin"]),
    ],
)
def test_everybody_lists_their_own_roles(school: School, who: str, account: str, roles: list[str]) -> None:
    reply = school.as_(who).get(f"/api/v1/accounts/{school.id(account)}/admins/self")
    assert (reply.status, [admin["role"] for admin in reply.json]) == (200, roles)
    assert school.as_("anonymous").get(f"{ADMINS}/self").status == 401


def test_an_admin_belongs_to_the_account_as_long_as_they_are_one(school: School) -> None:
    def accounts() -> list[int]:
        rows = select(UserAccountAssociation.c.account_id).where(
            UserAccountAssociation.c.user_id == school.id("outsider")
        )
        return sorted(school.read(lambda db: db.execute(rows).scalars().all()))

    assert accounts() == [1]
    add(school, "admin", "outsider", "southern")
    assert accounts() == [1, school.id("southern")]
    remove(school, "admin", school.id("outsider"), "southern")
    assert accounts() == [1]


def test_a_new_admin_is_told_by_mail_unless_that_is_not_wanted(school: School) -> None:
    def mails() -> list[Any]:
        columns = MailMessage.c.recipient, MailMessage.c.subject, MailMessage.c.user_id
        return [tuple(row) for row in school.read(lambda db: db.execute(select(*columns)).all())]

    school.as_("admin").put(f"/api/v1/accounts/{school.id('northern')}", {"account": {"name": "North\r\nBcc: all"}})
    add(school, "admin", "outsider")
    assert mails() == []
    form = {"user_id": school.id("outsider")}
    northern = f"/api/v1/accounts/{school.id('northern')}/admins"
    assert school.as_("admin").post(northern, form).status == 200
    told = [("outsider@school.test", "You are an admin of North Bcc: all", school.id("outsider"))]
    assert mails() == told
    school.as_("admin").post(northern, form)
    assert mails() == told, "Nothing is new the second time."


@pytest.mark.spec("identity.md#8")
def test_of_several_who_give_or_take_a_role_at_once_one_does(school: School) -> None:
    outsider = school.id("outsider")
    given = school.as_("admin").at_once(*[lambda client: client.post(ADMINS, {"user_id": outsider})] * 4)
    assert {(reply.status, reply.json["id"]) for reply in given} == {(200, given[0].json["id"])}
    assert len(school.read(lambda db: db.execute(select(MailMessage.c.id)).all())) == 1
    taken = school.as_("admin").at_once(*[lambda client: client.delete(f"{ADMINS}/{outsider}")] * 4)
    assert sorted(reply.status for reply in taken) == [200, 404, 404, 404]
