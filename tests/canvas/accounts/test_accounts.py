"""Accounts and sub-accounts (homeroom.md §3); what the caller may there (identity.md §10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.rights import deny

from homeroom.school.schema import Account, Course, Enrollment, UserAccountAssociation

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
UNAUTH = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}
NOT_A_NUMBER = "account[default_user_storage_quota_mb] must be a whole number"
ADMINS = [
    ("anonymous", 401),
    ("student", 403),
    ("teacher", 403),
    ("observer", 403),
    ("narrow_admin", 403),
    ("admin_of_another_school", 403),
    ("sub_admin", 200),
    ("admin", 200),
    ("site_admin", 200),
]


def url(school: School, name: str) -> str:
    return f"/api/v1/accounts/{school.id(name)}"


def under(school: School, who: str, parent: str | int, name: str, **account: Any) -> Any:
    place = school.id(parent) if isinstance(parent, str) else parent
    return school.as_(who).post(f"/api/v1/accounts/{place}/sub_accounts", {"account": {"name": name, **account}})


def fault(attribute: str, type: str, message: str | None = None) -> dict[str, Any]:
    return {"errors": {attribute: [{"attribute": attribute, "type": type, "message": message or type}]}}


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(
    ("who", "status", "keys"),
    [
        ("anonymous", 401, None),
        ("student", 403, None),
        ("observer", 403, None),
        ("outsider", 403, None),
        ("other_teacher", 403, None),
        ("admin_of_another_school", 403, None),
        ("teacher", 200, 5),
        ("ta", 200, 5),
        ("designer", 200, 5),
        ("narrow_admin", 200, 12),
        ("sub_admin", 200, 14),
        ("admin", 200, 15),
        ("site_admin", 200, 15),
    ],
)
def test_who_sees_an_account_and_how_much_of_it(school: School, who: str, status: int, keys: int | None) -> None:
    reply = school.as_(who).get(url(school, "northern"))
    assert reply.status == status
    if keys:
        assert len(reply.json) == keys
    elif status == 403:
        assert reply.json == UNAUTH


@pytest.mark.spec("homeroom.md#3")
def test_an_admin_sees_all_of_an_account(school: School) -> None:
    json = school.as_("admin").get(url(school, "northern")).json
    assert len(json.pop("uuid")) == 40
    assert len(json.pop("lti_guid")) == 40
    assert json == {
        "id": school.id("northern"),
        "name": "Northern",
        "workflow_state": "active",
        "parent_account_id": 1,
        "root_account_id": 1,
        "default_time_zone": "Etc/UTC",
        "default_storage_quota_mb": 500,
        "default_user_storage_quota_mb": 50,
        "default_group_storage_quota_mb": 50,
        "course_template_id": None,
        "sis_account_id": "sis-northern",
        "integration_id": None,
        "sis_import_id": None,
    }


def test_the_staff_of_a_course_sees_the_name_of_its_accounts(school: School) -> None:
    json = {"name": "Northern", "workflow_state": "active", "parent_account_id": 1, "root_account_id": 1}
    assert school.as_("teacher").get(url(school, "northern")).json == {"id": school.id("northern"), **json}
    assert school.as_("teacher").get("/api/v1/accounts/1").json["name"] == "Homeroom"
    assert school.as_("teacher").get("/api/v1/course_accounts").json == [{"id": school.id("northern"), **json}]
    over = update(Enrollment).where(Enrollment.c.id == school.id("enrollment_of_teacher")).values(state="completed")
    school.write(lambda db: db.execute(over))
    assert school.as_("teacher").get("/api/v1/course_accounts").json == []


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("student", []),
        ("teacher", []),
        ("narrow_admin", ["Homeroom"]),
        ("sub_admin", ["Northern"]),
        ("admin", ["Homeroom"]),
        ("site_admin", ["Homeroom"]),
    ],
)
def test_everybody_lists_the_accounts_that_they_administer(school: School, who: str, names: list[str]) -> None:
    reply = school.as_(who).get("/api/v1/accounts")
    assert reply.status == 200
    assert [account["name"] for account in reply.json] == names
    for account in reply.json:
        assert school.as_(who).get(f"/api/v1/accounts/{account['id']}").json == account


@pytest.mark.parametrize("path", ["/accounts", "/manageable_accounts", "/course_accounts"])
def test_nobody_lists_accounts_without_signing_in(school: School, path: str) -> None:
    assert school.as_("anonymous").get(f"/api/v1{path}").status == 401


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("student", []),
        ("teacher", []),
        ("narrow_admin", []),
        ("sub_admin", ["Northern", "Below"]),
        ("admin", ["Homeroom", "Northern", "Southern", "Below"]),
        ("site_admin", ["Homeroom", "Northern", "Southern", "Below"]),
    ],
)
def test_accounts_in_which_courses_may_be_managed(school: School, who: str, names: list[str]) -> None:
    under(school, "admin", "northern", "Below")
    assert [account["name"] for account in school.as_(who).get("/api/v1/manageable_accounts").json] == names
    assert len(school.as_(who).get("/api/v1/manageable_accounts?per_page=1").json) == min(1, len(names))


@pytest.mark.parametrize("kept", ["manage_courses_add", "manage_courses_admin"])
def test_to_add_or_to_manage_courses_is_enough(school: School, kept: str) -> None:
    for permission in {"manage_courses_add", "manage_courses_admin"} - {kept}:
        deny(school, "AccountAdmin", permission)
    assert [account["name"] for account in school.as_("sub_admin").get("/api/v1/manageable_accounts").json] == [
        "Northern"
    ]
    deny(school, "AccountAdmin", kept)
    assert school.as_("sub_admin").get("/api/v1/manageable_accounts").json == []


def test_a_new_account_has_quotas_only_by_who_manages_them(school: School) -> None:
    deny(school, "AccountAdmin", "manage_storage_quotas")
    assert under(school, "admin", "northern", "Below", default_storage_quota_mb=1).status == 403
    assert under(school, "admin", "northern", "Below").status == 200


@pytest.mark.spec("basics.md#4")
@pytest.mark.parametrize(
    ("id", "found"),
    [
        ("self", "root"),
        ("default", "root"),
        ("1", "root"),
        ("10000000000001", "root"),
        ("site_admin", "site_admin_account"),
        ("sis_account_id:sis-northern", "northern"),
        ("hex:sis_account_id:7369732d6e6f72746865726e", "northern"),
        ("sis_account_id:SIS-northern", None),
        ("sis_account_id:none", None),
        ("uuid:none", None),
        ("999", None),
        ("0", None),
        ("-1", None),
        ("99999999999999999999", None),
        ("root", None),
    ],
)
def test_an_account_is_found_by_every_form_of_its_id(school: School, id: str, found: str | None) -> None:
    reply = school.as_("site_admin").get(f"/api/v1/accounts/{id}")
    if found:
        assert reply.json["id"] == school.id(found)
        uuid = reply.json["uuid"]
        assert school.as_("site_admin").get(f"/api/v1/accounts/uuid:{uuid}").status in (200, 404)
    else:
        assert (reply.status, reply.json) == (404, NOT_FOUND)


def test_an_account_is_found_by_its_uuid_and_its_lti_id(school: School) -> None:
    admin = school.as_("admin")
    json = admin.get(url(school, "northern")).json
    assert admin.get(f"/api/v1/accounts/uuid:{json['uuid']}").json == json
    assert admin.get(f"/api/v1/accounts/lti_context_id:{json['lti_guid']}").json == json


def test_the_site_admins_account_is_the_site_admins(school: School) -> None:
    assert school.as_("admin").get("/api/v1/accounts/site_admin").status == 403
    json = school.as_("site_admin").get("/api/v1/accounts/site_admin").json
    assert (json["name"], json["parent_account_id"], json["root_account_id"]) == ("Site Admin", None, None)


@pytest.mark.parametrize(
    ("who", "status"), [(w, 200 if w == "narrow_admin" else s) for w, s in ADMINS if w != "sub_admin"]
)
def test_who_may_list_sub_accounts(school: School, who: str, status: int) -> None:
    assert school.as_(who).get("/api/v1/accounts/1/sub_accounts").status == status


def test_sub_accounts_are_listed_right_below_or_all_the_way_down(school: School) -> None:
    below = under(school, "admin", "southern", "A Below").json["id"]
    admin, lists = school.as_("admin"), "/api/v1/accounts/1/sub_accounts"

    def names(query: str) -> list[str]:
        return [account["name"] for account in admin.get(f"{lists}{query}").json]

    assert names("") == ["Northern", "Southern"]
    assert names("?recursive=true") == ["Northern", "Southern", "A Below"]
    admin.put(f"/api/v1/accounts/{school.id('southern')}", {"account": {"name": "Another"}})
    assert names("?order=name") == ["Another", "Northern"]
    assert names("?order=name&recursive=1") == ["Northern", "Another", "A Below"]
    assert admin.get(f"/api/v1/accounts/{below}/sub_accounts").json == []


def test_sub_accounts_come_in_pages(school: School) -> None:
    for number in range(5):
        under(school, "admin", "root", f"More {number}")
    admin = school.as_("admin")
    assert len(admin.pages("/api/v1/accounts/1/sub_accounts?per_page=2")) == 7
    reply = admin.get("/api/v1/accounts/1/sub_accounts?per_page=2&page=2")
    assert reply.links["next"] == "http://school.test/api/v1/accounts/1/sub_accounts?page=3&per_page=2"


def test_counts_are_included_when_asked_for(school: School) -> None:
    under(school, "admin", "northern", "Below")
    query = "include[]=course_count&include[]=sub_account_count"
    northern = school.as_("admin").get(f"/api/v1/accounts/1/sub_accounts?{query}").json[0]
    assert (northern["course_count"], northern["sub_account_count"]) == (1, 1)
    root = school.as_("admin").get(f"/api/v1/accounts?{query}").json[0]
    assert (root["course_count"], root["sub_account_count"]) == (0, 2)


def test_a_long_list_of_accounts_costs_no_more_statements_than_a_short_one(school: School, queries_of: Any) -> None:
    for number in range(20):
        under(school, "admin", "root", f"More {number}")
    admin = school.as_("admin")
    for page in (
        "accounts/1/sub_accounts?include[]=course_count&include[]=sub_account_count",
        "manageable_accounts?a=b",
    ):
        short, long = (queries_of(admin.get, f"/api/v1/{page}&per_page={size}") for size in (2, 100))
        assert short == long


@pytest.mark.spec("homeroom.md#3")
@pytest.mark.parametrize(("who", "status"), ADMINS)
def test_who_may_make_change_and_delete_an_account(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    below = under(school, "admin", "northern", "Below").json["id"]
    assert under(school, who, "northern", "Mine").status == status
    assert client.put(f"/api/v1/accounts/{below}", {"account": {"name": "Other"}}).status == status
    assert client.delete(f"{url(school, 'northern')}/sub_accounts/{below}").status == status


def test_a_new_account_has_what_was_given(school: School) -> None:
    reply = under(
        school, "admin", "northern", "  Below ", sis_account_id="b 1", default_storage_quota_mb=1,
        default_user_storage_quota_mb="2", default_group_storage_quota_mb=3, default_time_zone="Paris",
    )  # fmt: skip
    assert reply.status == 200
    json = reply.json
    assert {len(json.pop("uuid")), len(json.pop("lti_guid"))} == {40}
    assert json == {
        "id": json["id"],
        "name": "Below",
        "workflow_state": "active",
        "parent_account_id": school.id("northern"),
        "root_account_id": 1,
        "default_time_zone": "Europe/Paris",
        "default_storage_quota_mb": 1,
        "default_user_storage_quota_mb": 2,
        "default_group_storage_quota_mb": 3,
        "course_template_id": None,
        "sis_account_id": "b 1",
        "integration_id": None,
        "sis_import_id": None,
    }
    assert school.as_("admin").get("/api/v1/accounts/sis_account_id:b%201").json["id"] == json["id"]
    assert school.as_("sub_admin").get(f"/api/v1/accounts/{json['id']}").status == 200, "Rights go down."


def test_an_admin_without_manage_sis_gives_no_sis_id(school: School) -> None:
    json = under(school, "sub_admin", "northern", "Below", sis_account_id="x").json
    assert json["sis_account_id"] is None
    reply = school.as_("sub_admin").put(f"/api/v1/accounts/{json['id']}", {"account": {"sis_account_id": "x"}})
    assert (reply.status, reply.json) == (403, UNAUTH)


@pytest.mark.parametrize(
    ("account", "errors"),
    [
        ({"name": ""}, fault("name", "blank")),
        ({"name": " \t"}, fault("name", "blank")),
        ({"name": "x" * 256}, fault("name", "too_long")),
        ({"default_time_zone": "Mars"}, fault("default_time_zone", "invalid", "'Mars' is not a recognized time zone")),
        ({"sis_account_id": "x" * 256}, fault("sis_account_id", "too_long")),
        (
            {"sis_account_id": "sis-southern"},
            fault("sis_account_id", "taken", 'SIS ID "sis-southern" is already in use'),
        ),
        (
            {"default_storage_quota_mb": -1},
            fault("default_storage_quota_mb", "inclusion", "must be between 0 and 1000000000"),
        ),
        ({"course_template_id": 1}, fault("course_template_id", "invalid", "is not a course template")),
        (
            {"default_user_storage_quota_mb": "much"},
            {"errors": [{"message": NOT_A_NUMBER, "error_code": "bad_request"}]},
        ),
    ],
)
def test_bad_values_change_nothing(school: School, account: dict[str, Any], errors: Any) -> None:
    admin = school.as_("admin")
    before = admin.get(url(school, "northern")).json
    reply = admin.put(url(school, "northern"), {"account": {"name": "New", **account}})
    assert (reply.status, reply.json) == (400, errors)
    reply = under(school, "admin", "northern", **{"name": "New", **account})
    assert (reply.status, reply.json) == (400, errors)
    assert admin.get(url(school, "northern")).json == before
    assert admin.get(f"{url(school, 'northern')}/sub_accounts").json == []


def test_what_is_missing_is_named(school: School) -> None:
    admin = school.as_("admin")
    missing = {"errors": [{"message": "account is missing"}]}
    assert admin.post(f"{url(school, 'northern')}/sub_accounts").json == missing
    assert admin.put(url(school, "northern")).json == missing
    assert admin.post(f"{url(school, 'northern')}/sub_accounts", {"account": {"x": 1}}).json == fault("name", "blank")


def test_a_change_leaves_the_rest_as_it_was(school: School) -> None:
    admin = school.as_("admin")
    before = admin.get(url(school, "northern")).json
    change = {"name": "North", "default_time_zone": "Mountain Time (US & Canada)", "course_template_id": 0}
    after = admin.put(url(school, "northern"), {"account": change}).json
    assert after == before | {"name": "North", "default_time_zone": "America/Denver", "course_template_id": 0}
    assert admin.get(url(school, "northern")).json == after
    back = {"default_time_zone": "", "course_template_id": "", "sis_account_id": "", "name": "Northern"}
    after = admin.put(url(school, "northern"), {"account": back}).json
    assert after == before | {"sis_account_id": None}


def test_a_sub_account_has_the_time_zone_of_its_root_until_it_has_its_own(school: School) -> None:
    admin = school.as_("admin")
    reply = admin.put("/api/v1/accounts/1", {"account": {"default_time_zone": "Tokyo"}})
    assert reply.json["default_time_zone"] == "Asia/Tokyo"
    assert admin.get(url(school, "northern")).json["default_time_zone"] == "Asia/Tokyo"
    assert (
        admin.put("/api/v1/accounts/1", {"account": {"default_time_zone": ""}}).json["default_time_zone"] == "Etc/UTC"
    )
    assert admin.get(url(school, "northern")).json["default_time_zone"] == "Etc/UTC"


@pytest.mark.parametrize(
    ("permission", "account"),
    [
        ("manage_storage_quotas", {"default_storage_quota_mb": 7}),
        ("manage_account_settings", {"name": "New"}),
        ("manage_account_settings", {"services": {"avatars": False}}),
        ("manage_sis", {"sis_account_id": "new"}),
    ],
)
def test_each_part_of_a_change_needs_its_right(school: School, permission: str, account: dict[str, Any]) -> None:
    deny(school, "AccountAdmin", permission)
    reply = school.as_("admin").put("/api/v1/accounts/1", {"account": account})
    assert (reply.status, reply.json) == (403, UNAUTH)


def test_a_root_account_has_no_sis_id(school: School) -> None:
    reply = school.as_("admin").put("/api/v1/accounts/1", {"account": {"sis_account_id": "x"}})
    assert (reply.status, reply.json) == (400, fault("sis_account_id", "invalid", "cannot be set on a root account"))


def test_the_documented_settings_that_there_are_can_be_changed(school: School) -> None:
    admin = school.as_("admin")
    account = {"settings": {"password_policy": {"minimum_character_length": 12}}, "services": {"avatars": False}}
    assert admin.put("/api/v1/accounts/1", {"account": account}).status == 200
    assert "avatar_url" not in school.as_("student").get("/api/v1/users/self").json
    settings = school.as_("site_admin").get("/homeroom/v1/accounts/1/settings").json
    assert (settings["password_min_length"], settings["avatars"]) == (12, False)
    reply = admin.put(url(school, "northern"), {"account": account})
    assert (reply.status, reply.json) == (400, {"message": "Only a root account has settings."})
    account["settings"] = {"password_policy": {"minimum_character_length": 7}}
    reply = admin.put("/api/v1/accounts/1", {"account": {**account, "name": "New"}})
    assert (reply.status, reply.json) == (400, {"message": "password_min_length must be between 8 and 255."})
    assert admin.get("/api/v1/accounts/1").json["name"] == "Homeroom"


@pytest.mark.spec("custom-data-files-sis.md#3")
def test_an_edited_name_is_marked_and_can_be_spared(school: School) -> None:
    admin = school.as_("admin")
    change = {"account": {"name": "New", "default_storage_quota_mb": 9}, "override_sis_stickiness": False}
    assert admin.put(url(school, "northern"), change).json["name"] == "New"
    change["account"] = {"name": "Newer", "default_storage_quota_mb": 10}
    json = admin.put(url(school, "northern"), change).json
    assert (json["name"], json["default_storage_quota_mb"]) == ("New", 10)
    assert admin.put(url(school, "northern"), {"account": {"name": "Newest"}}).json["name"] == "Newest"
    marks = select(Account.c.stuck_sis_fields).where(Account.c.id == school.id("northern"))
    assert school.read(lambda db: db.execute(marks).scalar()) == "name"


def test_an_account_moves_with_all_that_is_below_it(school: School) -> None:
    admin = school.as_("admin")
    below = under(school, "admin", "northern", "Below").json["id"]
    lowest = under(school, "admin", below, "Lowest").json["id"]
    assert school.as_("admin_of_another_school").get(f"/api/v1/accounts/{lowest}").status == 403
    move = {"account": {"parent_account_id": school.id("southern")}}
    assert admin.put(f"/api/v1/accounts/{below}", move).json["parent_account_id"] == school.id("southern")
    assert school.as_("admin_of_another_school").get(f"/api/v1/accounts/{lowest}").status == 200
    assert school.as_("sub_admin").get(f"/api/v1/accounts/{lowest}").status == 403
    names = [a["name"] for a in admin.get(f"{url(school, 'southern')}/sub_accounts?recursive=1").json]
    assert names == ["Below", "Lowest"]


def test_the_people_of_an_account_that_moves_belong_to_its_new_parents(school: School) -> None:
    def belong(name: str) -> set[int]:
        rows = select(UserAccountAssociation.c.user_id).where(UserAccountAssociation.c.account_id == school.id(name))
        return set(school.read(lambda db: db.execute(rows).scalars().all()))

    biologists = belong("northern")
    assert not biologists & belong("southern")
    admin = school.as_("admin")
    admin.put(url(school, "northern"), {"account": {"parent_account_id": school.id("southern")}})
    assert biologists <= belong("southern")
    admin.put(url(school, "northern"), {"account": {"parent_account_id": 1}})
    assert not biologists & belong("southern")
    assert biologists <= belong("root")


def test_a_move_needs_an_admin_of_both_parents(school: School) -> None:
    below = under(school, "admin", "northern", "Below").json["id"]
    there = {"account": {"parent_account_id": school.id("southern")}}
    for who in ("sub_admin", "admin_of_another_school"):
        assert school.as_(who).put(f"/api/v1/accounts/{below}", there).status == 403
    # Northern itself hangs below the root, of which its admin is none.
    assert school.as_("sub_admin").put(url(school, "northern"), {"account": {"parent_account_id": below}}).status == 403
    assert school.as_("admin").put(f"/api/v1/accounts/{below}", there).status == 200


def test_an_account_cannot_move_below_itself_or_where_no_account_can_be(school: School) -> None:
    below = under(school, "admin", "northern", "Below").json["id"]
    admin = school.as_("admin")
    for parent in (below, school.id("northern")):
        reply = admin.put(url(school, "northern"), {"account": {"parent_account_id": parent}})
        assert (reply.status, reply.json) == (400, fault("parent_account_id", "invalid"))
    reply = admin.put("/api/v1/accounts/1", {"account": {"parent_account_id": below}})
    assert (reply.status, reply.json) == (400, fault("parent_account_id", "invalid"))
    for parent in ("999", "junk"):
        assert admin.put(url(school, "northern"), {"account": {"parent_account_id": parent}}).status == 404
    site = school.as_("site_admin").put(url(school, "northern"), {"account": {"parent_account_id": "site_admin"}})
    assert (site.status, site.json) == (400, fault("parent_account_id", "invalid"))
    assert admin.get(url(school, "northern")).json["parent_account_id"] == 1


def test_the_site_admins_account_has_no_sub_accounts(school: School) -> None:
    reply = school.as_("site_admin").post("/api/v1/accounts/site_admin/sub_accounts", {"account": {"name": "x"}})
    assert (reply.status, reply.json) == (400, {"message": "The site admin account has no sub-accounts."})


@pytest.mark.spec("homeroom.md#3")
def test_only_an_empty_account_is_deleted(school: School) -> None:
    admin = school.as_("admin")
    below = under(school, "admin", "northern", "Below", sis_account_id="free again").json
    target = f"/api/v1/accounts/1/sub_accounts/{school.id('northern')}"
    reply = admin.delete(target)
    assert (reply.status, reply.json) == (409, {"message": "You can't delete an account that has active sub-accounts."})
    deleted = admin.delete(f"/api/v1/accounts/1/sub_accounts/{below['id']}")
    assert (deleted.status, deleted.json) == (200, below | {"workflow_state": "deleted"})
    reply = admin.delete(target)
    assert (reply.status, reply.json) == (409, {"message": "You can't delete an account that has active courses."})
    school.write(lambda db: db.execute(update(Course).values(state="deleted")))
    assert admin.delete(target).status == 200
    assert admin.get(url(school, "northern")).json == NOT_FOUND
    assert admin.delete(target).status == 404
    assert under(school, "admin", "southern", "Again", sis_account_id="free again").status == 200


def test_the_admins_of_a_deleted_account_are_none_any_more(school: School) -> None:
    school.write(lambda db: db.execute(update(Course).values(state="deleted")))
    school.as_("admin").delete(f"/api/v1/accounts/1/sub_accounts/{school.id('northern')}")
    assert school.as_("sub_admin").get("/api/v1/accounts").json == []
    rows = select(UserAccountAssociation.c.account_id).where(UserAccountAssociation.c.user_id == school.id("sub_admin"))
    assert school.read(lambda db: db.execute(rows).scalars().all()) == [1]


def test_a_root_account_is_never_deleted(school: School) -> None:
    reply = school.as_("admin").delete("/api/v1/accounts/1/sub_accounts/1")
    assert (reply.status, reply.json) == (409, {"message": "You can't delete a root account."})


def test_an_account_is_deleted_through_one_above_it(school: School) -> None:
    below = under(school, "admin", "southern", "Below").json["id"]
    reply = school.as_("sub_admin").delete(f"{url(school, 'northern')}/sub_accounts/{below}")
    assert (reply.status, reply.json) == (404, NOT_FOUND)
    assert school.as_("admin").get(f"/api/v1/accounts/{below}").status == 200


@pytest.mark.spec("identity.md#10")
@pytest.mark.parametrize(
    ("who", "status", "answer"),
    [
        ("anonymous", 401, None),
        ("student", 403, None),
        ("other_teacher", 403, None),
        ("admin_of_another_school", 403, None),
        ("teacher", 200, (False, False, False)),
        ("narrow_admin", 200, (True, False, False)),
        ("sub_admin", 200, (True, True, False)),
        ("admin", 200, (True, True, False)),
        ("site_admin", 200, (True, True, True)),
    ],
)
def test_permissions_are_told(school: School, who: str, status: int, answer: tuple[bool, ...] | None) -> None:
    names = ("read_roster", "become_user", "site_admin")
    query = "&".join(f"permissions[]={name}" for name in names)
    reply = school.as_(who).get(f"{url(school, 'northern')}/permissions?{query}&permissions[]=fly")
    assert reply.status == status
    if answer is not None:
        assert reply.json == dict(zip(names, answer, strict=True)) | {"fly": False}


def test_all_permissions_are_told_when_none_is_named(school: School) -> None:
    json = school.as_("narrow_admin").get("/api/v1/accounts/self/permissions").json
    assert len(json) > 80
    assert [name for name, held in json.items() if held] == ["read_roster"]


@pytest.mark.parametrize(
    "settings",
    [
        {"password_policy": {"require_number_characters": True}},
        {"password_policy": {"maximum_login_attempts": 3}},
        {"suppress_notifications": True},
    ],
)
def test_what_an_account_cannot_do_is_refused_rather_than_forgotten(school: School, settings: Any) -> None:
    reply = school.as_("admin").put("/api/v1/accounts/1", {"account": {"name": "Other", "settings": settings}})
    (fault,) = [fault for faults in reply.json["errors"].values() for fault in faults]
    assert (reply.status, fault["message"]) == (400, "is not available")
    assert school.as_("admin").get("/api/v1/accounts/1").json["name"] == "Homeroom"
    off = {"settings": {"password_policy": {"require_number_characters": False}, "suppress_notifications": False}}
    assert school.as_("admin").put("/api/v1/accounts/1", {"account": off}).status == 200
