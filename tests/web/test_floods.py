"""Attacks: somebody who is nobody fills mailboxes and tables, guesses, or learns who is here (homeroom.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, func, select
from tests.conftest import School
from tests.support.browser import Browser, token_in
from tests.support.mails import answer_requests, link_in, mails_of
from tests.support.settings import change_settings
from tests.support.sign_in import make_token

from homeroom.school.schema import MailMessage, PasswordResetRequest, User
from homeroom.school.sign_in import complete_sign_up, link_mails, observer_proofs, password_resets

FORGOT = "/login/canvas/forgot"
USERS, REGISTER = "/api/v1/accounts/1/users", "/api/v1/accounts/1/self_registration"
TOO_MANY = {"message": "Too many tries. Try again later."}


@pytest.fixture
def open_school(school: School) -> School:
    change_settings(school, self_registration="all")
    return school


def sign_up(school: School, way: str, login: str, address: str | None = None) -> Any:
    """Somebody registers by themselves, in one of the ways there are."""
    form: dict[str, Any] = {"user": {"name": "Nina", "terms_of_use": "1"}, "pseudonym": {"unique_id": login}}
    if way == "page":
        return Browser(school).submit("/register", form)
    if address:
        form["communication_channel"] = {"address": address}
    return school.as_("anonymous").post(way, form)


def forget(school: School, typed: str) -> Any:
    return Browser(school).submit(FORGOT, {"pseudonym_session": {"unique_id_forgot": typed}})


def people(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(User)).scalar_one()))


@contextmanager
def statements(school: School) -> Iterator[list[str]]:
    seen: list[str] = []
    engine = school.server.services.database.engine

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#5")
@pytest.mark.parametrize("limit", ["SIGN_UPS_PER_ADDRESS", "SIGN_UPS_IN_ALL"])
@pytest.mark.parametrize("way", [USERS, REGISTER, "page"])
def test_attack_filling_the_school_with_people(
    open_school: School, monkeypatch: pytest.MonkeyPatch, way: str, limit: str
) -> None:
    monkeypatch.setattr(complete_sign_up, limit, 2)
    before = people(open_school)
    replies = [sign_up(open_school, way, f"number{number}@home.test") for number in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429]
    assert way == "page" or replies[-1].json == TOO_MANY
    assert (people(open_school), len(mails_of(open_school))) == (before + 2, 2)
    # Administrators go on making people.
    form = {"pseudonym": {"unique_id": "more@home.test"}}
    assert open_school.as_("admin").post(USERS, form).status == 200


@pytest.mark.parametrize("way", [USERS, REGISTER])
def test_attack_filling_one_mailbox_by_signing_up(
    open_school: School, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(link_mails, "MAILS_PER_RECIPIENT", 2)
    before = people(open_school)
    replies = [sign_up(open_school, way, f"number{number}@home.test", "Victim@home.test") for number in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429]
    assert replies[-1].json == {"message": "Too many mails went to this address; try again later."}
    assert (people(open_school), len(mails_of(open_school))) == (before + 2, 2)


def test_attack_filling_one_mailbox_in_every_way_there_is(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_mails, "MAILS_PER_RECIPIENT", 3)
    admin, student = school.as_("admin"), f"/api/v1/users/{school.id('student')}"
    victim = "student@school.test"
    for who in ("classmate", "teacher"):
        form = {"communication_channel": {"address": victim}}
        assert school.as_(who).post("/api/v1/users/self/communication_channels", form).status == 200
    assert admin.post("/api/v1/users/reset_password", {"email": victim}).status == 200
    assert admin.post("/api/v1/users/reset_password", {"email": victim}).status == 429
    assert admin.put(f"/api/v1/users/{school.id('ta')}", {"user": {"email": victim}}).status == 429
    form = {"pseudonym": {"unique_id": "x", "send_confirmation": "1"}, "communication_channel": {"address": victim}}
    assert admin.post(USERS, form).status == 429
    forget(school, victim)
    answer_requests(school)
    assert [mail.recipient for mail in mails_of(school)] == [victim] * 3
    # What the account's owner must hear comes all the same.
    assert admin.put(student, {"user": {"email": "evil@attacker.test"}}).status == 200
    assert mails_of(school, security=True)[-1].recipient == victim


def test_attack_asking_for_new_passwords_of_everybody(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_resets, "MAILS_IN_ALL", 2)
    texts = [forget(school, f"{who}@school.test").status for who in ("student", "teacher", "ta")]
    assert texts == [200, 200, 200]
    answer_requests(school)
    assert len(mails_of(school)) == 2


def test_attack_filling_the_table_of_those_who_forgot(school: School) -> None:
    forget(school, "x" * 100_000)
    for number in range(password_resets.MAILS_PER_ADDRESS + 5):
        forget(school, f"{number}")
    count = select(func.count()).select_from(PasswordResetRequest)
    assert school.read(lambda db: db.execute(count).scalar()) == password_resets.MAILS_PER_ADDRESS
    school.server.services.jobs.run_due()
    assert school.read(lambda db: db.execute(count).scalar()) == 0


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize("limit", ["TRIES_PER_USER", "TRIES_PER_ADDRESS", "TRIES_IN_ALL"])
@pytest.mark.parametrize("proof", ["access_token", "pairing_code"])
def test_attack_guessing_what_proves_a_student(
    school: School, monkeypatch: pytest.MonkeyPatch, limit: str, proof: str
) -> None:
    monkeypatch.setattr(observer_proofs, limit, 2)
    url = "/api/v1/users/self/observees"
    right = {
        "access_token": make_token(school)["visible_token"],
        "pairing_code": school.as_("student").post("/api/v1/users/self/observer_pairing_codes").json["code"],
    }[proof]
    outsider = school.as_("outsider")
    assert outsider.post(url, {proof: "guess"}).status == 422
    assert outsider.post(url, {proof: right}).status == 200, "The right one takes the tries off the count."
    guesses = 2 if limit == "TRIES_PER_USER" else 1
    assert [outsider.post(url, {proof: f"guess{n}"}).status for n in range(guesses)] == [422] * guesses
    refused = outsider.post(url, {proof: right})
    assert (refused.status, refused.json) == (429, TOO_MANY)


# --- who is here -------------------------------------------------------------------------------------------------


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize("known", ["student@school.test", "newbie@home.test"])
def test_attack_learning_by_time_who_is_here_from_a_forgotten_password(school: School, known: str) -> None:
    school.as_("admin").post(USERS, {"pseudonym": {"unique_id": "newbie@home.test"}})
    forget(school, "somebody@nowhere.test")
    with statements(school) as for_nobody:
        forget(school, "nobody@nowhere.test")
    with statements(school) as for_somebody:
        forget(school, known)
    assert for_nobody == for_somebody
    answer_requests(school)
    assert [mail.recipient for mail in mails_of(school)] == [known]


def test_attack_learning_who_is_here_from_the_page_to_register(open_school: School) -> None:
    sign_up(open_school, "page", "warm-up@home.test")
    known, new = "student@school.test", "nina@home.test"
    before = people(open_school)
    with statements(open_school) as for_known:
        there = sign_up(open_school, "page", known)
    with statements(open_school) as for_new:
        fresh = sign_up(open_school, "page", new)
    assert there.status == fresh.status == 200
    assert there.text.replace(known, "WHO") == fresh.text.replace(new, "WHO")
    assert people(open_school) == before + 1
    # The same work: what is made for somebody who is here already is undone by one statement.
    assert abs(len(for_known) - len(for_new)) <= 1
    _, reminder, invitation = mails_of(open_school)
    assert (reminder.recipient, invitation.recipient) == (known, new)
    assert "There is such an account" in reminder.text_body
    assert "/register/" not in reminder.text_body
    assert link_in(invitation)


def test_attack_learning_who_is_here_from_a_form_with_another_mistake(open_school: School) -> None:
    def text(login: str) -> str:
        form = {"user": {"name": ""}, "pseudonym": {"unique_id": login}}
        reply = Browser(open_school).submit("/register", form)
        assert reply.status == 400
        text = reply.text.replace(login, "WHO").replace(unescape(token_in(reply)), "TOKEN")
        return text.partition("<main")[2]

    assert text("student@school.test") == text("nobody@school.test")
    assert open_school.read(lambda db: db.execute(select(MailMessage.c.id)).all()) == []
