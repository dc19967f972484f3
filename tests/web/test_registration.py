"""``/register/:nonce``: confirm an address, or finish a registration (homeroom.md §4, identity.md §11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update
from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.client import Reply

from homeroom import clock
from homeroom.school.rights.account_settings import read_settings, settings_text
from homeroom.school.schema import Account, CommunicationChannel, ConfirmationLink, Login, User

PASSWORD = "purple horses sing"


def invite(school: School, login: str = "newbie@home.test", **user: Any) -> str:
    """An admin makes a person; the path of the link that the person is sent."""
    form = {
        "user": {"name": "Nina <New>", **user},
        "pseudonym": {"unique_id": login},
        "communication_channel": {"confirmation_url": True},
    }
    reply = school.as_("admin").post("/api/v1/accounts/1/users", form)
    assert reply.status == 200, reply.text
    return str(reply.json["confirmation_url"]).removeprefix("http://school.test")


def finish(browser: Browser, link: str, password: str = PASSWORD, **user: Any) -> Reply:
    return browser.submit(link, {"pseudonym": {"password": password}, "user": user})


def person(school: School, login: str = "newbie@home.test") -> Any:
    return school.read(
        lambda db: db.execute(
            select(User.c.id, User.c.state, User.c.terms_accepted_at, Login.c.password_hash, Login.c.login_count,
                   CommunicationChannel.c.state.label("channel"),
                   select(func.count()).select_from(ConfirmationLink).scalar_subquery().label("links"))
            .join(Login, Login.c.user_id == User.c.id)
            .join(CommunicationChannel, CommunicationChannel.c.user_id == User.c.id)
            .where(Login.c.unique_id == login)
        ).one()
    )  # fmt: skip


def require_terms(school: School) -> None:
    def change(db: Connection) -> None:
        from msgspec.structs import replace

        settings = read_settings(db.execute(select(Account.c.settings).where(Account.c.id == 1)).scalar_one())
        text = settings_text(replace(settings, require_terms=True))
        db.execute(update(Account).where(Account.c.id == 1).values(settings=text))

    school.write(change)


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.spec("identity.md#7")
def test_who_is_new_chooses_a_password_and_is_in(school: School) -> None:
    link = invite(school)
    browser = Browser(school)
    page = browser.get(link)
    assert page.status == 200
    assert "Welcome, Nina &lt;New&gt;" in page.text
    assert "newbie@home.test" in page.text
    reply = finish(browser, link)
    assert (reply.status, reply.headers["location"]) == (302, "/?login_success=1")
    new = person(school)
    assert (new.state, new.channel, new.links, new.login_count) == ("registered", "active", 0, 1)
    assert browser.get("/api/v1/users/self").json["id"] == new.id
    assert sign_in(Browser(school), "newbie@home.test", PASSWORD).status == 302


@pytest.mark.spec("homeroom.md#4")
def test_nonce_reuse_an_invitation_works_once(school: School) -> None:
    link = invite(school)
    late = Browser(school)
    token = token_in(late.get(link))
    finish(Browser(school), link)
    before = person(school)
    assert late.get(link).status == 404
    reply = late.post(link, {"authenticity_token": token, "pseudonym": {"password": "my own password"}})
    assert reply.status == 404
    assert person(school) == before


def test_a_mail_program_that_looks_at_invitations_does_not_use_them_up(school: School) -> None:
    link = invite(school)
    for _ in range(3):
        assert Browser(school).get(link).status == 200
    assert finish(Browser(school), link).status == 302


def test_expired_nonce_an_invitation_is_too_old_some_day(school: School) -> None:
    link = invite(school)
    school.write(lambda db: db.execute(update(ConfirmationLink).values(expires_at=clock.now() - timedelta(seconds=1))))
    assert Browser(school).get(link).status == 404


@pytest.mark.parametrize("nonce", ["x", "A" * 43, "%2e%2e"])
def test_a_made_up_invitation_is_no_page(school: School, nonce: str) -> None:
    assert Browser(school).get(f"/register/{nonce}").status == 404


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "can&#39;t be blank"),
        ("short", "is too short (minimum is 8 characters)"),
        ("NEWBIE@home.test", "can&#39;t be the same as the login"),
    ],
)
def test_a_password_that_breaks_the_policy_leaves_everything_as_it_was(
    school: School, password: str, sentence: str
) -> None:
    link = invite(school)
    before = person(school)
    reply = finish(Browser(school), link, password)
    assert (reply.status, sentence in reply.text) == (400, True)
    assert person(school) == before
    assert finish(Browser(school), link).status == 302


@pytest.mark.spec("identity.md#11")
def test_terms_must_be_accepted_where_the_account_requires_them(school: School) -> None:
    require_terms(school)
    link = invite(school)
    browser = Browser(school)
    refused = finish(browser, link)
    assert (refused.status, "Please accept the terms of use." in refused.text) == (400, True)
    assert person(school).state == "pre_registered"
    assert finish(browser, link, terms_of_use="1").status == 302
    assert person(school).terms_accepted_at is not None


def test_terms_are_not_asked_for_where_they_are_not_required(school: School) -> None:
    link = invite(school)
    assert "terms of use" not in Browser(school).get(link).text
    finish(Browser(school), link)
    assert person(school).terms_accepted_at is None


def test_an_address_of_somebody_who_is_in_is_confirmed_and_signs_nobody_in(school: School) -> None:
    link = invite(school)
    school.write(
        lambda db: db.execute(
            update(Login).where(Login.c.unique_id == "newbie@home.test").values(password_hash="x", login_count=3)
        )
    )
    school.write(lambda db: db.execute(update(User).where(User.c.id == person(school).id).values(state="registered")))
    browser = Browser(school)
    page = browser.get(link)
    assert "Confirm your address" in page.text
    assert 'type="password"' not in page.text
    reply = browser.submit(link, {"pseudonym": {"password": "taken over?"}})
    assert (reply.status, reply.headers["location"]) == (302, "/login/canvas?confirmed=1")
    assert (person(school).channel, person(school).password_hash) == ("active", "x")
    assert browser.get("/api/v1/users/self").status == 401
    assert "Your e-mail address is confirmed." in browser.get("/login/canvas?confirmed=1").text


def test_who_confirms_while_signed_in_comes_to_the_settings(school: School) -> None:
    link = invite(school)
    student = Browser(school)
    sign_in(student, "student")
    school.write(
        lambda db: db.execute(
            update(CommunicationChannel)
            .where(CommunicationChannel.c.address == "newbie@home.test")
            .values(user_id=school.id("student"))
        )
    )
    assert student.submit(link, {}).headers["location"] == "/profile?confirmed=1"


def test_csrf_an_invitation_needs_its_forms_token(school: School) -> None:
    link = invite(school)
    assert Browser(school).post(link, {"pseudonym": {"password": PASSWORD}}).status == 422
    assert person(school).state == "pre_registered"


def test_session_fixation_finishing_a_registration_makes_a_new_session(school: School) -> None:
    link = invite(school)
    browser = Browser(school)
    browser.get(link)
    planted = browser.cookies["homeroom_session"]
    finish(browser, link)
    assert browser.cookies["homeroom_session"] != planted
