"""The whole way of a mail: a page, a row, the queue, the worker's process, a mail server."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import httpx
from tests.support.live import serving
from tests.support.mailbox import mail_server


def test_the_worker_of_a_real_server_sends_what_a_page_promised(
    sqlite_template: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    shutil.copy(sqlite_template[0], tmp_path / "homeroom.db")
    with mail_server() as mailbox, serving(tmp_path, settings={"HOMEROOM_SMTP_URL": mailbox.url()}) as server:
        with httpx.Client(base_url=server.url) as client:
            page = client.get("/login/canvas/forgot")
            token = page.text.split('name="authenticity_token" value="')[1].split('"')[0]
            form = {"authenticity_token": token, "pseudonym_session[unique_id_forgot]": "student@school.test"}
            assert client.post("/login/canvas/forgot", data=form).status_code == 200
        deadline = time.monotonic() + 20
        while not mailbox.messages and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(mailbox.messages) == 1
        message = mailbox.messages[0]
        assert message["To"] == "student@school.test"
        text = message.get_body(("plain",))
        assert text is not None
        link = text.get_content().split(f"{server.url}/login/canvas/reset/")[1].split()[0]
        assert httpx.get(f"{server.url}/login/canvas/reset/{link}").status_code == 200
