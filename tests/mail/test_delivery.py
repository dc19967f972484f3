"""Delivering mail to a real SMTP server."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.mailbox import PASSWORD, USER, Mailbox, mail_server

from homeroom import clock
from homeroom.db.types import AnyRow
from homeroom.school.jobs.registry import Tools
from homeroom.school.mail import delivery
from homeroom.school.mail.delivery import ATTEMPTS, RETRY_AFTER, deliver_mail, due_mail
from homeroom.school.schema import Account, CommunicationChannel, MailMessage
from homeroom.services import smtp
from homeroom.settings import BadSetting, load_settings
from homeroom.smtp_url import read_mail_server

TEXT = "Hello,\n\nopen http://school.test/register/abc?x=1&y=2.\nBye <b>now</b> {0}\n"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def queue(school: School, **values: Any) -> int:
    """A message that waits."""
    row = {
        "notification": "Test",
        "recipient": "stella@home.test",
        "subject": "Grüße, Stella",
        "text_body": TEXT,
        "state": "queued",
        "next_attempt_at": clock.real_now(),
        "created_at": clock.now(),
    }
    key = school.write(lambda db: db.execute(insert(MailMessage).values({**row, **values}))).inserted_primary_key
    return int(key[0])


def deliver(school: School, url: str | None, message_id: int, **settings: Any) -> AnyRow:
    """Run the job once; the row afterwards."""
    server = school.with_settings(smtp_url=url, **settings).server
    deliver_mail(Tools(server.services.database, server.services.settings), message_id=message_id)
    return row_of(school, message_id)


def row_of(school: School, message_id: int) -> AnyRow:
    row: AnyRow = school.read(lambda db: db.execute(select(MailMessage).where(MailMessage.c.id == message_id)).one())
    return row


def make_due(school: School, message_id: int) -> None:
    def change(db: Connection) -> None:
        past = clock.real_now() - timedelta(seconds=1)
        row = update(MailMessage).where(MailMessage.c.id == message_id)
        db.execute(row.values(next_attempt_at=past, leased_until=None))

    school.write(change)


def test_a_message_arrives_in_text_and_html(school: School, mailbox: Mailbox) -> None:
    row = deliver(school, mailbox.url(), queue(school), public_url="https://homeroom.school.test")
    assert (row.state, row.attempts, row.last_error) == ("sent", 1, None)
    assert row.sent_at is not None
    (message,) = mailbox.messages
    assert mailbox.senders == ["no-reply@homeroom.school.test"]
    assert message["From"] == "Homeroom <no-reply@homeroom.school.test>"
    assert message["To"] == "stella@home.test"
    assert message["Subject"] == "Grüße, Stella"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith(f".{row.id}@homeroom.school.test>")
    text, html = (part.get_content() for part in message.iter_parts())
    assert text.replace("\r\n", "\n") == TEXT
    assert '<a href="http://school.test/register/abc?x=1&amp;y=2"' in html
    assert "Bye &lt;b&gt;now&lt;/b&gt; {0}" in html


def test_what_was_sent_is_forgotten_but_while_developing(school: School, mailbox: Mailbox) -> None:
    assert deliver(school, mailbox.url(), queue(school)).text_body == ""
    assert deliver(school, mailbox.url(), queue(school), dev=True).text_body == TEXT


def test_a_message_is_delivered_once(school: School, mailbox: Mailbox) -> None:
    message = queue(school)
    for _ in range(3):
        deliver(school, mailbox.url(), message)
    assert len(mailbox.messages) == 1


def test_two_workers_deliver_a_message_once(school: School, mailbox: Mailbox) -> None:
    mailbox.delay = 0.3
    server = school.with_settings(smtp_url=mailbox.url()).server
    tools = Tools(server.services.database, server.services.settings)
    message = queue(school)
    workers = [threading.Thread(target=deliver_mail, args=(tools,), kwargs={"message_id": message}) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(mailbox.messages) == 1


def test_a_rude_goodbye_does_not_send_it_twice(school: School, mailbox: Mailbox) -> None:
    mailbox.says["QUIT"] = "500 Leave me alone"
    message = queue(school)
    assert deliver(school, mailbox.url(), message).state == "sent"


def test_what_a_dead_worker_held_is_taken_over_when_its_lease_ends(school: School, mailbox: Mailbox) -> None:
    message = queue(school, leased_until=clock.real_now() + timedelta(minutes=4))
    assert deliver(school, mailbox.url(), message).state == "queued"
    assert school.read(due_mail) == []
    make_due(school, message)
    assert [call.ids for call in school.read(due_mail)] == [{"message_id": message}]
    assert deliver(school, mailbox.url(), message).state == "sent"


@pytest.mark.parametrize(
    ("command", "answer"),
    [("RCPT", "450 The mailbox is busy"), ("DATA", "452 The disk is full"), ("MAIL", "550 I do not know you")],
)
def test_what_may_work_later_is_tried_again_later(school: School, mailbox: Mailbox, command: str, answer: str) -> None:
    mailbox.says[command] = answer
    message = queue(school)
    row = deliver(school, mailbox.url(), message)
    assert (row.state, row.last_error, row.leased_until) == ("queued", answer, None)
    assert RETRY_AFTER[0] - timedelta(seconds=10) < row.next_attempt_at - clock.real_now() <= RETRY_AFTER[0]
    assert deliver(school, mailbox.url(), message).attempts == 1
    mailbox.says.clear()
    make_due(school, message)
    assert deliver(school, mailbox.url(), message).state == "sent"


def test_the_waits_get_longer_and_then_the_message_is_dead(school: School, mailbox: Mailbox) -> None:
    mailbox.says["RCPT"] = "450 Not now"
    message = queue(school)
    waits = []
    for _ in range(ATTEMPTS - 1):
        row = deliver(school, mailbox.url(), message)
        assert row.state == "queued"
        waits.append(row.next_attempt_at - clock.real_now())
        make_due(school, message)
    assert waits == sorted(waits)
    row = deliver(school, mailbox.url(), message)
    assert (row.state, row.attempts, row.last_error) == ("dead", ATTEMPTS, "450 Not now")
    mailbox.says.clear()
    make_due(school, message)
    assert school.read(due_mail) == []
    assert deliver(school, mailbox.url(), message).state == "dead"


@pytest.mark.parametrize(("command", "answer"), [("RCPT", "550 No such person"), ("DATA", "554 Not from you")])
def test_what_is_refused_for_good_is_dead_and_its_channel_remembers(
    school: School, mailbox: Mailbox, command: str, answer: str
) -> None:
    mailbox.says[command] = answer
    channel = school.read(
        lambda db: db.execute(
            select(CommunicationChannel.c.id).where(CommunicationChannel.c.user_id == school.id("student"))
        ).scalar_one()
    )
    row = deliver(school, mailbox.url(), queue(school, communication_channel_id=channel))
    assert (row.state, row.last_error, row.attempts) == ("dead", answer, 1)
    bounced = school.read(
        lambda db: db.execute(select(CommunicationChannel).where(CommunicationChannel.c.id == channel)).one()
    )
    assert bounced.last_bounce_summary == answer
    assert bounced.last_bounce_at is not None


def test_nobody_listening_is_no_reason_to_give_up(school: School) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        row = deliver(school, f"smtp://127.0.0.1:{held.getsockname()[1]}", queue(school))
    assert (row.state, row.attempts) == ("queued", 1)
    assert "ConnectionRefusedError" in row.last_error


def test_a_server_that_says_nothing_is_left_in_time(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        row = deliver(school, f"smtp://127.0.0.1:{silent.getsockname()[1]}", queue(school))
    assert row.state == "queued"
    assert "timed out" in row.last_error.lower()


def test_the_waits_of_a_conversation_are_those_that_rfc_5321_wants() -> None:
    assert (smtp.STEP_TIMEOUT, smtp.FINAL_TIMEOUT) >= (5 * 60, 10 * 60)


def test_a_server_that_is_slow_to_say_that_it_has_the_message_gets_it_once(
    school: School, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.2)
    monkeypatch.setattr(smtp, "STEP_TIMEOUT", 0.2)
    mailbox.delay = 0.6
    row = deliver(school, mailbox.url(), queue(school))
    assert (row.state, row.attempts, len(mailbox.messages)) == ("sent", 1, 1)


def test_a_lease_lasts_as_long_as_the_conversation(
    school: School, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=2))
    monkeypatch.setattr(delivery, "RENEWED_EVERY", timedelta(seconds=0.1))
    mailbox.delay = 4
    message = queue(school)
    first = threading.Thread(target=deliver, args=(school, mailbox.url(), message))
    first.start()
    while row_of(school, message).attempts == 0:
        time.sleep(0.05)
    # Longer than the lease, and shorter than the conversation.
    time.sleep(2.5)
    assert school.read(due_mail) == []
    first.join()
    assert (row_of(school, message).state, len(mailbox.messages)) == ("sent", 1)


def test_slow_mail_servers_leave_a_thread_for_other_jobs(
    school: School, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_slots", threading.Semaphore(0))
    server = school.with_settings(smtp_url=mailbox.url()).server
    woken: list[Any] = []
    monkeypatch.setattr(server.services.database, "wake", woken.extend)
    message = queue(school)
    deliver_mail(Tools(server.services.database, server.services.settings), message_id=message)
    assert [call.ids for call in woken] == [{"message_id": message}]
    assert (row_of(school, message).attempts, mailbox.messages) == (0, [])


@pytest.mark.parametrize("column", ["next_attempt_at", "leased_until"])
def test_what_a_wrong_clock_put_off_for_years_is_due(school: School, mailbox: Mailbox, column: str) -> None:
    message = queue(school, **{column: clock.real_now() + timedelta(days=1500)})
    assert [call.ids for call in school.read(due_mail)] == [{"message_id": message}]
    assert deliver(school, mailbox.url(), message).state == "sent"


def test_a_job_that_breaks_off_again_and_again_ends(school: School, mailbox: Mailbox) -> None:
    row = deliver(school, mailbox.url(), queue(school, attempts=ATTEMPTS))
    assert (row.state, row.last_error, mailbox.messages) == ("dead", "Every attempt broke off.", [])


def test_without_a_mail_server_messages_are_kept_and_never_sent_later(school: School, mailbox: Mailbox) -> None:
    message = queue(school)
    row = deliver(school, None, message)
    assert (row.state, row.text_body, row.attempts) == ("kept", "", 0), "Nobody will send it, and it may hold a link."
    assert deliver(school, None, queue(school), dev=True).text_body == TEXT
    assert deliver(school, mailbox.url(), message).state == "kept"
    assert mailbox.messages == []


def test_a_moved_clock_does_not_keep_mail_back(school: School, mailbox: Mailbox) -> None:
    dev = school.with_settings(dev=True, smtp_url=mailbox.url())
    moved = dev.as_("site_admin").put("/homeroom/v1/clock", json={"now": "2031-01-01T00:00:00Z", "frozen": True})
    assert moved.status == 200
    message = queue(school)
    deliver_mail(Tools(dev.server.services.database, dev.server.services.settings), message_id=message)
    assert row_of(school, message).state == "sent"
    assert mailbox.messages[0]["Date"].datetime > datetime.now(UTC) - timedelta(minutes=1)


# --- header injection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipient",
    [
        "stella@home.test\r\nBcc: everybody@home.test",
        "stella@home.test\nX-Evil: 1",
        "stella@home.test, everybody@home.test",
        "Stella <stella@home.test>",
        "stella@home.test>\r\nRCPT TO:<everybody@home.test",
        "",
    ],
)
def test_header_injection_by_an_address_sends_nothing(school: School, mailbox: Mailbox, recipient: str) -> None:
    row = deliver(school, mailbox.url(), queue(school, recipient=recipient))
    assert (row.state, row.last_error, mailbox.messages) == ("dead", "This is not an e-mail address.", [])


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_header_injection_by_a_subject_stays_in_the_subject(school: School, mailbox: Mailbox, line_break: str) -> None:
    deliver(school, mailbox.url(), queue(school, subject=f"Hi{line_break}Bcc: everybody@home.test"))
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: everybody@home.test"
    assert message["To"] == "stella@home.test"


def test_header_injection_by_the_schools_name_stays_in_the_name(school: School, mailbox: Mailbox) -> None:
    hostile = 'Homeroom\r\nBcc: everybody@home.test "<x@evil.test>'
    school.write(lambda db: db.execute(update(Account).where(Account.c.id == 1).values(name=hostile)))
    assert deliver(school, mailbox.url(), queue(school)).state == "sent"
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert mailbox.senders == ["no-reply@localhost"]
    assert message["From"].addresses[0].addr_spec == "no-reply@localhost"


def test_a_line_of_one_dot_does_not_end_the_message(school: School, mailbox: Mailbox) -> None:
    deliver(school, mailbox.url(), queue(school, text_body="a\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n"))
    (message,) = mailbox.messages
    assert "MAIL FROM:<evil@evil.test>" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


# --- TLS and login -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-out", str(files[0]), "-keyout", str(files[1])],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate


LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


def test_starttls_and_a_login(school: School, trusted: tuple[Path, Path]) -> None:
    with mail_server(trusted, require_starttls=True, auth_required=True) as mailbox:
        url = mailbox.url("?starttls=1&from=office@school.test", LOGIN)
        row = deliver(school, url, queue(school))
        assert (row.state, row.last_error) == ("sent", None)
        assert mailbox.senders == ["office@school.test"]


def test_tls_from_the_beginning(school: School, trusted: tuple[Path, Path]) -> None:
    with mail_server(trusted, smtps=True, auth_require_tls=False, server_hostname="localhost") as mailbox:
        assert deliver(school, mailbox.url(scheme="smtps"), queue(school)).state == "sent"


def test_a_certificate_that_nobody_vouches_for_is_not_taken(school: School, certificate: tuple[Path, Path]) -> None:
    with mail_server(certificate) as mailbox:
        row = deliver(school, mailbox.url("?starttls=1"), queue(school))
        assert (row.state, mailbox.messages) == ("queued", [])
        assert "CERTIFICATE_VERIFY_FAILED" in row.last_error


def test_starttls_stripping_nothing_is_sent_in_the_clear(school: School, mailbox: Mailbox) -> None:
    row = deliver(school, mailbox.url("?starttls=1", LOGIN), queue(school))
    assert (row.state, mailbox.messages) == ("queued", [])
    assert "STARTTLS" in row.last_error


def test_a_wrong_login_is_tried_again_and_its_password_is_not_told(school: School, trusted: tuple[Path, Path]) -> None:
    with mail_server(trusted, auth_required=True) as mailbox:
        row = deliver(school, mailbox.url("?starttls=1", "homeroom:wrong-secret@"), queue(school))
        assert row.state == "queued"
        assert row.last_error.startswith("535 ")
        assert "wrong-secret" not in row.last_error


# --- the setting -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "user", "password", "sender"),
    [
        ("smtp://mail.test", "mail.test", 25, "never", None, None, None),
        ("smtp://mail.test/?starttls=1", "mail.test", 587, "starttls", None, None, None),
        ("smtp://mail.test:2525?starttls=0", "mail.test", 2525, "never", None, None, None),
        ("smtps://a%40b:p%3Aw%2F@mail.test?from=x@y.test", "mail.test", 465, "always", "a@b", "p:w/", "x@y.test"),
        ("smtp://[::1]:26", "::1", 26, "never", None, None, None),
    ],
)
def test_how_a_mail_servers_url_is_read(
    url: str, host: str, port: int, tls: str, user: str | None, password: str | None, sender: str | None
) -> None:
    server = read_mail_server(url)
    found = (server.host, server.port, server.tls, server.user, server.password, server.sender)
    assert found == (host, port, tls, user, password, sender)
    assert password is None or password not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.test", "http://mail.test", "smtp://", "smtp://mail.test/path", "smtp://mail.test:0", "smtp://mail.test:x",
        "smtp://mail.test:70000", "smtp://mail.test?tls=1", "smtp://mail.test?from=nobody", "smtp://mail.test#x",
        "smtp://mail.test?from=a@b%0d%0aBcc:c@d.test",
    ],
)  # fmt: skip
def test_a_mail_server_that_cannot_be_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSetting, match=r"^HOMEROOM_SMTP_URL "):
        load_settings({"HOMEROOM_SMTP_URL": url})
