"""GET /accounts/:account_id/users (users-core.md §2)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, update
from tests.conftest import School
from tests.support.cast import PEOPLE
from tests.support.rights import deny

from homeroom.school.people import directory
from homeroom.school.people.users import listing
from homeroom.school.schema import CommunicationChannel, Enrollment, Login, User
from homeroom.wire.params import paging

USERS = "/api/v1/accounts/1/users"
EVERYBODY = [
    "admin", "site_admin", "ta", "designer", "classmate", "narrow_admin", "sub_admin", "observer", "outsider",
    "admin_of_another_school", "student", "teacher", "other_teacher",
]  # fmt: skip


def execute(statement: Any, db: Connection) -> None:
    db.execute(statement)


def names(school: School, who: str, url: str) -> list[str]:
    return [person["name"] for person in school.as_(who).pages(url)]


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize(
    ("who", "root", "northern"),
    [
        ("anonymous", 401, 401),
        ("student", 403, 403),
        ("teacher", 403, 403),
        ("observer", 403, 403),
        ("admin", 200, 200),
        ("narrow_admin", 200, 200),
        ("sub_admin", 403, 200),
        ("admin_of_another_school", 403, 403),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_list_people(school: School, who: str, root: int, northern: int) -> None:
    client = school.as_(who)
    assert client.get(USERS).status == root
    assert client.get(f"/api/v1/accounts/{school.id('northern')}/users").status == northern
    assert client.get("/api/v1/accounts/999/users").status == (401 if who == "anonymous" else 404)


@pytest.mark.spec("users-core.md#2")
def test_an_admin_sees_names_and_sis_fields_and_nothing_that_was_not_asked_for(school: School) -> None:
    reply = school.as_("admin").get(f"{USERS}?search_term=stella")
    assert reply.json == [
        {
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
    ]


def test_an_admin_without_sis_rights_sees_names_only(school: School) -> None:
    (person,) = school.as_("narrow_admin").get(f"{USERS}?search_term=stella&include[]=email").json
    assert set(person) == {"id", "name", "created_at", "sortable_name", "short_name"}


@pytest.mark.spec("users-core.md#2")
def test_includes_add_their_keys_and_unknown_ones_nothing(school: School) -> None:
    url = f"{USERS}?search_term=stella"
    include = "".join(f"&include[]={name}" for name in ("avatar_url", "email", "last_login", "time_zone", "uuid", "x"))
    (person,) = school.as_("admin").get(url + include + "&include[]=locale&include[]=bio").json
    (plain,) = school.as_("admin").get(url).json
    uuid = person.pop("uuid")
    assert len(uuid) == 40
    assert person == plain | {
        "avatar_url": "http://school.test/images/messages/avatar-50.png",
        "email": "student@school.test",
        "last_login": None,
        "time_zone": "UTC",
    }


def test_people_come_by_sortable_name_whatever_the_order_says(school: School) -> None:
    by_name = [school.id(who) for who in EVERYBODY]
    client = school.as_("admin")
    for query in ("", "?order=desc", "?sort=nonsense&order=desc", "?sort=username", "?sort=username&order=sideways"):
        assert [person["id"] for person in client.pages(USERS + query)] == by_name
    assert [person["id"] for person in client.pages(f"{USERS}?sort=username&order=desc")] == by_name[::-1]


@pytest.mark.spec("users-core.md#2")
def test_an_account_lists_those_with_a_login_an_enrollment_or_a_role_there_or_below(school: School) -> None:
    northern = names(school, "admin", f"/api/v1/accounts/{school.id('northern')}/users?per_page=3")
    here = {"sub_admin", "teacher", "ta", "designer", "student", "classmate", "observer"}
    assert set(northern) == {PEOPLE[who] for who in here}
    assert len(northern) == len(here)


def test_who_belongs_to_no_account_is_not_listed(school: School) -> None:
    def take_the_login(db: Any) -> None:
        db.execute(update(Login).where(Login.c.user_id == school.id("outsider")).values(state="deleted"))
        directory.refresh(db, [school.id("outsider")])
        directory.associate(db, [school.id("outsider")])

    school.write(take_the_login)
    for sort in SORTS:
        assert "Otto Outsider" not in names(school, "admin", f"{USERS}?sort={sort}")


SORTS = ("username", "name", "email", "login_id", "sis_id", "integration_id", "last_login", "id")


def scatter(db: Any) -> None:
    """Give people e-mails, SIS ids and times that order them differently, with gaps."""
    for number, who in enumerate(db.execute(User.select().order_by(User.c.id)).all()):
        mixed = (number * 7) % 13
        values: dict[str, Any] = {"sis_user_id": None if mixed % 3 == 0 else f"s{mixed:02}"}
        values["integration_id"] = None if mixed % 4 == 0 else f"i{20 - mixed:02}"
        if mixed % 5:
            values["current_login_at"] = who.created_at.replace(day=1 + mixed)
        db.execute(update(Login).where(Login.c.user_id == who.id).values(**values))
        if mixed % 6 == 0:
            channels = update(CommunicationChannel).where(CommunicationChannel.c.user_id == who.id)
            db.execute(channels.values(state="retired"))
    directory.refresh(db, range(1, 30))


COLUMN_OF = {
    "username": "sortable_name", "name": "name", "email": "email", "login_id": "login_id", "sis_id": "sis_user_id",
    "integration_id": "integration_id", "last_login": "last_login", "id": "id",
}  # fmt: skip


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("few", [0, listing.FEW])
def test_every_sort_puts_nulls_last_and_parts_ties_by_id(
    school: School, monkeypatch: pytest.MonkeyPatch, few: int, sort: str, order: str
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    school.write(scatter)
    client = school.as_("admin")
    for account in (1, school.id("northern")):
        url = f"/api/v1/accounts/{account}/users?include[]=email&include[]=last_login"
        everybody = client.pages(url)
        field = COLUMN_OF[sort]
        down = order == "desc"
        people = sorted((p for p in everybody if p[field] is not None), key=lambda p: (p[field], p["id"]), reverse=down)
        people += sorted((p for p in everybody if p[field] is None), key=lambda p: p["id"], reverse=down)
        for per_page, deep in ((100, 1_000), (3, 1_000), (3, 1)):
            monkeypatch.setattr(paging, "DEEP", deep)
            found = client.pages(f"{url}&sort={sort}&order={order}&per_page={per_page}")
            assert [(p["id"], p[field]) for p in found] == [(p["id"], p[field]) for p in people]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["email", "login_id", "sis_id", "integration_id"])
def test_attack_sorting_by_what_one_may_not_read_tells_nothing(
    school: School, monkeypatch: pytest.MonkeyPatch, sort: str, order: str
) -> None:
    monkeypatch.setattr(paging, "DEEP", 1)
    school.write(scatter)
    url, narrow = f"{USERS}?sort={sort}&order={order}&per_page=1", school.as_("narrow_admin")
    by_name = [school.id(who) for who in EVERYBODY]
    assert [person["id"] for person in narrow.pages(url)] == by_name
    assert [person["id"] for person in school.as_("admin").pages(url)] != by_name
    bookmark = base64.urlsafe_b64decode(narrow.get(url).links["next"].split("bookmark:")[1].split("&")[0] + "==")
    assert b"admin ada" in bookmark
    assert (
        narrow.get(f"{USERS}?sort={sort}&page=bookmark:{base64.urlsafe_b64encode(b'[null,0]').decode()}").status == 404
    )


def test_sorting_by_last_login_shows_it(school: School) -> None:
    assert "last_login" in school.as_("admin").get(f"{USERS}?sort=last_login").json[0]


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("sort", ["total_activity_time", "last_activity_at", "section_name", "role"])
def test_sorts_that_only_courses_have_are_refused(school: School, sort: str) -> None:
    reply = school.as_("admin").get(f"{USERS}?sort={sort}")
    assert (reply.status, reply.json) == (400, {"message": f"Users of an account cannot be sorted by {sort}"})


@pytest.mark.spec("users-core.md#2")
def test_a_full_last_page_has_a_next_that_is_empty_and_the_last_one(school: School) -> None:
    client = school.as_("admin")
    reply = client.get(f"{USERS}?per_page=13")
    assert len(reply.json) == 13
    assert set(reply.links) == {"current", "next", "first"}
    after = client.get(reply.links["next"])
    assert (after.status, after.json) == (200, [])
    assert set(after.links) == {"current", "prev", "first", "last"}
    assert after.links["last"] == after.links["current"]


@pytest.mark.spec("users-core.md#2")
def test_ui_invoked_counts_so_that_next_is_exact(school: School) -> None:
    client = school.as_("admin")
    reply = client.get(f"{USERS}?per_page=13&include[]=ui_invoked")
    assert set(reply.links) == {"current", "first", "last"}
    reply = client.get(f"{USERS}?per_page=6&include[]=ui_invoked&search_term=school.test&order=desc")
    assert "page=2&" in reply.links["last"]
    assert "next" in reply.links


@pytest.mark.spec("users-core.md#2")
def test_sorting_by_id_pages_by_bookmarks(school: School) -> None:
    client = school.as_("admin")
    reply = client.get(f"{USERS}?sort=id&per_page=5&page=first")
    assert "page=bookmark:" in reply.links["next"]
    assert "page=first" in reply.links["first"]
    assert [p["id"] for p in client.pages(f"{USERS}?sort=id&per_page=5")] == sorted(school.id(who) for who in EVERYBODY)


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("term", ["a", " a ", "7", "ß"])
def test_a_term_of_one_character_is_refused(school: School, term: str) -> None:
    reply = school.as_("admin").get(f"{USERS}?search_term={term}")
    assert reply.status == 400
    assert reply.json == {
        "errors": [{"field": "search_term", "code": "invalid", "message": "2 or more characters is required"}]
    }


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("", 13),
        ("   ", 13),
        ("STELLA", 1),
        ("lla stud", 1),
        ("te", 12),
        ("ll", 1),
        ("sis-student", 1),
        ("student@school", 1),
        ("%%", 0),
        ("__", 0),
        ('"', 400),
        ('""', 0),
        ("ella*", 0),
        ("stella OR nora", 0),
        ("name_text", 0),
    ],
)
def test_a_term_is_looked_for_as_it_is_written(school: School, term: str, found: int) -> None:
    reply = school.as_("admin").get(f"{USERS}?per_page=100", {"search_term": term})
    assert reply.status == 400 if found == 400 else len(reply.json) == found


@pytest.mark.spec("users-core.md#2")
def test_each_column_is_searched_only_with_its_right(school: School) -> None:
    client = school.as_("narrow_admin")
    assert len(client.get(f"{USERS}?search_term=stella").json) == 1
    for term in ("student@school", "sis-student", "school.test", "@s", "s-"):
        assert client.get(f"{USERS}?search_term={term}").json == []


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize(
    ("term", "rights"),
    [
        ("the-login", ["view_user_logins"]),
        ("the-address", ["read_email_addresses"]),
        ("the-sis-id", ["read_sis", "manage_sis"]),
        ("the-integration-id", ["manage_sis", "read_sis"]),
    ],
)
def test_any_of_a_columns_rights_searches_it(school: School, term: str, rights: list[str]) -> None:
    client = school.as_("admin")
    values = {"unique_id": "the-login", "sis_user_id": "the-sis-id", "integration_id": "the-integration-id"}
    channel = {"address": "the-address@mail.test"}
    made = client.post(USERS, {"user": {"name": "New"}, "pseudonym": values, "communication_channel": channel}).json[
        "id"
    ]
    for right in rights:
        assert [person["id"] for person in client.get(f"{USERS}?search_term={term}").json] == [made]
        deny(school, "AccountAdmin", right)
    assert client.get(f"{USERS}?search_term={term}").json == []
    # The other columns have rights of their own.
    others = {"the-login", "the-address"} - {term}
    for other in others:
        assert [person["id"] for person in client.get(f"{USERS}?search_term={other}").json] == [made]


def test_a_term_does_not_match_from_one_value_into_the_next(school: School) -> None:
    client = school.as_("admin")
    another = {"user": {"id": school.id("student")}, "login": {"unique_id": "second"}}
    assert client.post("/api/v1/accounts/1/logins", another).status == 200
    for term, found in (("second", 1), ("school.test\nsecond", 0), ("student@school.test\nsecond", 0)):
        assert len(client.get(USERS, {"search_term": term}).json) == found


@pytest.mark.spec("users-core.md#2")
def test_digits_also_name_an_id(school: School) -> None:
    def rename(db: Any) -> None:
        db.execute(update(User).where(User.c.id == school.id("ta")).values(name=f"Agent {school.id('student'):02}"))
        db.execute(update(User).where(User.c.id == school.id("designer")).values(name="Agent 327"))
        directory.refresh(db, [school.id("ta"), school.id("designer")])

    school.write(rename)
    client = school.as_("admin")
    digits = f"{school.id('student'):02}"
    assert {p["id"] for p in client.get(f"{USERS}?search_term={digits}").json} == {
        school.id("student"),
        school.id("ta"),
    }
    far = 10_000_000_000_000 + school.id("student")
    assert [p["id"] for p in client.get(f"{USERS}?search_term={far}").json] == [school.id("student")]
    assert [p["id"] for p in client.get(f"{USERS}?search_term=327").json] == [school.id("designer")]
    assert client.get(f"{USERS}?search_term=99999999999999999999999").json == []


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("enrollment_type=student", {"student", "classmate"}),
        ("enrollment_type=TeacherEnrollment", {"teacher", "other_teacher"}),
        ("enrollment_type[]=ta&enrollment_type[]=designer", {"ta", "designer"}),
        ("enrollment_type=observer", {"observer"}),
        ("enrollment_type=student&search_term=stella", {"student"}),
        ("enrollment_type=student&search_term=te&sort=email", {"student", "classmate"}),
    ],
)
@pytest.mark.parametrize("few", [0, listing.FEW])
def test_people_by_type_of_enrollment(
    school: School, monkeypatch: pytest.MonkeyPatch, few: int, query: str, who: set[str]
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    found = names(school, "admin", f"{USERS}?{query}")
    assert sorted(found) == sorted(PEOPLE[name] for name in who)


def test_an_enrollment_that_is_not_active_does_not_count(school: School) -> None:
    def conclude(db: Any) -> None:
        db.execute(update(Enrollment).where(Enrollment.c.user_id == school.id("student")).values(state="completed"))

    school.write(conclude)
    assert names(school, "admin", f"{USERS}?enrollment_type=student") == ["Claude Mate"]
    role = school.id("role_StudentEnrollment")
    assert names(school, "admin", f"{USERS}?role_filter_id={role}") == ["Claude Mate", "Stella Student"]


@pytest.mark.spec("users-core.md#2")
def test_a_role_wins_over_the_type_and_ignores_enrollments_that_ended_badly(school: School) -> None:
    role = school.id("role_TeacherEnrollment")
    url = f"{USERS}?role_filter_id={role}&enrollment_type=student"
    assert names(school, "admin", url) == ["Tina Teacher", "Theo Thompson"]
    assert names(school, "admin", f"{USERS}?role_filter_id={10_000_000_000_000 + role}") == names(school, "admin", url)
    assert names(school, "admin", f"{USERS}?role_filter_id=999") == []
    for state in ("rejected", "inactive", "deleted"):
        mine = update(Enrollment).where(Enrollment.c.user_id == school.id("teacher")).values(state=state)
        school.write(partial(execute, mine))
        assert names(school, "admin", url) == ["Theo Thompson"]


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("name", ["principal", "Enrollment", "students"])
def test_an_unknown_type_of_enrollment_is_refused(school: School, name: str) -> None:
    reply = school.as_("admin").get(f"{USERS}?enrollment_type={name}")
    assert (reply.status, reply.json) == (400, {"message": f"Invalid enrollment_type: {name}"})


@pytest.mark.spec("users-core.md#2")
def test_people_by_uuid_and_only_the_first_hundred_count(school: School) -> None:
    client = school.as_("admin")
    uuids = {p["name"]: p["uuid"] for p in client.pages(f"{USERS}?include[]=uuid")}
    wanted = [uuids["Stella Student"], "unknown", uuids["Tina Teacher"]]
    assert [p["name"] for p in client.get(USERS, {"uuids": wanted}).json] == ["Stella Student", "Tina Teacher"]
    assert client.get(USERS, {"uuids": ["x"] * 99 + wanted}).json[0]["name"] == "Stella Student"
    assert client.get(USERS, {"uuids": ["x"] * 100 + wanted}).json == []
    assert client.get(f"{USERS}?uuids[]=").json == []
    assert client.get(USERS, json={"uuids": []}).json == []


def test_a_long_page_costs_no_more_statements_than_a_short_one(school: School, queries_of: Callable[..., int]) -> None:
    client = school.as_("admin")
    for query in ("", "&sort=email&order=desc", "&sort=id", "&search_term=te", "&search_term=school&sort=sis_id"):
        short, long = (queries_of(client.get, f"{USERS}?per_page={n}{query}") for n in (2, 100))
        assert short == long
        # Authentication, the account, the page; where something narrows the list, first how much.
        assert long <= (3 if "search" not in query else 4 if "school" in query else 5)
