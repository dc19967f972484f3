"""GET /users/:user_id/profile (users-core.md §11)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tests.conftest import School
from tests.support.rights import deny

from homeroom.school.people import directory
from homeroom.school.rights.account_settings import AccountSettings, settings_text
from homeroom.school.schema import Account, Enrollment, Login, ProfileLink, User, UserService

pytestmark = pytest.mark.spec("users-core.md#11")

EVERYBODY_SEES = {
    "name": "Stella Student",
    "short_name": "Stella Student",
    "sortable_name": "Student, Stella",
    "title": None,
    "bio": None,
    "login_id": "student@school.test",
    "integration_id": None,
    "time_zone": "Etc/UTC",
    "locale": None,
    "primary_email": "student@school.test",
    "avatar_url": "http://school.test/images/messages/avatar-50.png",
}


def profile_url(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/profile"


def change(school: School, who: str, **values: Any) -> None:
    school.write(lambda db: db.execute(update(User).where(User.c.id == school.id(who)).values(**values)))


def set_settings(school: School, **values: Any) -> None:
    text = settings_text(AccountSettings(**values))
    school.write(lambda db: db.execute(update(Account).where(Account.c.id == 1).values(settings=text)))


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("observer", 403),
        ("teacher", 200),
        ("ta", 200),
        ("designer", 200),
        ("other_teacher", 403),
        ("outsider", 403),
        ("admin", 200),
        ("sub_admin", 200),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("site_admin", 200),
    ],
)
def test_who_may_see_a_students_profile(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(profile_url(school, "student")).status == status


@pytest.mark.spec("users-core.md#1.2")
def test_to_manage_students_or_logins_is_enough(school: School) -> None:
    deny(school, "AccountAdmin", "manage_user_logins")
    assert school.as_("admin").get(profile_url(school, "student")).status == 200
    deny(school, "AccountAdmin", "manage_students")
    assert school.as_("admin").get(profile_url(school, "student")).status == 403


@pytest.mark.spec("users-core.md#1.2")
@pytest.mark.parametrize(
    ("who", "state", "status"),
    [
        ("student", "invited", 200),
        ("student", "completed", 200),
        ("student", "deleted", 403),
        ("teacher", "invited", 403),
        ("teacher", "inactive", 403),
        ("teacher", "deleted", 403),
    ],
)
def test_a_teacher_at_work_sees_the_profiles_of_who_is_or_was_in_the_course(
    school: School, who: str, state: str, status: int
) -> None:
    enrollment = update(Enrollment).where(Enrollment.c.id == school.id(f"enrollment_of_{who}")).values(state=state)
    school.write(lambda db: db.execute(enrollment))
    assert school.as_("teacher").get(profile_url(school, "student")).status == status


@pytest.mark.parametrize("state", ["invited", "rejected", "creation_pending"])
def test_inviting_somebody_does_not_reveal_their_login_and_address(school: School, state: str) -> None:
    invited = {"user_id": school.id("outsider"), "enrollment_state": "invited"}
    made = school.as_("teacher").post(f"/api/v1/courses/{school.id('biology')}/enrollments", {"enrollment": invited})
    profile = school.as_("teacher").get(profile_url(school, "outsider")).json
    assert (profile["name"], profile["login_id"]) == ("Otto Outsider", None)
    assert "primary_email" not in profile
    assert school.as_("admin").get(profile_url(school, "outsider")).json["login_id"] == "outsider@school.test"
    enrollment = update(Enrollment).where(Enrollment.c.id == made.json["id"])
    school.write(lambda db: db.execute(enrollment.values(state=state)))
    assert school.as_("teacher").get(profile_url(school, "outsider")).json.get("login_id") is None
    school.write(lambda db: db.execute(enrollment.values(state="active")))
    known = school.as_("teacher").get(profile_url(school, "outsider")).json
    assert (known["login_id"], known["primary_email"]) == ("outsider@school.test", "outsider@school.test")


def test_who_may_not_see_a_profile_is_told_so(school: School) -> None:
    assert school.as_("classmate").get(profile_url(school, "student")).json == {
        "status": "unauthorized",
        "errors": [{"message": "user not authorized to perform that action"}],
    }


def test_ones_own_profile_has_the_calendar_and_the_language(school: School) -> None:
    code = school.read(
        lambda db: db.execute(select(User.c.calendar_code).where(User.c.name == "Stella Student")).scalar()
    )
    reply = school.as_("student").get("/api/v1/users/self/profile")
    assert reply.json == {
        "id": school.id("student"),
        **EVERYBODY_SEES,
        "effective_locale": "en",
        "calendar": {"ics": f"http://school.test/feeds/calendars/user_{code}.ics"},
        "k5_user": False,
        "use_classic_font_in_k5": False,
    }


@pytest.mark.spec("homeroom.md#4")
def test_the_calendars_address_leads_to_a_calendar(school: School) -> None:
    address = school.as_("student").get("/api/v1/users/self/profile").json["calendar"]["ics"]
    assert school.as_("anonymous").get(address).text.startswith("BEGIN:VCALENDAR\r\n")


def test_a_teacher_sees_the_login_and_no_sis_id(school: School) -> None:
    reply = school.as_("teacher").get(profile_url(school, "student"))
    assert reply.json == {"id": school.id("student"), **EVERYBODY_SEES}


def test_an_admin_sees_the_sis_id_too(school: School) -> None:
    reply = school.as_("admin").get(profile_url(school, "student"))
    assert reply.json == {"id": school.id("student"), **EVERYBODY_SEES, "sis_user_id": "sis-student"}


def test_what_a_person_has_set_is_shown(school: School) -> None:
    change(
        school,
        "student",
        title="Chess captain",
        bio="Plays white.",
        time_zone="America/Denver",
        locale="de",
        pronouns="She/Her",
        lti_id="lti-1",
        lti_context_id="opaque-1",
    )
    json = school.as_("student").get("/api/v1/users/self/profile").json
    shown = {name: json[name] for name in ("title", "bio", "time_zone", "locale", "pronouns", "lti_user_id")}
    assert shown == {
        "title": "Chess captain",
        "bio": "Plays white.",
        "time_zone": "America/Denver",
        "locale": "de",
        "pronouns": "She/Her",
        "lti_user_id": "opaque-1",
    }
    assert json["effective_locale"] == "de"
    assert school.as_("admin").get("/api/v1/users/lti_user_id:opaque-1").json["id"] == school.id("student")
    seen = school.as_("teacher").get(profile_url(school, "student")).json
    assert seen.keys().isdisjoint(("lti_user_id", "effective_locale", "calendar", "k5_user", "use_classic_font_in_k5"))


def test_the_time_zone_is_the_accounts_until_one_is_chosen(school: School) -> None:
    set_settings(school, default_time_zone="Europe/Paris")
    assert school.as_("student").get("/api/v1/users/self/profile").json["time_zone"] == "Europe/Paris"


def test_settings_of_the_account_add_and_remove_keys(school: School) -> None:
    set_settings(school, name_pronunciation=True, avatars=False, default_locale="de")
    json = school.as_("student").get("/api/v1/users/self/profile").json
    assert json["pronunciation"] is None
    assert (json["locale"], json["effective_locale"]) == (None, "de")
    assert "avatar_url" not in json
    change(school, "student", pronunciation="STEH-la")
    assert school.as_("student").get("/api/v1/users/self/profile").json["pronunciation"] == "STEH-la"


def test_a_person_without_a_login_has_a_profile(school: School) -> None:
    def remove_login(db: Connection) -> None:
        db.execute(delete(Login).where(Login.c.user_id == school.id("student")))
        directory.refresh(db, [school.id("student")])

    school.write(remove_login)
    json = school.as_("admin").get(profile_url(school, "student")).json
    assert (json["login_id"], json["integration_id"], json["sis_user_id"]) == (None, None, None)


def test_who_may_not_read_addresses_sees_no_primary_email(school: School) -> None:
    """Designers read usage reports, and with them the profile, and not e-mail addresses."""
    assert "primary_email" not in school.as_("designer").get(profile_url(school, "student")).json


def test_links_and_services_come_when_asked_for(school: School) -> None:
    student = school.id("student")

    def add(db: Connection) -> None:
        links = [("https://b.example", "B", 2), ("https://a.example", "A", 1)]
        rows = [{"user_id": student, "url": url, "title": title, "position": at} for url, title, at in links]
        db.execute(insert(ProfileLink), rows)
        services = [("skype", True), ("diigo", False)]
        db.execute(
            insert(UserService),
            [
                {"user_id": student, "service": name, "visible": seen, "service_user_link": f"{name}:stella"}
                for name, seen in services
            ],
        )

    school.write(add)
    url = profile_url(school, "student") + "?include[]=links&include[]=user_services&include[]=uuid&include[]=nothing"
    own = school.as_("student").get(url).json
    assert own["links"] == [{"url": "https://a.example", "title": "A"}, {"url": "https://b.example", "title": "B"}]
    skype = {"service": "skype", "visible": True, "service_user_link": "skype:stella"}
    diigo = {"service": "diigo", "visible": False, "service_user_link": "diigo:stella"}
    assert own["user_services"] == [skype, diigo]
    assert len(own["uuid"]) == 40
    assert school.as_("teacher").get(url).json["user_services"] == [skype]
    assert own.keys() - school.as_("student").get("/api/v1/users/self/profile").json.keys() == {
        "links", "user_services", "uuid",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["sis_user_id:sis-student", "sis_login_id:STUDENT@school.test"])
def test_any_form_of_an_id_finds_the_profile(school: School, form: str) -> None:
    assert school.as_("admin").get(f"/api/v1/users/{form}/profile").json["id"] == school.id("student")


def test_nobodys_profile_is_not_found(school: School) -> None:
    change(school, "outsider", state="deleted")
    for url in ("/api/v1/users/999/profile", "/api/v1/users/junk/profile", profile_url(school, "outsider")):
        assert school.as_("admin").get(url).status == 404


def test_ones_own_profile_is_three_statements(school: School, queries_of: Any) -> None:
    assert queries_of(school.as_("student").get, "/api/v1/users/self/profile") == 3


def test_attack_staff_limited_to_a_section_reads_profiles_of_other_sections(school: School) -> None:
    def status(who: str) -> int:
        return school.as_(who).get(f"/api/v1/users/{school.id('student')}/profile").status

    assert status("teacher") == 200
    lab = school.as_("admin").post(
        f"/api/v1/courses/{school.id('biology')}/sections", {"course_section": {"name": "Lab"}}
    )
    move = update(Enrollment).where(Enrollment.c.id == school.id("enrollment_of_teacher"))
    limited = {"course_section_id": lab.json["id"], "limit_privileges_to_course_section": True}
    school.write(lambda db: db.execute(move.values(**limited)))
    assert (status("teacher"), status("ta")) == (403, 200)
    # Coming in as a student too is no way around it.
    school.as_("admin").post(
        f"/api/v1/courses/{school.id('biology')}/enrollments",
        {"enrollment": {"user_id": school.id("teacher"), "type": "StudentEnrollment", "enrollment_state": "active"}},
    )
    assert status("teacher") == 403
    people = school.as_("teacher").get(f"/api/v1/courses/{school.id('biology')}/users").json
    assert [person["id"] for person in people] == [school.id("teacher")]
    limited["course_section_id"] = school.id("biology_section")
    school.write(lambda db: db.execute(move.values(**limited)))
    assert status("teacher") == 200
