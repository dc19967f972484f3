"""Attacks: somebody has a copy of the database, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from tests.conftest import School
from tests.support.browser import Browser
from tests.support.mails import answer_requests, link_in, mails_of

from homeroom import clock
from homeroom.school.people.communication_channels.channels import CONFIRMATION_LIFETIME, MOST_LINKS
from homeroom.school.people.observers import pairing_codes
from homeroom.school.schema import (
    METADATA,
    CommunicationChannel,
    ConfirmationLink,
    ObserverPairingCode,
    SystemFact,
)
from homeroom.school.sign_in.observer_proofs import code_key

CODES = "/api/v1/users/self/observer_pairing_codes"
FORGOT = "/login/canvas/forgot"


def everything(db: Connection) -> str:
    """Every row of every table, as text."""
    return "\n".join(repr(row) for table in METADATA.sorted_tables for row in db.execute(select(table)))


def own_secret(school: School) -> str:
    row = select(SystemFact.c.value).where(SystemFact.c.name == "secret_key")
    return str(school.read(lambda db: db.execute(row).scalar_one()))


def invite(school: School) -> tuple[int, str]:
    """Somebody new, and the nonce of the link that finishes their registration."""
    form = {"pseudonym": {"unique_id": "newbie@home.test"}, "communication_channel": {"confirmation_url": True}}
    json = school.as_("admin").post("/api/v1/accounts/1/users", form).json
    return json["id"], json["confirmation_url"].partition("/register/")[2]


def test_attack_computing_a_registration_link_from_a_copy(school: School) -> None:
    user_id, nonce = invite(school)
    assert nonce not in school.read(everything)
    channel = school.read(
        lambda db: db.execute(select(CommunicationChannel).where(CommunicationChannel.c.user_id == user_id))
    )
    (row,) = channel.all()
    expires = row.created_at + CONFIRMATION_LIFETIME
    # What a link was once made of: all of it is in the copy.
    text = f"confirm\n{user_id}\n{row.address_key}\n{expires.isoformat()}"
    made = hmac.new(own_secret(school).encode(), text.encode(), hashlib.sha256).digest()
    guess = base64.urlsafe_b64encode(made).decode().rstrip("=")
    assert Browser(school).get(f"/register/{guess}").status == 404
    assert Browser(school).get(f"/register/{nonce}").status == 200


def test_links_of_one_address_are_only_so_many_and_go_when_they_are_old(school: School) -> None:
    user_id, first = invite(school)
    url = f"/api/v1/users/{user_id}?include[]=confirmation_url"
    links = [school.as_("admin").get(url).json["confirmation_url"] for _ in range(MOST_LINKS)]
    statuses = [Browser(school).get(f"/register/{link.partition('/register/')[2]}").status for link in (first, *links)]
    assert statuses == [404] + [200] * MOST_LINKS
    dev = school.with_settings(dev=True)
    later = (clock.now() + CONFIRMATION_LIFETIME + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert dev.as_("site_admin").put("/homeroom/v1/clock", json={"now": later}).status == 200
    dev.server.services.jobs.run_due()
    assert dev.read(lambda db: db.execute(select(ConfirmationLink.c.digest)).all()) == []


@pytest.mark.spec("identity.md#9")
def test_attack_computing_a_pairing_code_from_a_copy(school: School) -> None:
    safe = school.with_settings(secret_key="a secret that is in no database 0123456789")
    code = safe.as_("student").post(CODES).json["code"]
    (digest,) = safe.read(lambda db: db.execute(select(ObserverPairingCode.c.digest)).scalars().all())
    secret = own_secret(safe)
    text = f"pairing code {code}".encode()
    assert digest != hmac.new(secret.encode(), text, hashlib.sha256).digest()
    from_the_copy = school.read(lambda db: code_key(db))
    assert digest != pairing_codes.digest_of_code(code, from_the_copy)
    reply = safe.as_("outsider").post("/api/v1/users/self/observees", {"pairing_code": f" {code} "})
    assert reply.status == 200


def test_attack_trying_pairing_codes_out_on_a_copy_of_a_school_without_a_secret_of_its_own() -> None:
    began = time.process_time()
    for _ in range(3):
        pairing_codes.digest_of_code("abc234", b"0" * 16)
    a_try = (time.process_time() - began) / 3
    # 56 characters in six places: ten cores take far longer than a code lives.
    assert a_try * 56**6 / 10 > 10 * pairing_codes.LIFETIME.total_seconds()


@pytest.mark.parametrize("dev", [False, True])
def test_attack_reading_a_link_in_a_mail_that_was_never_sent(school: School, dev: bool) -> None:
    school = school.with_settings(dev=dev)
    Browser(school).submit(FORGOT, {"pseudonym_session": {"unique_id_forgot": "student@school.test"}})
    answer_requests(school)
    nonce = link_in(mails_of(school)[0]).rpartition("/")[2]
    school.server.services.jobs.run_due()
    # Without a mail server it is kept, and only who develops can read it.
    assert (nonce in school.read(everything)) is dev
    later = (clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    developing = school.with_settings(dev=True)
    assert developing.as_("site_admin").put("/homeroom/v1/clock", json={"now": later}).status == 200
    developing.server.services.jobs.run_due()
    assert nonce not in school.read(everything)


def test_attack_reading_a_link_in_a_mail_that_waits_for_a_server_that_is_away(school: School) -> None:
    away = school.with_settings(smtp_url="smtp://127.0.0.1:1")
    Browser(away).submit(FORGOT, {"pseudonym_session": {"unique_id_forgot": "student@school.test"}})
    away.server.services.jobs.run_due()
    nonce = link_in(mails_of(away)[0]).rpartition("/")[2]
    assert nonce in away.read(everything), "It is sent when the server is back."
    later = (clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    developing = school.with_settings(dev=True, smtp_url="smtp://127.0.0.1:1")
    assert developing.as_("site_admin").put("/homeroom/v1/clock", json={"now": later}).status == 200
    developing.server.services.jobs.run_due()
    assert nonce not in away.read(everything)
    (mail,) = mails_of(away)
    assert (mail.state, mail.last_error) == ("dead", "The link in it does not work any more.")


def test_attack_reading_what_somebody_typed_who_forgot_their_password(school: School) -> None:
    Browser(school).submit(FORGOT, {"pseudonym_session": {"unique_id_forgot": "my password by mistake"}})
    answer_requests(school)
    assert "my password by mistake" not in school.read(everything)
