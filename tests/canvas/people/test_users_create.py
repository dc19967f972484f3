"""POST /accounts/:account_id/users and /self_registration (users-core.md §4, §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from tests.conftest import School
from tests.support.cast import THEN as CREATED
from tests.support.client import Client, Reply
from tests.support.rights import deny
from tests.support.settings import change_settings

from homeroom.school.people.passwords import verify_password
from homeroom.school.schema import (
    AttemptCount,
    AuthenticationProvider,
    CommunicationChannel,
    Login,
    MailMessage,
    RoleOverride,
    User,
)

USERS = "/api/v1/accounts/1/users"
REGISTER = "/api/v1/accounts/1/self_registration"
NEW = {"pseudonym": {"unique_id": "new@school.test"}}
TABLES = (User, Login, CommunicationChannel, MailMessage)


def form(**groups: Any) -> dict[str, Any]:
    """The form of NEW with these groups on top."""
    return {**NEW, **groups, "pseudonym": {**NEW["pseudonym"], **groups.get("pseudonym", {})}}


def sizes(school: School) -> list[int]:
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in TABLES]
    return list(school.read(lambda db: db.execute(select(*counts)).one()))


def rows(school: School, table: Any, **values: Any) -> list[Any]:
    return list(school.read(lambda db: db.execute(select(table).filter_by(**values)).all()))


def login_of(school: School, user_id: int) -> Any:
    return rows(school, Login, user_id=user_id)[0]


def faults(reply: Any) -> dict[str, list[str]]:
    """``record.attribute`` -> the types of its faults."""
    assert reply.status == 400, reply.text
    errors = reply.json["errors"]
    assert set(errors) == {"user", "pseudonym", "observee", "pairing_code", "recaptcha"}
    return {
        f"{record}.{attribute}": [fault["type"] for fault in found]
        for record in ("user", "pseudonym", "observee", "pairing_code")
        for attribute, found in errors[record].items()
    }


LOGIN_INVALID = {"user.pseudonyms": ["invalid"]}


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 403),
        ("student", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("sub_admin", 403),
        ("admin_of_another_school", 403),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_create_people(school: School, who: str, status: int) -> None:
    before = sizes(school)
    reply = school.as_(who).post(USERS, NEW)
    assert reply.status == status
    if status == 403:
        assert reply.json == {}
        assert sizes(school) == before


@pytest.mark.spec("users-core.md#4")
def test_an_admin_creates_somebody_by_a_login_alone(school: School) -> None:
    reply = school.as_("admin").post(USERS, NEW)
    assert reply.status == 200
    user_id = reply.json["id"]
    created_at, uuid = reply.json.pop("created_at"), reply.json.pop("uuid")
    assert created_at.endswith("Z")
    assert len(uuid) == 40
    json = reply.json
    json.pop("created_at"), json.pop("uuid")
    assert json == {
        "id": user_id,
        "name": "new@school.test",
        "sortable_name": "new@school.test",
        "short_name": "new@school.test",
        "sis_user_id": None,
        "integration_id": None,
        "sis_import_id": None,
        "login_id": "new@school.test",
        "locale": None,
    }
    (user,) = rows(school, User, id=user_id)
    (channel,) = rows(school, CommunicationChannel, user_id=user_id)
    assert user.state == "pre_registered"
    assert (channel.address, channel.state, channel.type) == ("new@school.test", "unconfirmed", "email")
    assert login_of(school, user_id).state == "active"
    assert sizes(school)[-1] == 0  # no mail was asked for


@pytest.mark.spec("users-core.md#4")
def test_the_new_one_is_found_at_once(school: School) -> None:
    client = school.as_("admin")
    user_id = client.post(USERS, form(user={"name": "Zoë Ångström"})).json["id"]
    for url in (f"{USERS}?search_term=ZOË", f"{USERS}?search_term=new@s", f"{USERS}?sort=id&order=desc&per_page=1"):
        assert [person["id"] for person in client.get(url).json] == [user_id]
    assert client.get("/api/v1/users/sis_login_id:NEW@school.test").json["id"] == user_id


@pytest.mark.spec("users-core.md#4")
def test_a_sub_account_stands_for_its_root_account(school: School) -> None:
    reply = school.as_("admin").post(f"/api/v1/accounts/{school.id('northern')}/users", NEW)
    assert reply.status == 200
    assert login_of(school, reply.json["id"]).account_id == 1
    assert school.as_("admin").post("/api/v1/accounts/999/users", NEW).status == 404


@pytest.mark.spec("users-core.md#4")
def test_every_value_of_a_full_form_is_kept(school: School) -> None:
    reply = school.as_("admin").post(
        USERS,
        {
            "user": {
                "name": "Maria Garcia Lopez",
                "short_name": "Mari",
                "sortable_name": "Garcia Lopez, Maria",
                "time_zone": "America/Denver",
                "locale": "es",
                "terms_of_use": "1",
                "skip_registration": "1",
            },
            "pseudonym": {
                "unique_id": "  maria ",
                "sis_user_id": "S1",
                "integration_id": "I1",
                "password": "a fine password",
                "authentication_provider_id": "canvas",
            },
            "communication_channel": {"type": "email", "address": "maria@mail.test", "skip_confirmation": "1"},
            "initial_enrollment_type": "student",
        },
    )
    json = reply.json
    assert reply.status == 200
    assert (json["name"], json["short_name"], json["sortable_name"]) == (
        "Maria Garcia Lopez",
        "Mari",
        "Garcia Lopez, Maria",
    )
    assert (json["login_id"], json["sis_user_id"], json["integration_id"]) == ("maria", "S1", "I1")
    assert (json["locale"], json["terms_of_use"]) == ("es", True)
    (user,) = rows(school, User, id=json["id"])
    assert (user.state, user.time_zone, user.initial_enrollment_type) == ("registered", "America/Denver", "student")
    (channel,) = rows(school, CommunicationChannel, user_id=json["id"])
    assert (channel.address, channel.state) == ("maria@mail.test", "active")
    assert verify_password(login_of(school, json["id"]).password_hash, "a fine password")


@pytest.mark.spec("users-core.md#1")
@pytest.mark.parametrize(
    ("user", "names"),
    [
        ({"name": "Mary Ann Smith"}, ("Mary Ann Smith", "Mary Ann Smith", "Smith, Mary Ann")),
        ({"name": "Cher"}, ("Cher", "Cher", "Cher")),
        ({"name": ""}, ("", "", "")),
        ({"short_name": "New"}, ("new@school.test", "New", "new@school.test")),
        ({"name": "John Doe Jr.", "short_name": ""}, ("John Doe Jr.", "John Doe Jr.", "Doe, John Jr.")),
        ({"name": "User"}, ("new@school.test", "new@school.test", "new@school.test")),
    ],
)
def test_names_follow_from_each_other(school: School, user: dict[str, str], names: tuple[str, ...]) -> None:
    json = school.as_("admin").post(USERS, form(user=user)).json
    assert (json["name"], json["short_name"], json["sortable_name"]) == names


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize(
    ("user", "pseudonym", "expected"),
    [
        ({}, {"unique_id": "   "}, {"pseudonym.unique_id": ["blank"]} | LOGIN_INVALID),
        ({}, {"unique_id": "x" * 101}, {"pseudonym.unique_id": ["too_long"]} | LOGIN_INVALID),
        ({}, {"unique_id": "a\tb"}, {"pseudonym.unique_id": ["invalid"]} | LOGIN_INVALID),
        ({"name": "x" * 256}, {}, {"user.name": ["too_long"], "user.short_name": ["too_long"]}),
        ({"sortable_name": "x" * 256}, {}, {"user.sortable_name": ["too_long"]}),
        ({"locale": "tlh"}, {}, {"user.locale": ["inclusion"]}),
        ({}, {"password": "short"}, {"pseudonym.password": ["too_short"]} | LOGIN_INVALID),
        ({}, {"password": "NEW@school.test"}, {"pseudonym.password": ["same_as_login"]} | LOGIN_INVALID),
        ({"locale": "tlh"}, {"sis_user_id": "x" * 255, "integration_id": "y" * 255}, {"user.locale": ["inclusion"]}),
        ({}, {"sis_user_id": "x" * 256}, {"pseudonym.sis_user_id": ["too_long"]} | LOGIN_INVALID),
        ({}, {"integration_id": "x" * 256}, {"pseudonym.integration_id": ["too_long"]} | LOGIN_INVALID),
        (
            {"locale": "tlh"},
            {"unique_id": "", "password": "x"},
            {"user.locale": ["inclusion"], "pseudonym.unique_id": ["blank"], "pseudonym.password": ["too_short"]}
            | LOGIN_INVALID,
        ),
    ],
)
def test_a_form_with_mistakes_names_them_all_and_saves_nothing(
    school: School, user: dict[str, str], pseudonym: dict[str, str], expected: dict[str, list[str]]
) -> None:
    before = sizes(school)
    assert faults(school.as_("admin").post(USERS, form(user=user, pseudonym=pseudonym))) == expected
    assert sizes(school) == before


@pytest.mark.spec("users-core.md#4")
def test_a_taken_login_has_the_documented_body(school: School) -> None:
    before = sizes(school)
    reply = school.as_("admin").post(USERS, form(pseudonym={"unique_id": "STUDENT@school.test"}))
    assert reply.status == 400
    message = "ID already in use for this account and authentication provider"
    assert reply.json == {
        "errors": {
            "user": {"pseudonyms": [{"attribute": "pseudonyms", "type": "invalid", "message": "invalid"}]},
            "pseudonym": {"unique_id": [{"attribute": "unique_id", "type": "taken", "message": message}]},
            "observee": {},
            "pairing_code": {},
            "recaptcha": None,
        }
    }
    assert sizes(school) == before


@pytest.mark.spec("users-core.md#4")
def test_everything_that_is_taken_is_named(school: School) -> None:
    client = school.as_("admin")
    taken = {"unique_id": "one", "sis_user_id": "S1", "integration_id": "I1"}
    assert client.post(USERS, form(pseudonym=taken)).status == 200
    reply = client.post(USERS, form(pseudonym=taken))
    assert set(faults(reply)) == {
        "user.pseudonyms",
        "pseudonym.unique_id",
        "pseudonym.sis_user_id",
        "pseudonym.integration_id",
    }
    found = reply.json["errors"]["pseudonym"]
    assert found["sis_user_id"] == [
        {"attribute": "sis_user_id", "type": "taken", "message": 'SIS ID "S1" is already in use'}
    ]
    assert found["integration_id"] == [
        {"attribute": "integration_id", "type": "taken", "message": 'Integration ID "I1" is already in use'}
    ]
    other = client.post(USERS, form(pseudonym={"unique_id": "two", "sis_user_id": "S1"}))
    assert set(faults(other)) == {"user.pseudonyms", "pseudonym.sis_user_id"}


@pytest.mark.spec("users-core.md#4")
def test_what_is_taken_and_a_wrong_code_are_named_beside_the_other_mistakes(school: School) -> None:
    before = sizes(school)
    wanted = form(user={"locale": "tlh"}, pseudonym={"unique_id": "STUDENT@school.test", "sis_user_id": "sis-ta"})
    wanted |= {"initial_enrollment_type": "observer", "pairing_code": {"code": "wrong1"}}
    assert faults(school.as_("admin").post(USERS, wanted)) == {
        "user.locale": ["inclusion"],
        "pseudonym.unique_id": ["taken"],
        "pseudonym.sis_user_id": ["taken"],
        "pairing_code.code": ["invalid"],
        **LOGIN_INVALID,
    }
    change_settings(school, self_registration="all")
    mine = {"user": {}, "pseudonym": {"unique_id": "Student@school.test"}}
    assert faults(school.as_("anonymous").post(REGISTER, mine)) == {
        "user.name": ["blank"],
        "pseudonym.unique_id": ["taken"],
        **LOGIN_INVALID,
    }
    assert sizes(school) == before


def test_a_sis_id_is_taken_only_in_its_own_letters(school: School) -> None:
    client = school.as_("admin")
    for login, sis in (("one", "s1"), ("two", "S1")):
        assert client.post(USERS, form(pseudonym={"unique_id": login, "sis_user_id": sis})).status == 200


@pytest.mark.spec("users-core.md#4")
def test_sis_ids_are_dropped_without_the_right(school: School) -> None:
    def take_away(db: Connection) -> None:
        db.execute(
            RoleOverride.insert().values(
                account_id=1,
                role_id=school.id("role_AccountAdmin"),
                permission="manage_sis",
                enabled=False,
                locked=False,
                applies_to_self=True,
                applies_to_descendants=True,
                created_at=CREATED,
                updated_at=CREATED,
            )
        )

    school.write(take_away)
    reply = school.as_("admin").post(USERS, form(pseudonym={"sis_user_id": "sis-student", "integration_id": "x"}))
    assert reply.status == 200
    login = login_of(school, reply.json["id"])
    assert (login.sis_user_id, login.integration_id) == (None, None)


@pytest.mark.spec("users-core.md#4")
def test_an_unknown_authentication_provider_is_404(school: School) -> None:
    reply = school.as_("admin").post(USERS, form(pseudonym={"authentication_provider_id": "facebook"}))
    assert reply.status == 404


@pytest.mark.spec("users-core.md#4")
def test_a_login_is_unique_with_its_provider_who_is_named_by_id_or_type(school: School) -> None:
    client, providers = school.as_("admin"), "/api/v1/accounts/1/authentication_providers"
    made = [client.post(providers, {"auth_type": "cas", "auth_base": f"https://{n}.example"}) for n in range(2)]
    cas, other = (reply.json["id"] for reply in made)

    def create(provider: object) -> int | None:
        reply = client.post(USERS, form(pseudonym={"authentication_provider_id": provider}))
        if reply.status != 200:
            assert faults(reply) == {"pseudonym.unique_id": ["taken"], **LOGIN_INVALID}
            return None
        found: int | None = login_of(school, reply.json["id"]).authentication_provider_id
        return found

    assert create("cas") == cas
    assert create(cas) is None
    assert create(10_000_000_000_000 + other) == other
    canvas = rows(school, AuthenticationProvider, auth_type="canvas")[0].id
    assert create("canvas") == canvas
    assert create("") is None, "Without a provider it is Canvas's own passwords."
    client.delete(f"{providers}/{cas}")
    client.delete(f"{providers}/{other}")
    for gone in ("cas", cas, "999", "-1"):
        assert client.post(USERS, form(pseudonym={"authentication_provider_id": gone})).status == 404


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize(
    ("user", "pseudonym", "state"),
    [
        ({}, {}, "pre_registered"),
        ({"skip_registration": "1"}, {}, "registered"),
        ({}, {"password": "a fine password"}, "registered"),
        ({"skip_registration": "0"}, {"password": ""}, "pre_registered"),
    ],
)
def test_who_has_a_password_or_need_not_register_is_registered(
    school: School, user: dict[str, str], pseudonym: dict[str, str], state: str
) -> None:
    reply = school.as_("admin").post(USERS, form(user=user, pseudonym=pseudonym))
    assert rows(school, User, id=reply.json["id"])[0].state == state


@pytest.mark.spec("users-core.md#4")
def test_a_channel_is_confirmed_only_by_who_manages_students(school: School) -> None:
    deny(school, "AccountAdmin", "manage_students")
    for who, login, state in (("admin", "a@school.test", "unconfirmed"), ("site_admin", "b@school.test", "active")):
        wanted = form(pseudonym={"unique_id": login}, communication_channel={"skip_confirmation": "1"})
        made = school.as_(who).post(USERS, wanted).json["id"]
        assert [row.state for row in rows(school, CommunicationChannel, user_id=made)] == [state]


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize(
    ("channel", "made"),
    [
        ({}, ("email", "new@school.test")),
        ({"address": "other@mail.test"}, ("email", "other@mail.test")),
        ({"address": "not an address"}, None),
        ({"type": "sms", "address": "+1 555 010 9999"}, ("sms", "+1 555 010 9999")),
        ({"type": "pigeon", "address": "home"}, None),
    ],
)
def test_the_channel_that_is_made(school: School, channel: dict[str, str], made: tuple[str, str] | None) -> None:
    groups = {"communication_channel": channel} if channel else {}
    reply = school.as_("admin").post(USERS, form(**groups))
    assert reply.status == 200
    found = rows(school, CommunicationChannel, user_id=reply.json["id"])
    assert [(row.type, row.address) for row in found] == ([made] if made else [])


def test_a_login_that_is_no_address_makes_no_channel(school: School) -> None:
    reply = school.as_("admin").post(USERS, form(pseudonym={"unique_id": "newcomer"}))
    assert rows(school, CommunicationChannel, user_id=reply.json["id"]) == []


@pytest.mark.spec("users-core.md#4")
def test_the_confirmation_url_is_told_on_request_and_again_to_admins(school: School) -> None:
    client = school.as_("admin")
    json = client.post(USERS, form(communication_channel={"confirmation_url": "1"})).json
    assert json["confirmation_url"].startswith("http://school.test/register/")
    url = f"/api/v1/users/{json['id']}?include[]=confirmation_url"
    again = client.get(url).json["confirmation_url"]
    assert again != json["confirmation_url"], "Links are kept as digests: whoever asks gets a new one."
    for link in (json["confirmation_url"], again):
        assert school.as_("anonymous").get(link.removeprefix("http://school.test")).status == 200
    assert "confirmation_url" not in school.as_("narrow_admin").get(url).json
    confirmed = {"confirmation_url": "1", "skip_confirmation": "1", "address": "x@mail.test"}
    json = client.post(USERS, form(pseudonym={"unique_id": "b"}, communication_channel=confirmed)).json
    assert json["confirmation_url"] is None


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize(
    ("groups", "notification", "has_link"),
    [
        ({}, None, False),
        ({"pseudonym": {"send_confirmation": "1"}}, "Confirm Email Communication Channel", True),
        ({"pseudonym": {"force_self_registration": "1"}}, "Confirm Registration", True),
        (
            {"pseudonym": {"send_confirmation": "1"}, "communication_channel": {"skip_confirmation": "1"}},
            "Account User Registration",
            False,
        ),
        ({"communication_channel": {"skip_confirmation": "1"}}, None, False),
        ({"pseudonym": {"send_confirmation": "1"}, "communication_channel": {"type": "sms"}}, None, False),
    ],
)
def test_the_mail_that_is_sent(
    school: School, groups: dict[str, Any], notification: str | None, has_link: bool
) -> None:
    client = school.as_("admin")
    assert client.post(USERS, form(**groups)).status == 200
    sent = rows(school, MailMessage)
    assert [mail.notification for mail in sent] == ([notification] if notification else [])
    for mail in sent:
        assert mail.recipient == "new@school.test"
        assert mail.state == "queued"
        assert ("http://school.test/register/" in mail.text_body) is has_link


def test_links_in_mail_lead_to_the_public_address(school: School) -> None:
    public = school.with_settings(public_url="https://homeroom.example/")
    public.as_("admin").post(USERS, form(pseudonym={"send_confirmation": "1"}))
    (mail,) = rows(school, MailMessage)
    assert "https://homeroom.example/register/" in mail.text_body


@pytest.mark.spec("users-core.md#4")
def test_force_validations_makes_an_admin_fill_the_form_of_self_registration(school: School) -> None:
    change_settings(school, require_terms=True)
    reply = school.as_("admin").post(USERS, form(pseudonym={"unique_id": "newcomer"}, force_validations="1"))
    assert faults(reply) == {
        "user.name": ["blank"],
        "user.terms_of_use": ["accepted"],
        "pseudonym.unique_id": ["not_email"],
        **LOGIN_INVALID,
    }
    assert school.as_("admin").post(USERS, form(pseudonym={"unique_id": "newcomer"})).status == 200
    change_settings(school, require_terms=False)
    assert school.as_("admin").post(USERS, form(user={"name": "New"}, force_validations="1")).status == 200


# --- reviving ----------------------------------------------------------------------------------------------------


def delete(school: School, who: int) -> None:
    assert school.as_("admin").delete(f"{USERS}/{who}").status == 200


@pytest.mark.spec("users-core.md#4")
def test_a_deleted_person_is_revived_under_the_same_id(school: School) -> None:
    student = school.id("student")
    delete(school, student)
    reply = school.as_("admin").post(
        USERS,
        form(
            user={"name": "Stella Star", "skip_registration": "1"},
            pseudonym={"unique_id": "stella", "sis_user_id": "sis-student"},
            communication_channel={"address": "student@school.test", "skip_confirmation": "1"},
            enable_sis_reactivation="1",
        ),
    )
    assert reply.status == 200
    json = reply.json
    assert (json["id"], json["name"], json["short_name"]) == (student, "Stella Star", "Stella Student")
    assert (json["sortable_name"], json["login_id"], json["sis_user_id"]) == ("Star, Stella", "stella", "sis-student")
    (user,) = rows(school, User, id=student)
    assert (user.state, user.deleted_at) == ("registered", None)
    assert [c.state for c in rows(school, CommunicationChannel, user_id=student)] == ["active"]
    assert school.as_("student").get("/api/v1/users/self").status == 401  # old tokens stay dead
    assert [p["id"] for p in school.as_("admin").get(f"{USERS}?search_term=stella").json] == [student]


@pytest.mark.spec("users-core.md#4")
def test_a_deleted_login_of_somebody_who_is_there_is_revived_and_keeps_what_was_not_said(school: School) -> None:
    client, student = school.as_("admin"), school.id("student")
    fields = {"unique_id": "second", "sis_user_id": "S2", "integration_id": "I2", "password": "a fine password"}
    login = client.post("/api/v1/accounts/1/logins", {"user": {"id": student}, "login": fields}).json["id"]
    (before,) = rows(school, Login, id=login)
    assert client.delete(f"/api/v1/users/{student}/logins/{login}").status == 200
    wanted = form(pseudonym={"unique_id": "again", "sis_user_id": "S2"}, enable_sis_reactivation="1")
    assert client.post(USERS, wanted).json["id"] == student
    (after,) = rows(school, Login, id=login)
    assert (after.unique_id, after.state, after.deleted_at) == ("again", "active", None)
    kept = ("integration_id", "password_hash", "created_at", "sis_user_id", "user_id")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert rows(school, User, id=student)[0].state == "registered"


def test_attack_a_login_of_somebody_with_more_rights_is_not_revived(school: School) -> None:
    boss = {"unique_id": "boss", "sis_user_id": "BOSS"}
    login = school.as_("site_admin").post("/api/v1/accounts/1/logins", {"user": {"id": 1}, "login": boss}).json["id"]
    assert school.as_("site_admin").delete(f"/api/v1/users/1/logins/{login}").status == 200
    wanted = form(pseudonym={**boss, "password": "known to the admin"}, enable_sis_reactivation="1")
    assert school.as_("admin").post(USERS, wanted).status == 403
    assert rows(school, Login, id=login)[0].state == "deleted"
    assert school.as_("site_admin").post(USERS, wanted).json["id"] == 1


@pytest.mark.spec("users-core.md#4")
def test_without_the_skips_the_channel_has_to_be_confirmed_again(school: School) -> None:
    student = school.id("student")
    delete(school, student)
    pseudonym = {"unique_id": "student@school.test", "sis_user_id": "sis-student"}
    reply = school.as_("admin").post(USERS, form(pseudonym=pseudonym, enable_sis_reactivation="1"))
    assert (reply.status, reply.json["id"], reply.json["name"]) == (200, student, "Stella Student")
    assert [c.state for c in rows(school, CommunicationChannel, user_id=student)] == ["unconfirmed"]
    assert rows(school, User, id=student)[0].state == "pre_registered"


@pytest.mark.spec("users-core.md#4")
def test_the_sis_id_of_an_active_login_is_not_revived_but_taken(school: School) -> None:
    pseudonym = {"unique_id": "another", "sis_user_id": "sis-student"}
    reply = school.as_("admin").post(USERS, form(pseudonym=pseudonym, enable_sis_reactivation="1"))
    assert faults(reply) == {"pseudonym.sis_user_id": ["taken"], **LOGIN_INVALID}


def test_a_revival_that_wants_a_taken_login_changes_nothing(school: School) -> None:
    student = school.id("student")
    delete(school, student)
    pseudonym = {"unique_id": "teacher@school.test", "sis_user_id": "sis-student"}
    reply = school.as_("admin").post(USERS, form(pseudonym=pseudonym, enable_sis_reactivation="1"))
    assert faults(reply) == {"pseudonym.unique_id": ["taken"], **LOGIN_INVALID}
    assert rows(school, User, id=student)[0].state == "deleted"


def test_without_being_asked_nobody_is_revived(school: School) -> None:
    delete(school, school.id("student"))
    reply = school.as_("admin").post(USERS, form(pseudonym={"sis_user_id": "sis-student"}))
    assert reply.status == 200
    assert reply.json["id"] != school.id("student")


# --- by oneself --------------------------------------------------------------------------------------------------

SELF = {"user": {"name": "Nia New", "terms_of_use": "1"}, **NEW}


@pytest.mark.spec("users-core.md#5")
@pytest.mark.parametrize("who", ["anonymous", "student", "admin"])
def test_self_registration_is_closed_at_first(school: School, who: str) -> None:
    before = sizes(school)
    reply = school.as_(who).post(REGISTER, SELF)
    assert (reply.status, reply.json) == (403, {})
    assert sizes(school) == before


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize("path", [USERS, REGISTER])
def test_closed_is_closed_whatever_is_sent(school: School, path: str) -> None:
    code = {"initial_enrollment_type": "observer", "pairing_code": {"code": "guess1"}}
    for more in (code, {"pseudonym": {"unique_id": "new@school.test", "authentication_provider_id": "facebook"}}):
        reply = school.as_("student").post(path, SELF | more)
        assert (reply.status, reply.json) == (403, {})
    assert rows(school, AttemptCount) == [], "Nobody learns anything about codes here."


@pytest.mark.spec("users-core.md#5")
@pytest.mark.parametrize("token", [None, "no such token", "token-of-admin-0123456789"])
def test_credentials_are_not_looked_at(school: School, token: str | None) -> None:
    change_settings(school, self_registration="all")
    pseudonym = {"unique_id": "new@school.test", "password": "a fine password", "sis_user_id": "S9"}
    user = SELF["user"] | {"skip_registration": "1"}
    channel = {"skip_confirmation": "1", "confirmation_url": "1"}
    reply = school.with_token(token).post(
        REGISTER, {"user": user, "pseudonym": pseudonym, "communication_channel": channel}
    )
    assert reply.status == 200
    assert set(reply.json) == {
        "id", "name", "created_at", "sortable_name", "short_name", "locale", "terms_of_use",
    }  # fmt: skip
    (new,) = rows(school, User, id=reply.json["id"])
    login = login_of(school, new.id)
    assert (new.state, login.password_hash, login.sis_user_id) == ("pre_registered", None, None)
    assert rows(school, CommunicationChannel, user_id=new.id)[0].state == "unconfirmed"
    assert [mail.notification for mail in rows(school, MailMessage)] == ["Confirm Registration"]


@pytest.mark.spec("users-core.md#5")
def test_self_registration_insists_on_a_name_an_address_and_the_terms(school: School) -> None:
    change_settings(school, self_registration="all", require_terms=True)
    before = sizes(school)
    expected = {
        "user.name": ["blank"],
        "user.terms_of_use": ["accepted"],
        "pseudonym.unique_id": ["not_email"],
        **LOGIN_INVALID,
    }
    for path in (REGISTER, USERS):
        for who in ("anonymous", "student"):
            assert faults(school.as_(who).post(path, {"pseudonym": {"unique_id": "nia"}})) == expected
    assert sizes(school) == before


@pytest.mark.spec("users-core.md#4")
def test_where_registration_is_open_others_use_the_admins_route_for_themselves(school: School) -> None:
    change_settings(school, self_registration="all")
    reply = school.as_("anonymous").post(USERS, SELF)
    assert reply.status == 200
    assert "login_id" not in reply.json


@pytest.mark.spec("users-core.md#5")
def test_registration_may_be_open_for_observers_only(school: School) -> None:
    change_settings(school, self_registration="observer")
    assert school.as_("anonymous").post(REGISTER, SELF).status == 403
    assert school.as_("anonymous").post(REGISTER, {**SELF, "initial_enrollment_type": "observer"}).status == 200


def test_a_stranger_cannot_make_the_server_hash(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_password: str) -> str:
        raise AssertionError("hashed")

    monkeypatch.setattr("homeroom.canvas.people.user_creation.hash_password", refuse)
    wanted = form(pseudonym={"password": "a fine password"})
    for who in ("anonymous", "student", "narrow_admin"):
        assert school.as_(who).post(USERS, wanted).status == 403
    change_settings(school, self_registration="all")
    assert school.as_("anonymous").post(USERS, {**wanted, "user": {"name": "x"}}).status == 200
    short = form(pseudonym={"password": "short"})
    assert school.as_("admin").post(USERS, short).status == 400


# --- at once -----------------------------------------------------------------------------------------------------


def test_of_several_who_want_one_login_at_once_one_gets_it(school: School) -> None:
    change_settings(school, self_registration="all")
    before = sizes(school)

    def sign_up(unique_id: str) -> Callable[[Client], Reply]:
        return lambda client: client.post(REGISTER, {"user": {"name": "New"}, "pseudonym": {"unique_id": unique_id}})

    replies = school.as_("anonymous").at_once(*map(sign_up, ["SAME@school.test", "same@school.test"] * 2))
    refused = [faults(reply) for reply in replies if reply.status != 200]
    assert refused == [{"pseudonym.unique_id": ["taken"], **LOGIN_INVALID}] * 3
    assert sizes(school) == [size + 1 for size in before]
