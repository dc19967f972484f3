"""Attacks: an administrator, or anybody, tries to become somebody else by an address, a link or a login of theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in, token_in
from tests.support.mails import answer_requests, link_in, mails_of, told
from tests.support.rights import deny
from tests.support.sign_in import grant, settings_of

from homeroom.school.schema import CommunicationChannel, Login, User

EVIL = "evil@attacker.test"
FORGOT = "/login/canvas/forgot"
NEW = "purple horses sing"


def user(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}"


def enroll_in_own_course(school: School, who: str) -> None:
    """The administrator of Northern has somebody take part in a course there, and so becomes an admin of theirs."""
    form = {"enrollment": {"user_id": school.id(who), "type": "StudentEnrollment", "enrollment_state": "active"}}
    assert school.as_("sub_admin").post(f"/api/v1/courses/{school.id('biology')}/enrollments", form).status == 200


def give(school: School, by: str, whom: str, way: str, address: str = EVIL) -> Any:
    """Give somebody an address, in one of the ways there are."""
    if way == "put":
        return school.as_(by).put(user(school, whom), {"user": {"email": address}})
    form = {"communication_channel": {"address": address}, "skip_confirmation": way == "skip"}
    return school.as_(by).post(f"{user(school, whom)}/communication_channels", form)


def forget(school: School, typed: str) -> list[str]:
    """Ask for a new password; to which addresses links go."""
    before = len(mails_of(school))
    form = {"pseudonym_session": {"unique_id_forgot": typed}}
    assert Browser(school).submit(FORGOT, form).status == 200
    answer_requests(school)
    return [mail.recipient for mail in mails_of(school)[before:]]


def state_of(school: School, address: str = EVIL) -> Any:
    row = select(CommunicationChannel.c.state, CommunicationChannel.c.trusted)
    return tuple(school.read(lambda db: db.execute(row.where(CommunicationChannel.c.address == address)).one()))


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("way", ["skip", "post", "put"])
def test_attack_an_admin_of_a_sub_account_enrolls_a_stranger_and_gives_them_an_address(
    school: School, way: str
) -> None:
    enroll_in_own_course(school, "other_teacher")
    assert give(school, "sub_admin", "other_teacher", way).status == 200
    assert state_of(school) == ("unconfirmed", False)
    assert forget(school, EVIL) == []
    assert forget(school, "other_teacher@school.test") == ["other_teacher@school.test"]


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("way", ["post", "put"])
@pytest.mark.parametrize("by", ["sub_admin", "narrow_admin", "admin"])
def test_attack_the_link_of_an_address_that_an_admin_gave(school: School, by: str, way: str) -> None:
    # A role at the root account that manages logins and nothing else, too.
    grant(school, "manage_user_logins")
    assert give(school, by, "student", way).status == 200
    link = link_in(mails_of(school)[0])
    assert Browser(school).get(link).headers["location"] == "/login"
    attacker = browser_of(school, by)
    form = {"authenticity_token": token_in(attacker.get("/profile"))}
    assert (attacker.get(link).status, attacker.post(link, form).status) == (403, 403)
    anybody = Browser(school)
    form = {"authenticity_token": token_in(anybody.get("/login/canvas"))}
    assert anybody.post(link, form).headers["location"] == "/login"
    assert state_of(school) == ("unconfirmed", False)
    assert forget(school, EVIL) == []
    # Signed in, the person may say that the address is theirs; and then it is.
    assert browser_of(school, "student").submit(link, {}).headers["location"] == "/profile?confirmed=1"
    assert state_of(school) == ("active", True)
    assert forget(school, EVIL) == [EVIL]


def test_attack_confirming_an_address_while_acting_as_its_owner(school: School) -> None:
    give(school, "admin", "student", "post")
    link = link_in(mails_of(school)[0])
    admin = browser_of(school, "admin")
    acting = f"{link}?as_user_id={school.id('student')}"
    form = {"authenticity_token": token_in(admin.get("/profile")), "as_user_id": school.id("student")}
    assert (admin.get(acting).status, admin.post(link, form).status) == (403, 403)
    assert state_of(school) == ("unconfirmed", False)


def test_attack_an_address_that_an_admin_confirmed_gets_no_password_until_the_person_did(school: School) -> None:
    assert give(school, "admin", "student", "skip").json["workflow_state"] == "active"
    assert forget(school, EVIL) == []
    assert school.as_("admin").post("/api/v1/users/reset_password", {"email": EVIL}).json == {"requested": False}
    student = browser_of(school, "student")
    (channel,) = [one for one in student.get("/api/v1/users/self/communication_channels").json if one["position"] == 2]
    assert student.submit("/profile", {}, to=f"/profile/addresses/{channel['id']}/confirmation").status == 302
    student.submit(link_in(mails_of(school)[-1]), {})
    assert forget(school, EVIL) == [EVIL]


@pytest.mark.parametrize("way", ["skip", "put"])
def test_attack_an_address_that_was_taken_away_and_given_again(school: School, way: str) -> None:
    mine = update(CommunicationChannel).where(CommunicationChannel.c.user_id == school.id("student"))
    school.write(lambda db: db.execute(mine.values(state="retired")))
    assert give(school, "admin", "student", way, "student@school.test").status == 200
    assert forget(school, "student@school.test") == []


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("way", ["skip", "post", "put"])
@pytest.mark.parametrize(
    ("by", "whom"),
    [
        ("sub_admin", "admin"),
        ("sub_admin", "site_admin"),
        ("admin", "site_admin"),
        ("sub_admin", "outsider"),
        ("admin_of_another_school", "student"),
        ("teacher", "student"),
    ],
)
def test_nobody_gives_an_address_to_who_has_more_rights_or_is_in_no_account_of_theirs(
    school: School, by: str, whom: str, way: str
) -> None:
    assert give(school, by, whom, way).status == 403
    assert mails_of(school) == []


def invite(school: School, login: str = "newbie@home.test", by: str = "admin") -> int:
    form = {"user": {"name": "Nina New"}, "pseudonym": {"unique_id": login}}
    reply = school.as_(by).post("/api/v1/accounts/1/users", form)
    assert reply.status == 200
    school.ids["newbie"] = int(reply.json["id"])
    return int(reply.json["id"])


@pytest.mark.parametrize("way", ["post", "put"])
def test_attack_finishing_the_registration_of_a_stranger(school: School, way: str) -> None:
    invite(school)
    enroll_in_own_course(school, "newbie")
    assert give(school, "sub_admin", "newbie", way).status == 200
    assert Browser(school).get(link_in(mails_of(school)[-1])).headers["location"] == "/login"
    before = len(mails_of(school))
    form = {"enrollment": {"user_id": school.id("newbie"), "notify": True, "type": "TaEnrollment"}}
    school.as_("sub_admin").post(f"/api/v1/courses/{school.id('biology')}/enrollments", form)
    assert [mail.recipient for mail in mails_of(school)[before:]] == ["newbie@home.test"]
    assert forget(school, EVIL) == []
    assert forget(school, "newbie@home.test") == ["newbie@home.test"]


@pytest.mark.parametrize("way", ["post", "put"])
def test_who_manages_logins_may_correct_the_address_of_somebody_who_has_not_come_yet(school: School, way: str) -> None:
    invite(school)
    assert give(school, "admin", "newbie", way, "right@home.test").status == 200
    browser = Browser(school)
    reply = browser.submit(link_in(mails_of(school)[-1]), {"pseudonym": {"password": NEW}})
    assert reply.headers["location"] == "/?login_success=1"
    assert forget(school, "right@home.test") == ["right@home.test"]


def test_who_has_a_password_has_come_whatever_their_state_says(school: School) -> None:
    invite(school)
    has_one = update(Login).where(Login.c.user_id == school.id("newbie")).values(password_hash="x", login_count=1)
    school.write(lambda db: db.execute(has_one))
    assert give(school, "admin", "newbie", "skip").status == 200
    assert forget(school, EVIL) == []


# --- what the old addresses hear ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "way"), [("student", "post"), ("sub_admin", "put"), ("admin", "skip")])
def test_the_old_addresses_are_told_of_every_new_one(school: School, by: str, way: str) -> None:
    assert give(school, by, "student", way).status == 200
    assert told(school) == [("student@school.test", "A new address in your account at Homeroom")]
    assert EVIL in mails_of(school, security=True)[0].text_body


def test_an_address_that_goes_is_told_and_so_are_the_others(school: School) -> None:
    give(school, "admin", "student", "skip", "second@home.test")
    channels = school.as_("student").get("/api/v1/users/self/communication_channels").json
    assert (
        school.as_("admin").delete(f"{user(school, 'student')}/communication_channels/{channels[0]['id']}").status
        == 200
    )
    gone = "An address was removed from your account at Homeroom"
    assert told(school)[1:] == [("student@school.test", gone), ("second@home.test", gone)]


def test_attack_taking_somebodys_addresses_away_before_they_are_told(school: School) -> None:
    (channel,) = school.as_("student").get("/api/v1/users/self/communication_channels").json
    one = f"{user(school, 'student')}/communication_channels/{channel['id']}"
    assert school.as_("sub_admin").delete(one).status == 403
    assert school.as_("admin").delete(one).status == 200


def test_every_change_of_a_password_is_told(school: School) -> None:
    expected = ("student@school.test", "A new password in your account at Homeroom")
    (login,) = school.as_("admin").get(f"{user(school, 'student')}/logins").json
    url = f"/api/v1/accounts/1/logins/{login['id']}"
    settings_of(school, admins_can_change_passwords=True)
    assert school.as_("admin").put(url, {"login": {"password": NEW}}).status == 200
    assert told(school) == [expected]
    student = Browser(school)
    assert sign_in(student, "student", NEW).status == 302
    page = f"/profile/logins/{login['id']}/password"
    form = {"old_password": NEW, "pseudonym": {"password": "another one of mine"}}
    assert student.submit(page, form).status == 302
    assert told(school) == [expected] * 2
    forget(school, "student@school.test")
    assert Browser(school).submit(link_in(mails_of(school)[-1]), {"pseudonym": {"password": NEW}}).status == 302
    assert told(school) == [expected] * 3


def test_a_login_that_an_admin_adds_is_told(school: School) -> None:
    form = {"user": {"id": school.id("student")}, "login": {"unique_id": "back-door", "password": NEW}}
    assert school.as_("admin").post("/api/v1/accounts/1/logins", form).status == 200
    assert told(school) == [("student@school.test", "A new login in your account at Homeroom")]


def test_a_password_chosen_by_a_link_is_told_to_the_persons_other_addresses(school: School) -> None:
    invite(school)
    give(school, "admin", "newbie", "skip", "second@home.test")
    link = school.as_("admin").get(f"{user(school, 'newbie')}?include[]=confirmation_url").json["confirmation_url"]
    Browser(school).submit(link.removeprefix("http://school.test"), {"pseudonym": {"password": NEW}})
    assert told(school)[-1] == ("second@home.test", "A new password in your account at Homeroom")


# --- links that admins are shown -----------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#3")
def test_attack_reading_the_registration_link_of_somebody_with_more_rights(school: School) -> None:
    grant(school, "manage_user_logins")
    invite(school)
    url = f"{user(school, 'newbie')}?include[]=confirmation_url"
    assert "/register/" in school.as_("narrow_admin").get(url).json["confirmation_url"]
    form = {"user_id": school.id("newbie"), "role_id": school.id("role_AccountAdmin")}
    assert school.as_("admin").post("/api/v1/accounts/1/admins", form).status == 200
    assert "confirmation_url" not in school.as_("narrow_admin").get(url).json
    assert "/register/" in school.as_("admin").get(url).json["confirmation_url"]


@pytest.mark.spec("users-core.md#4")
def test_attack_reading_the_registration_link_of_a_revived_admin(school: School) -> None:
    grant(school, "manage_user_logins")
    grant(school, "manage_sis")
    outsider = school.id("outsider")
    form = {"user": {"id": outsider}, "login": {"unique_id": "second"}}
    assert school.as_("admin").post("/api/v1/accounts/1/logins", form).status == 200
    first = school.as_("admin").get(f"{user(school, 'outsider')}/logins").json[0]["id"]
    assert school.as_("admin").delete(f"{user(school, 'outsider')}/logins/{first}").status == 200
    form = {"user_id": outsider, "role_id": school.id("role_AccountAdmin")}
    assert school.as_("admin").post("/api/v1/accounts/1/admins", form).status == 200
    revive = {
        "pseudonym": {"unique_id": "back@attacker.test", "sis_user_id": "sis-outsider"},
        "communication_channel": {"confirmation_url": True, "address": EVIL},
        "enable_sis_reactivation": True,
    }
    assert school.as_("narrow_admin").post("/api/v1/accounts/1/users", revive).status == 403
    reply = school.as_("admin").post("/api/v1/accounts/1/users", revive)
    assert (reply.status, reply.json["id"]) == (200, outsider)
    # They live on by another login: the address is one more, and theirs to confirm.
    assert Browser(school).get(reply.json["confirmation_url"].removeprefix("http://school.test")).status == 302
    assert ("outsider@school.test", "A new address in your account at Homeroom") in told(school)
    assert forget(school, EVIL) == []


# --- suspending ----------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#6")
@pytest.mark.parametrize("event", ["suspend", "unsuspend"])
def test_attack_an_admin_of_a_sub_account_suspends_a_stranger(school: School, event: str) -> None:
    enroll_in_own_course(school, "other_teacher")
    form = {"user": {"event": event, "short_name": "Gone"}}
    assert school.as_("sub_admin").put(user(school, "other_teacher"), form).status == 403
    row = select(User.c.short_name, Login.c.state).join(Login, Login.c.user_id == User.c.id)
    found = school.read(lambda db: db.execute(row.where(User.c.id == school.id("other_teacher"))).one())
    assert tuple(found) == ("Theo Thompson", "active")
    assert school.as_("admin").put(user(school, "other_teacher"), form).status == 200


@pytest.mark.parametrize("way", ["event", "login"])
def test_attack_a_session_that_waits_for_the_end_of_a_suspension(school: School, way: str) -> None:
    thief, other = browser_of(school, "student"), browser_of(school, "classmate")
    (login,) = school.as_("admin").get(f"{user(school, 'student')}/logins").json
    for event, state in (("suspend", "suspended"), ("unsuspend", "active")):
        if way == "event":
            reply = school.as_("admin").put(user(school, "student"), {"user": {"event": event}})
        else:
            form = {"login": {"workflow_state": state}}
            reply = school.as_("admin").put(f"/api/v1/accounts/1/logins/{login['id']}", form)
        assert reply.status == 200
        assert thief.get("/api/v1/users/self").status == 401
    assert other.get("/api/v1/users/self").status == 200
    assert school.as_("student").get("/api/v1/users/self").status == 200, "Tokens go on with their person."


def test_suspending_a_login_leaves_the_sessions_of_the_others(school: School) -> None:
    form = {"user": {"id": school.id("student")}, "login": {"unique_id": "second@school.test", "password": NEW}}
    assert school.as_("admin").post("/api/v1/accounts/1/logins", form).status == 200
    first, second = browser_of(school, "student"), Browser(school)
    assert sign_in(second, "second@school.test", NEW).status == 302
    deny(school, "AccountAdmin", "manage_sis")
    school.as_("admin").put(user(school, "student"), {"user": {"event": "suspend"}})
    assert (first.get("/api/v1/users/self").status, second.get("/api/v1/users/self").status) == (200, 401)
