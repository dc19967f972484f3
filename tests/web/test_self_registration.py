"""``/register``: somebody registers by themselves on a page (homeroom.md §1, users-core.md §5)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.client import Reply
from tests.support.mails import answer_requests
from tests.support.settings import change_settings

from homeroom.school.schema import AttemptCount, MailMessage, User
from homeroom.school.sign_in import complete_sign_up

pytestmark = pytest.mark.spec("users-core.md#5")
ADDRESS = "nina@home.test"


@pytest.fixture
def open_school(school: School) -> School:
    change_settings(school, self_registration="all")
    return school


def register(school: School, browser: Browser | None = None, **changes: Any) -> Reply:
    """Fill the form in; ``name``, ``unique_id``, ``code`` and ``terms`` say otherwise than usual."""
    given = {"name": "Nina Newcomer", "unique_id": ADDRESS, "code": "", "terms": None, **changes}
    form = {
        "user": {"name": given["name"], **({"terms_of_use": given["terms"]} if given["terms"] else {})},
        "pseudonym": {"unique_id": given["unique_id"]},
        "pairing_code": {"code": given["code"]},
    }
    return (browser or Browser(school)).submit("/register", form)


def count_people(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(User)).scalar_one()))


def mails(school: School) -> list[Any]:
    return list(school.read(lambda db: db.execute(select(MailMessage).order_by(MailMessage.c.id)).all()))


def link_in(mail: Any) -> str:
    match = re.search(r"http://school\.test(/register/[\w-]{43})\n", mail.text_body)
    assert match is not None, mail.text_body
    return match[1]


def test_there_is_no_such_page_where_nobody_may_register(school: School) -> None:
    browser = Browser(school)
    assert browser.get("/register").status == 404
    assert "/register" not in browser.get("/login/canvas").text
    form = {"authenticity_token": token_in(browser.get("/login/canvas")), "user": {"name": "Nina"}}
    before = count_people(school)
    assert browser.post("/register", {**form, "pseudonym": {"unique_id": ADDRESS}}).status == 404
    assert (count_people(school), mails(school)) == (before, [])


def test_who_registers_gets_a_link_by_mail_and_chooses_a_password_behind_it(open_school: School) -> None:
    browser = Browser(open_school)
    assert 'href="/register"' in browser.get("/login/canvas").text
    reply = register(open_school, browser)
    assert (reply.status, ADDRESS in reply.text) == (200, True)
    (mail,) = mails(open_school)
    assert mail.recipient == ADDRESS
    password = {"pseudonym": {"password": "purple horses sing"}}
    assert browser.submit(link_in(mail), password).headers["location"] == "/?login_success=1"
    me = browser.get("/api/v1/users/self").json
    assert (me["name"], me["sortable_name"]) == ("Nina Newcomer", "Newcomer, Nina")
    assert browser.get("/register").headers["location"] == "/"
    assert sign_in(Browser(open_school), ADDRESS, "purple horses sing").status == 302


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Please say what your name is."),
        ({"name": "x" * 256}, "The name is too long."),
        ({"unique_id": ""}, "Please give your e-mail address."),
        ({"unique_id": "nina"}, "That is not an e-mail address."),
        ({"unique_id": f"{'n' * 100}@home.test"}, "The address is too long for a login."),
        ({"code": "WRONG1"}, "There is no such code. It works once, for seven days."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nobody_is_made(
    open_school: School, changes: dict[str, Any], sentence: str
) -> None:
    before = count_people(open_school)
    reply = register(open_school, **changes)
    assert (reply.status, count_people(open_school), mails(open_school)) == (400, before, [])
    found = re.search(r'<span class="wrong" id="([\w-]+)">([^<]*)</span>', reply.text)
    assert found is not None
    assert found[2] == sentence
    assert re.search(rf'<input [^>]*aria-describedby="{found[1]}[ "][^>]*aria-invalid="true"', reply.text)
    assert "Error: Register" in reply.text


def test_what_was_typed_is_shown_again_as_text(open_school: School) -> None:
    reply = register(open_school, name='"><script>alert(1)</script>', unique_id="nina")
    assert "<script>alert" not in reply.text
    assert 'value="&#34;&gt;&lt;script&gt;' in reply.text


def test_terms_are_accepted_once(open_school: School) -> None:
    change_settings(open_school, self_registration="all", require_terms=True)
    assert "Please accept the terms of use." in register(open_school).text
    assert register(open_school, terms="1").status == 200
    page = Browser(open_school).get(link_in(mails(open_school)[0])).text
    assert "terms_of_use" not in page


def pairing_code(school: School) -> str:
    reply = school.as_("student").post("/api/v1/users/self/observer_pairing_codes")
    assert reply.status == 200, reply.text
    return str(reply.json["code"])


@pytest.mark.parametrize("who", ["all", "observer"])
def test_a_pairing_code_makes_an_observer_of_its_student(school: School, who: str) -> None:
    change_settings(school, self_registration=who)
    code = pairing_code(school)
    assert register(school, code=f" {code} ").status == 200
    observers = school.as_("admin").get(f"/api/v1/users/{school.id('student')}/observers").json
    assert "Nina Newcomer" in [person["name"] for person in observers]
    # It works once, and who comes too late is nobody.
    before = count_people(school)
    assert register(school, unique_id="late@home.test", code=code).status == 400
    assert count_people(school) == before


def test_where_parents_may_register_everybody_who_does_is_one(school: School) -> None:
    change_settings(school, self_registration="observer")
    assert "For parents and guardians" in Browser(school).get("/register").text
    assert register(school).status == 200
    row = school.read(
        lambda db: db.execute(select(User.c.initial_enrollment_type).where(User.c.name == "Nina Newcomer")).one()
    )
    assert row.initial_enrollment_type == "observer"


@pytest.mark.spec("homeroom.md#4")
def test_csrf_the_form_needs_its_token(open_school: School) -> None:
    browser = Browser(open_school)
    browser.get("/register")
    before = count_people(open_school)
    form = {"user": {"name": "Nina"}, "pseudonym": {"unique_id": ADDRESS}}
    assert browser.post("/register", form).status == 422
    assert (count_people(open_school), mails(open_school)) == (before, [])


def test_brute_force_of_pairing_codes_is_stopped(open_school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    from homeroom.school.sign_in import observer_proofs

    monkeypatch.setattr(observer_proofs, "TRIES_PER_ADDRESS", 2)
    code = pairing_code(open_school)
    for _ in range(2):
        assert register(open_school, code="WRONG1").status == 400
    reply = register(open_school, code=code)
    assert (reply.status, "tried too often" in reply.text) == (429, True)


def test_attack_filling_strangers_mailboxes(open_school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complete_sign_up, "SIGN_UPS_PER_ADDRESS", 2)
    replies = [register(open_school, unique_id=f"victim{number}@home.test") for number in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert len(mails(open_school)) == 2


def test_attack_a_host_that_the_client_made_up_is_not_in_the_link(open_school: School) -> None:
    open_school = open_school.with_settings(public_url="https://real.school.test")
    register(open_school)
    assert "https://real.school.test/register/" in mails(open_school)[0].text_body


def test_attack_header_injection_in_the_address(open_school: School) -> None:
    reply = register(open_school, unique_id="nina@home.test\r\nBcc: all@home.test")
    assert (reply.status, mails(open_school)) == (400, [])


@pytest.mark.spec("homeroom.md#4")
def test_who_lost_the_link_gets_it_again_by_the_way_of_forgotten_passwords(open_school: School) -> None:
    register(open_school)
    first = mails(open_school)[0]
    browser = Browser(open_school)
    for _ in range(5):
        assert browser.submit(
            "/login/canvas/forgot", {"pseudonym_session": {"unique_id_forgot": ADDRESS.upper()}}
        ).status == 200  # fmt: skip
        answer_requests(open_school)
    _, *again = mails(open_school)
    assert {(mail.recipient, mail.subject) for mail in again} == {(first.recipient, first.subject)}
    assert len({link_in(mail) for mail in again}) == 3, "Each mail has a link of its own, and all of them work."
    assert browser.submit(link_in(first), {"pseudonym": {"password": "purple horses sing"}}).status == 302
    open_school.write(lambda db: db.execute(delete(AttemptCount)))
    browser.submit("/login/canvas/forgot", {"pseudonym_session": {"unique_id_forgot": ADDRESS}})
    answer_requests(open_school)
    assert "/login/canvas/reset/" in mails(open_school)[-1].text_body
