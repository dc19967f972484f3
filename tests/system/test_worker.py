"""The worker process: jobs follow an answer at once, and what a queue loses is found."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests
from sqlalchemy import insert
from tests.support.live import LiveServer, environment, serving
from tests.support.mailbox import Mailbox, mail_server

from homeroom import clock
from homeroom.db import Database
from homeroom.school.schema import MailMessage


def invite(server: LiveServer, number: int) -> None:
    """Create somebody who is told of it by mail."""
    form = {
        "user[name]": f"N {number}",
        "pseudonym[unique_id]": f"n{number}@school.test",
        "pseudonym[send_confirmation]": "1",
    }
    headers = {"Authorization": f"Bearer {server.first_token}"}
    answer = requests.post(f"{server.url}/api/v1/accounts/1/users", form, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


def run_jobs(server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {server.first_token}"}
    assert requests.post(f"{server.url}/homeroom/v1/jobs/run", headers=headers, timeout=40).status_code == 200


def wait_until(true: Callable[[], bool], seconds: float = 10) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_job_follows_its_answer_without_being_asked_for(empty_url: str, tmp_path: Path) -> None:
    with mail_server() as mailbox:
        settings = {"HOMEROOM_SMTP_URL": mailbox.url()}
        with serving(tmp_path / "data", "--database", empty_url, settings=settings) as server:
            invite(server, 1)
            wait_until(lambda: len(mailbox.messages) == 1)  # The worker is still starting.
            invite(server, 2)
            assert wait_until(lambda: len(mailbox.messages) == 2) < 2


def test_what_waits_without_being_in_the_queue_is_found_at_the_start(empty_url: str, tmp_path: Path) -> None:
    with mail_server() as mailbox:
        settings = {"HOMEROOM_SMTP_URL": mailbox.url()}
        with serving(tmp_path / "data", "--database", empty_url, settings=settings):
            pass
        leave_a_message(empty_url)
        with serving(tmp_path / "data", "--database", empty_url, settings=settings):
            assert wait_until(lambda: len(mailbox.messages) == 1) < 10


def leave_a_message(url: str) -> None:
    database = Database(url)
    now = clock.real_now()
    with database.write() as db:
        db.execute(
            insert(MailMessage).values(
                notification="Test", recipient="lost@school.test", subject="Lost", text_body="Found.",
                state="queued", next_attempt_at=now, created_at=now,
            )
        )  # fmt: skip
    database.close()


def test_running_jobs_waits_for_what_the_worker_has_begun(empty_url: str, tmp_path: Path) -> None:
    with mail_server() as mailbox:
        settings = {"HOMEROOM_SMTP_URL": mailbox.url(), "HOMEROOM_DEV": "1"}
        with serving(tmp_path / "data", "--database", empty_url, "--workers", "2", settings=settings) as server:
            invite(server, 1)
            wait_until(lambda: len(mailbox.messages) == 1)
            slow(mailbox)
            for number in range(2, 6):
                invite(server, number)
                # By now the worker may have it, or not.
                time.sleep(0.05 * number)
                run_jobs(server)
                assert len(mailbox.messages) == number


def slow(mailbox: Mailbox) -> None:
    mailbox.delay = 0.4


def test_a_worker_alone_does_the_jobs_and_stops_when_it_is_asked_to(empty_url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "--database", empty_url):
        pass
    leave_a_message(empty_url)
    with mail_server() as mailbox:
        command = [sys.executable, "-m", "homeroom", "worker", "--data", str(data), "--database", empty_url]
        process = subprocess.Popen(command, env=environment({"HOMEROOM_SMTP_URL": mailbox.url()}))
        try:
            wait_until(lambda: len(mailbox.messages) == 1, seconds=30)
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
