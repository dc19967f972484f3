"""PUT /users/:id (users-core.md §6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.browser import browser_of
from tests.support.mails import mails_of
from tests.support.rights import deny
from tests.support.settings import change_settings

from homeroom.school.people.names import Names, names_after_change
from homeroom.school.schema import CommunicationChannel, Login, User

REFUSED = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}


def url_of(school: School, who: str = "student") -> str:
    return f"/api/v1/users/{school.id(who)}"


def user_of(school: School, who: str = "student") -> Any:
    return school.read(lambda db: db.execute(select(User).where(User.c.id == school.id(who))).one())


def channels_of(school: School, who: str = "student") -> list[tuple[str, str]]:
    rows = (
        select(CommunicationChannel.c.address, CommunicationChannel.c.state)
        .where(CommunicationChannel.c.user_id == school.id(who))
        .order_by(CommunicationChannel.c.position)
    )
    return [tuple(row) for row in school.read(lambda db: db.execute(rows).all())]


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("observer", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_edit_a_student(school: School, who: str, status: int) -> None:
    for form in ({"user": {"name": "Stella Star"}}, {}):
        reply = school.as_(who).put(url_of(school), form)
        assert reply.status == status
        if status == 403:
            assert reply.json == REFUSED
    assert user_of(school).name == ("Stella Star" if status == 200 else "Stella Student")


@pytest.mark.spec("users-core.md#6")
def test_nobody_edits_an_admin_with_more_rights(school: School) -> None:
    assert school.as_("sub_admin").put(url_of(school, "admin"), {"user": {"name": "x"}}).status == 403
    assert school.as_("admin").put(url_of(school, "site_admin"), {"user": {"name": "x"}}).status == 403
    assert school.as_("admin").put(url_of(school, "sub_admin"), {"user": {"name": "x"}}).status == 200


@pytest.mark.spec("users-core.md#6")
def test_an_admin_gets_the_whole_user_back(school: School) -> None:
    form = {"user": {"name": "Stella Star", "time_zone": "America/Denver", "locale": "es"}}
    reply = school.as_("admin").put(url_of(school), form)
    assert reply.json == {
        "id": school.id("student"),
        "name": "Stella Star",
        "created_at": "2026-01-05T09:00:00Z",
        "sortable_name": "Star, Stella",
        "short_name": "Stella Student",
        "sis_user_id": "sis-student",
        "integration_id": None,
        "sis_import_id": None,
        "login_id": "student@school.test",
        "avatar_url": "http://school.test/images/messages/avatar-50.png",
        "avatar_state": "none",
        "email": "student@school.test",
        "locale": "es",
        "time_zone": "Mountain Time (US & Canada)",
    }


@pytest.mark.spec("users-core.md#6")
def test_people_get_the_public_part_of_themselves_back(school: School) -> None:
    reply = school.as_("student").put("/api/v1/users/self", {"user": {"short_name": "Stel"}})
    assert set(reply.json) == {
        "id", "name", "created_at", "sortable_name", "short_name", "avatar_url", "locale", "time_zone",
    }  # fmt: skip
    assert reply.json["short_name"] == "Stel"


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize("name", ["email", "event", "title", "bio", "pronunciation", "pronouns", "shoe_size", "id"])
def test_one_attribute_out_of_reach_refuses_the_whole_call(school: School, name: str) -> None:
    reply = school.as_("student").put("/api/v1/users/self", {"user": {"short_name": "Stel", name: "x"}})
    assert (reply.status, reply.json) == (403, REFUSED)
    assert user_of(school).short_name == "Stella Student"


@pytest.mark.spec("users-core.md#6")
def test_unknown_attributes_refuse_an_admin_too_but_a_birthdate_is_dropped(school: School) -> None:
    client = school.as_("admin")
    assert client.put(url_of(school), {"user": {"name": "A", "shoe_size": "38"}}).status == 403
    assert client.put(url_of(school), {"user": {"name": "A", "terms_of_use": "1"}}).status == 403
    assert client.put(url_of(school), {"user": {"name": "A", "birthdate": "2001-01-01"}}).json["name"] == "A"


@pytest.mark.spec("users-core.md#6")
def test_accepting_the_terms_here_is_allowed_and_changes_nothing(school: School) -> None:
    assert school.as_("student").put("/api/v1/users/self", {"user": {"terms_of_use": "1"}}).status == 200
    assert user_of(school).terms_accepted_at is None


@pytest.mark.spec("users-core.md#1")
def test_people_rename_themselves_only_where_that_is_allowed(school: School) -> None:
    change_settings(school, users_can_edit_name=False)
    for name in ("name", "short_name", "sortable_name"):
        assert school.as_("student").put("/api/v1/users/self", {"user": {name: "x"}}).status == 403
        assert school.as_("admin").put(url_of(school), {"user": {name: "x"}}).status == 200
    assert school.as_("student").put("/api/v1/users/self", {"user": {"locale": "es"}}).status == 200


@pytest.mark.spec("users-core.md#1")
def test_the_sortable_name_follows_unless_somebody_chose_it(school: School) -> None:
    client = school.as_("admin")

    def names(**user: str) -> tuple[str, str, str]:
        json = client.put(url_of(school), {"user": user}).json
        return json["name"], json["short_name"], json["sortable_name"]

    assert names(sortable_name="Garcia Lopez, Maria", name="Maria Garcia Lopez")[2] == "Garcia Lopez, Maria"
    assert names(name="Ana Garcia Lopez") == ("Ana Garcia Lopez", "Stella Student", "Garcia Lopez, Ana")
    assert names(sortable_name="Zzz")[2] == "Zzz"
    assert names(name="Ana Lopez")[2] == "Zzz"
    assert names(sortable_name="", short_name="") == ("Ana Lopez", "Ana Lopez", "Lopez, Ana")
    assert [person["id"] for person in client.get("/api/v1/accounts/1/users?search_term=ana lopez").json] == [
        school.id("student")
    ]


@pytest.mark.spec("users-core.md#2")
def test_lists_and_searches_know_the_new_names_at_once(school: School) -> None:
    client = school.as_("admin")

    def found(query: str, account: str = "root") -> list[str]:
        return [person["name"] for person in client.get(f"/api/v1/accounts/{school.id(account)}/users?{query}").json]

    client.put(url_of(school), {"user": {"name": "Zoe Aardvark"}})
    for account in ("root", "northern"):
        for sort in ("", "sort=username&"):
            assert found(f"{sort}per_page=1", account) == ["Zoe Aardvark"]
    assert found("search_term=aardvark") == ["Zoe Aardvark"]
    client.put(url_of(school), {"user": {"name": "Abe Zebra", "sortable_name": "Aardvark, Zoe"}})
    assert found("per_page=1") == found("search_term=zebra") == found("sort=name&per_page=1") == ["Abe Zebra"]


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize(
    ("user", "attribute", "type_"),
    [
        ({"name": "x" * 256}, "name", "too_long"),
        ({"short_name": "x" * 256}, "short_name", "too_long"),
        ({"sortable_name": "x" * 256}, "sortable_name", "too_long"),
        ({"locale": "tlh"}, "locale", "inclusion"),
        ({"email": "nonsense"}, "email", "invalid"),
        ({"bio": "x" * 65_536}, "bio", "too_long"),
        ({"title": "x" * 256}, "title", "too_long"),
        ({"pronunciation": "x" * 256}, "pronunciation", "too_long"),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_changed(
    school: School, user: dict[str, str], attribute: str, type_: str
) -> None:
    change_settings(school, profiles=True, name_pronunciation=True)
    before = user_of(school)
    reply = school.as_("admin").put(url_of(school), {"user": {"time_zone": "Paris", "short_name": "S", **user}})
    assert reply.status == 400
    assert reply.json["errors"][attribute] == [{"attribute": attribute, "type": type_, "message": type_}]
    assert user_of(school) == before


@pytest.mark.spec("users-core.md#1")
def test_zones_and_locales(school: School) -> None:
    client = school.as_("student")
    for given_zone, shown in (
        ("Tijuana", "Tijuana"),
        ("Europe/Paris", "Paris"),
        ("Mars/Olympus", "UTC"),
        ("Osaka", "Osaka"),
        ("", "UTC"),
    ):
        assert client.put("/api/v1/users/self", {"user": {"time_zone": given_zone}}).json["time_zone"] == shown
    assert client.put("/api/v1/users/self", {"user": {"locale": "fr-CA"}}).json["locale"] == "fr-CA"
    assert client.put("/api/v1/users/self", {"user": {"locale": ""}}).json["locale"] is None


# --- e-mail ------------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#6")
def test_a_new_email_goes_to_the_top_unconfirmed_and_the_old_one_stays(school: School) -> None:
    client = school.as_("admin")
    assert client.put(url_of(school), {"user": {"email": "stella@mail.test"}}).json["email"] == "stella@mail.test"
    assert channels_of(school) == [("stella@mail.test", "unconfirmed"), ("student@school.test", "active")]
    assert (
        client.put(url_of(school), {"user": {"email": " STUDENT@school.test "}}).json["email"] == "student@school.test"
    )
    assert channels_of(school) == [("student@school.test", "active"), ("stella@mail.test", "unconfirmed")]


def test_a_link_is_mailed_to_a_new_email_and_to_no_other(school: School) -> None:
    def mails() -> list[tuple[str, str]]:
        return [(mail.recipient, mail.text_body) for mail in mails_of(school)]

    client = school.as_("admin")
    for address in ("student@school.test", "stella@mail.test", "STELLA@mail.test"):
        client.put(url_of(school), {"user": {"email": address}})
    ((recipient, text),) = mails()
    assert recipient == "stella@mail.test"
    link = next(line for line in text.splitlines() if "/register/" in line)
    assert browser_of(school, "student").get(link).status == 200


def test_a_retired_address_comes_back_to_be_confirmed(school: School) -> None:
    mine = update(CommunicationChannel).where(CommunicationChannel.c.user_id == school.id("student"))
    school.write(lambda db: db.execute(mine.values(state="retired")))
    school.as_("admin").put(url_of(school), {"user": {"email": "Student@School.test"}})
    assert channels_of(school) == [("Student@School.test", "unconfirmed")]


# --- profile -----------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#6")
def test_title_and_bio_where_profiles_are_on(school: School) -> None:
    change_settings(school, profiles=True)
    form = {"user": {"title": "Captain", "bio": "I like the Muppets."}}
    json = school.as_("student").put("/api/v1/users/self", form).json
    assert (json["title"], json["bio"]) == ("Captain", "I like the Muppets.")
    assert school.as_("student").put("/api/v1/users/self", {"user": {"title": ""}}).json["title"] is None
    assert school.as_("student").put("/api/v1/users/self", {"user": {"pronunciation": "STEL-a"}}).status == 403
    change_settings(school, profiles=True, name_pronunciation=True, users_can_edit_profile=False)
    assert school.as_("student").put("/api/v1/users/self", {"user": {"pronunciation": "STEL-a"}}).status == 403
    reply = school.as_("admin").put(url_of(school), {"user": {"pronunciation": "STEL-a"}})
    assert reply.json["pronunciation"] == "STEL-a"


@pytest.mark.spec("users-core.md#6")
def test_pronouns_are_those_of_the_accounts_list(school: School) -> None:
    change_settings(school, pronouns=["She/Her", "He/Him", "They/Them"])
    client = school.as_("student")
    for sent, shown in (("she/her", "She/Her"), ("xe/xem", "She/Her"), (" THEY/them ", "They/Them"), ("", None)):
        reply = client.put("/api/v1/users/self", {"user": {"pronouns": sent}})
        assert (reply.status, reply.json.get("pronouns")) == (200, shown)


# --- avatars -----------------------------------------------------------------------------------------------------

GRAVATAR = "https://secure.gravatar.com/avatar/2284"


def choices(school: School) -> dict[str, dict[str, str]]:
    offered = school.as_("student").get("/api/v1/users/self/avatars").json
    return {choice["type"]: choice for choice in offered}


@pytest.mark.spec("users-core.md#6")
def test_a_token_picks_a_picture_and_beats_the_url(school: School) -> None:
    client = school.as_("student")
    gravatar = choices(school)["gravatar"]
    avatar = {"token": gravatar["token"], "url": "https://gravatar.com/other"}
    assert client.put("/api/v1/users/self", {"user": {"avatar": avatar}}).json["avatar_url"] == gravatar["url"]
    assert user_of(school).avatar_state == "submitted"
    no_pic = {"token": choices(school)["no_pic"]["token"]}
    json = client.put("/api/v1/users/self", {"user": {"avatar": no_pic}}).json
    assert json["avatar_url"] == "http://school.test/images/messages/avatar-50.png"


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize("token", ["nonsense", "", "of somebody else"])
def test_a_bad_token_is_ignored(school: School, token: str) -> None:
    client = school.as_("student")
    client.put("/api/v1/users/self", {"user": {"avatar": {"url": GRAVATAR}}})
    if token == "of somebody else":
        token = school.as_("teacher").get("/api/v1/users/self/avatars").json[0]["token"]
    json = client.put("/api/v1/users/self", {"user": {"avatar": {"token": token}}}).json
    assert json["avatar_url"] == GRAVATAR


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://tracker.test/pixel.gif",
        "https://gravatar.com.evil.test/a",
        "https://evil.test@gravatar.com/a",
        "javascript:alert(1)//gravatar.com",
        "//gravatar.com/a",
        "http://[::1",
        "https://gravatar.com/a\nb",
        "https://gravatar.com/a b",
        f"https://gravatar.com/{'a' * 2_048}",
    ],
)
def test_an_address_that_is_not_trusted_clears_the_picture(school: School, url: str) -> None:
    client = school.as_("student")
    assert client.put("/api/v1/users/self", {"user": {"avatar": {"url": GRAVATAR}}}).json["avatar_url"] == GRAVATAR
    assert user_of(school).avatar_state == "submitted"
    json = client.put("/api/v1/users/self", {"user": {"avatar": {"url": url}}}).json
    assert json["avatar_url"] == "http://school.test/images/messages/avatar-50.png"
    assert user_of(school).avatar_state == "none"


@pytest.mark.spec("users-core.md#6")
def test_admins_approve_by_changing_and_may_say_the_state(school: School) -> None:
    client = school.as_("admin")

    def state(**avatar: str) -> str:
        return str(client.put(url_of(school), {"user": {"avatar": avatar}}).json["avatar_state"])

    assert state(url=GRAVATAR) == "approved"
    assert state(state="reported") == "reported"
    assert state(state="bogus") == "reported"
    assert state(url=GRAVATAR, state="locked") == "locked"
    assert state(url="https://gravatar.com/other") == "locked"
    school.as_("student").put("/api/v1/users/self", {"user": {"avatar": {"url": "", "state": "none"}}})
    assert user_of(school).avatar_url == "https://gravatar.com/other"
    assert not school.as_("student").get("/api/v1/users/self").json["permissions"]["can_update_avatar"]


def test_people_do_not_say_the_state_of_their_own_picture(school: School) -> None:
    school.as_("student").put("/api/v1/users/self", {"user": {"avatar": {"state": "approved"}}})
    assert user_of(school).avatar_state == "none"


# --- suspending --------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#6")
def test_suspending_stops_the_logins_and_unsuspending_lets_them_again(school: School) -> None:
    client = school.as_("admin")
    for event, status in (("suspend", 401), ("bogus", 401), ("unsuspend", 200)):
        assert client.put(url_of(school), {"user": {"event": event}}).status == 200
        assert school.as_("student").get("/api/v1/users/self").status == status


@pytest.mark.spec("users-core.md#6")
def test_only_logins_that_the_admin_could_delete_are_suspended(school: School) -> None:
    client, student = school.as_("admin"), school.id("student")

    def states() -> list[str]:
        mine = select(Login.c.state).where(Login.c.user_id == student).order_by(Login.c.id)
        return list(school.read(lambda db: db.execute(mine).scalars().all()))

    for name in ("second", "third"):
        client.post("/api/v1/accounts/1/logins", {"user": {"id": student}, "login": {"unique_id": name}})
    third = client.get(f"{url_of(school)}/logins").json[-1]["id"]
    assert client.delete(f"{url_of(school)}/logins/{third}").status == 200
    client.put(url_of(school), {"user": {"event": "suspend"}})
    assert states() == ["suspended", "suspended", "deleted"]
    client.put(url_of(school), {"user": {"event": "unsuspend"}})
    assert states() == ["active", "active", "deleted"]
    deny(school, "AccountAdmin", "manage_sis")
    client.put(url_of(school), {"user": {"event": "suspend"}})
    assert states() == ["active", "suspended", "deleted"], "The first login is the SIS's."


@pytest.mark.spec("users-core.md#6")
def test_nobody_suspends_themselves(school: School) -> None:
    assert school.as_("admin").put(url_of(school, "admin"), {"user": {"event": "suspend"}}).status == 200
    assert school.as_("admin").get("/api/v1/users/self").status == 200


# --- stickiness --------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#6")
@pytest.mark.spec("custom-data-files-sis.md#3")
def test_what_was_changed_by_hand_is_marked_and_can_be_left_alone(school: School) -> None:
    change_settings(school, pronouns=["She/Her"])
    client = school.as_("admin")
    client.put(url_of(school), {"user": {"short_name": "Stel", "name": "Stella Student", "locale": "es"}})
    assert user_of(school).stuck_sis_fields == "short_name"
    form = {"user": {"short_name": "S", "name": "Stella Star", "locale": "fr"}, "override_sis_stickiness": "false"}
    json = client.put(url_of(school), form).json
    assert (json["short_name"], json["name"], json["locale"]) == ("Stel", "Stella Star", "fr")
    assert user_of(school).stuck_sis_fields == "name short_name sortable_name"
    client.put(url_of(school), {"user": {"name": "Stella Sky"}, "override_sis_stickiness": "0"})
    assert user_of(school).name == "Stella Star"
    client.put(url_of(school), {"user": {"name": "Stella Sky", "pronouns": "she/her"}})
    assert user_of(school).name == "Stella Sky"
    assert user_of(school).stuck_sis_fields == "name pronouns short_name sortable_name"


# --- a model -----------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["Ana", "Garcia", "Lopez", "Jr.", "Doe,", "User", "", "Ångström", "李", "O'Brien", "V"])
NAME = st.lists(WORDS, max_size=4).map(" ".join)
EDIT = st.dictionaries(st.sampled_from(["name", "short_name", "sortable_name"]), NAME, min_size=1)


@pytest.mark.spec("users-core.md#1")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=EDIT, edits=st.lists(EDIT, max_size=4))
def test_any_row_of_edits_leaves_the_names_that_the_rules_say(
    school: School, first: dict[str, str], edits: list[dict[str, str]]
) -> None:
    """The route, the stored row, the list's order and the search agree with names_after_change."""
    client = school.as_("admin")
    row = user_of(school)
    model, email = Names(row.name, row.short_name, row.sortable_name), "student@school.test"
    for edit in (first, *edits):
        json = client.put(url_of(school), {"user": edit}).json
        model = names_after_change(model, email=email, **edit)
        assert (json["name"], json["short_name"], json["sortable_name"]) == (
            model.name, model.short_name, model.sortable_name,
        )  # fmt: skip
    listed = client.get(f"/api/v1/accounts/1/users?search_term={school.id('student'):02}").json
    assert model.sortable_name in [person["sortable_name"] for person in listed]


def test_a_login_row_is_not_touched_by_renaming(school: School) -> None:
    before = school.read(lambda db: db.execute(select(Login)).all())
    school.as_("admin").put(url_of(school), {"user": {"name": "Stella Star"}})
    assert school.read(lambda db: db.execute(select(Login)).all()) == before
