"""``homeroom serve`` as a person, a container and a service manager see it."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests
from sqlalchemy import text
from tests.support.live import READY, LiveServer, environment, run, serving

from homeroom.db import Database
from homeroom.db.migrate import migrate
from homeroom.school.people.passwords import verify_password
from homeroom.school.schema import METADATA
from homeroom.settings import load_settings


def whoami(server: LiveServer, token: str) -> requests.Response:
    return requests.get(f"{server.url}/api/v1/users/self", headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.mark.spec("homeroom.md#1")
def test_the_first_start_says_once_how_to_get_in(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    data = tmp_path / "deep" / "school"
    with serving(data) as server:
        said = "\n".join(server.output)
        for name in ("Address", "Login", "Password", "Token"):
            assert re.search(rf"^  {name} +\S+", said, re.MULTILINE), said
        # A password would stay in the log of a service; scripts read the token.
        assert "Password  is shown on a terminal only; `homeroom user password admin@homeroom.example` sets" in said
        assert f"Token     {server.first_token}  (also in {data / 'admin-token'})" in said
        assert stat.S_IMODE((data / "admin-token").stat().st_mode) == 0o600
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        answer = whoami(server, server.first_token)
        assert answer.status_code == 200
        assert answer.json()["login_id"] == re.search(r"Login +(\S+)", said).group(1)  # type: ignore[union-attr]
        assert server.output[-1] == f"Homeroom is ready on {server.url}"
        record_property("seconds_to_ready", server.seconds_to_ready)
        assert server.seconds_to_ready < 10
    assert stat.S_IMODE((data / "homeroom.db").stat().st_mode) & 0o007 == 0
    with closing(sqlite3.connect(data / "homeroom.db")) as db:
        # What waited to be written when it was asked to stop, was.
        assert db.execute("SELECT count(*) FROM access_tokens WHERE last_used_at IS NOT NULL").fetchone() == (1,)
    with serving(data) as again:
        assert again.output == [f"Homeroom is ready on {again.url}"]
        assert whoami(again, again.first_token).status_code == 200


def test_the_first_password_is_shown_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "homeroom", "serve", "--port", "0", "--data", str(tmp_path)]
    said = ""
    with subprocess.Popen(command, env=environment(), stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        with suppress(OSError):
            while READY not in said and (more := os.read(ours, 4096)):
                said += more.decode()
        process.terminate()
    os.close(ours)
    token = (tmp_path / "admin-token").read_text().strip()
    assert f"Token     {token}  (also in {tmp_path / 'admin-token'})" in said
    password = re.search(r"Password  (\S{16})\r?$", said, re.MULTILINE)
    assert password is not None, said
    with closing(sqlite3.connect(tmp_path / "homeroom.db")) as db:
        (stored,) = db.execute("SELECT password_hash FROM logins").fetchone()
    assert verify_password(stored, password[1])


def test_a_given_token_is_the_first_admins(tmp_path: Path) -> None:
    token = "given-by-the-container-0123"
    with serving(tmp_path, settings={"HOMEROOM_ADMIN_TOKEN": token}) as server:
        assert server.first_token == token
        assert whoami(server, token).status_code == 200


def test_a_token_given_to_a_school_that_is_there_opens_it_too(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        made = server.first_token
    with serving(tmp_path, settings={"HOMEROOM_ADMIN_TOKEN": "given-later-0123456789"}) as server:
        assert whoami(server, "given-later-0123456789").status_code == 200
        assert whoami(server, made).status_code == 200


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_all_its_processes_within_seconds(tmp_path: Path, signum: signal.Signals) -> None:
    with serving(tmp_path, "--workers", "2") as server, requests.Session() as session:
        # A client that keeps its connection open does not hold it up.
        session.get(f"{server.url}/api/v1/users/self", timeout=5)
        time.sleep(1.5)
        began = time.monotonic()
        # Ctrl-C reaches the whole group.
        (os.killpg if signum == signal.SIGINT else os.kill)(server.process.pid, signum)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 6
        assert server.output[-1] == "Homeroom has stopped."
        with pytest.raises(ProcessLookupError):
            os.killpg(server.process.pid, 0)
        assert [line for line in server.errors if '"error"' in line] == []


def test_a_web_process_and_the_worker_are_started_again_when_they_die(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        before = wait_for_children(server, 2)
        web_processes = [pid for child in before for pid in children_of(child)]
        assert web_processes
        for pid in (*web_processes, *before):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if len(children(server)) >= 2 and not set(children(server)) & set(before) and is_up(server):
                break
            time.sleep(0.1)
        assert not set(children(server)) & set(before)
        assert whoami(server, server.first_token).status_code == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_web_process_that_dies_again_and_again_does_not_end_the_server(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as server:
        wait_for_children(server, int(workers) + 1)
        for _ in range(3):
            web_processes = [pid for child in children(server) for pid in children_of(child)]
            assert web_processes
            for pid in web_processes:
                os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while not (is_up(server) and any(children_of(child) for child in children(server))):
                assert server.process.poll() is None, "The whole server has ended."
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert whoami(server, server.first_token).status_code == 200


def is_up(server: LiveServer) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{server.url}/homeroom/v1/health", timeout=5).status_code == 200
    return False


def test_children_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        orphans = wait_for_children(server, 2)
        server.process.kill()
        server.process.wait(5)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(alive(pid) for pid in orphans):
            time.sleep(0.1)
        assert not any(alive(pid) for pid in orphans)


def children(server: LiveServer) -> list[int]:
    return children_of(server.process.pid)


def children_of(pid: int) -> list[int]:
    found: set[int] = set()
    # A process or thread may end between being listed and being looked at.
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.update(map(int, (thread / "children").read_text().split()))
    return sorted(found)


def wait_for_children(server: LiveServer, count: int) -> list[int]:
    deadline = time.monotonic() + 10
    while len(children(server)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    return children(server)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ipv6(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("There is no IPv6 here.")
    with serving(tmp_path, "--host", "::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert whoami(server, server.first_token).status_code == 200


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        result = run("serve", "--port", str(server.port), "--data", tmp_path)
        assert result.returncode == 1
        assert result.stderr == (
            f"Error: Port {server.port} on 127.0.0.1 is taken; "
            "choose another with --port (make run PORT=...), or 0 for any free one.\n"
        )


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("--data", "/proc/nowhere"), "The data folder /proc/nowhere cannot be written to: "),
        (("--data", "{tmp}/file"), "{tmp}/file cannot be the data folder: it is a file."),
        (("--host", "no.such.host.invalid"), "There is no address for the host 'no.such.host.invalid'."),
        (("--host", "192.0.2.1"), "192.0.2.1 is not an address of this machine."),
        (("--database", "mysql://x"), "The database URL must begin with sqlite:/// or postgresql://."),
        (("--database", "sqlite:///"), "The database URL must name a file: processes cannot share what is in memory."),
        (("--database", "sqlite:///:memory:"), "The database URL must name a file: processes cannot share what is in "),
        (
            ("--database", "postgresql+psycopg://u:secret@127.0.0.1:port/x"),
            "The database URL cannot be read: its port is not a number.",
        ),
        (("--database", "sqlite:////proc/nowhere/x.db"), "/proc/nowhere cannot be used: No such file or directory."),
        (
            ("--database", "sqlite:///{tmp}/file"),
            "The database sqlite:///{tmp}/file cannot be used: file is not a database.",
        ),
        (
            ("--database", "postgresql+psycopg://u:secret@127.0.0.1:1/x"),
            "The database postgresql+psycopg://u:***@127.0.0.1:1/x cannot be used: ",
        ),
    ],
)  # fmt: skip
def test_what_keeps_it_from_starting_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "file").write_bytes(b"not a database " * 100)
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    result = run("serve", "--port", "0", "--data", tmp_path / "data", *given)
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("Error: " + sentence.replace("{tmp}", str(tmp_path)))
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr + result.stdout
    assert not (tmp_path / "data").exists(), "A start that failed has made something."


@pytest.mark.parametrize("arguments", [("--port", "70000"), ("--workers", "0"), ("--nonsense",)])
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    assert run("serve", *arguments).returncode == 2


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("THROTTLE", "maybe", "HOMEROOM_THROTTLE is 'maybe'; it can be 429, 403, off."),
        ("NOT_ALLOWED", "404", "HOMEROOM_NOT_ALLOWED is '404'; it can be 403, 401."),
        (
            "STORAGE_URL", "s4://files",
            "HOMEROOM_STORAGE_URL is 's4://files'; it must be an address such as s3://BUCKET/PATH or file:///FOLDER.",
        ),
        (
            "STORAGE_URL", "s3:files",
            "HOMEROOM_STORAGE_URL is 's3:files'; it must be an address such as s3://BUCKET/PATH or file:///FOLDER.",
        ),
        ("DEV", "ture", "HOMEROOM_DEV is 'ture'; it can be 1 or 0."),
        ("MAX_BODY", "1e6", "HOMEROOM_MAX_BODY is '1e6'; it must be a whole number above 0."),
        ("MAX_JSON_DEPTH", "501", "HOMEROOM_MAX_PARAMETER_DEPTH and HOMEROOM_MAX_JSON_DEPTH can be 500 at most."),
        ("ADMIN_TOKEN", "too short", "HOMEROOM_ADMIN_TOKEN must be 20 to 200 visible characters."),
        (
            "PUBLIC_URL", "school.example",
            "HOMEROOM_PUBLIC_URL is 'school.example'; it must be an address such as https://school.example.",
        ),
        (
            "PUBLIC_URL", "https://school.example/canvas",
            "HOMEROOM_PUBLIC_URL is 'https://school.example/canvas'; it must be an address such as "
            "https://school.example.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_said_in_a_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    result = run("serve", "--data", tmp_path, settings={f"HOMEROOM_{name}": value})
    assert (result.returncode, result.stderr) == (1, f"Error: {sentence}\n")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_address_is_taken_as_other_programs_write_it(scheme: str) -> None:
    settings = load_settings({"HOMEROOM_DATABASE_URL": f"{scheme}://u@db/x"})
    assert settings.url == "postgresql+psycopg://u@db/x"
    assert load_settings({}, database_url=f"{scheme}://u@db/x") == settings


@pytest.mark.parametrize("value, dev", [("1", True), ("TRUE", True), ("on", True), ("0", False), ("off", False)])
def test_development_is_switched_by_the_usual_words(value: str, dev: bool) -> None:
    assert load_settings({"HOMEROOM_DEV": value}).dev is dev


def test_a_school_with_people_in_it_is_not_filled(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.first_token}"}
        form = {"user[name]": "Real", "pseudonym[unique_id]": "real@school.test"}
        made = requests.post(f"{server.url}/api/v1/accounts/1/users", form, headers=headers, timeout=10)
        assert made.status_code == 200
    for command in (("serve", "--demo", "--port", "0"), ("demo", "load")):
        result = run(*command, "--data", tmp_path)
        assert result.returncode == 1
        assert result.stderr == "Error: There are people in this school; the demo school is for an empty one.\n"


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("migrate",), ("worker",), ("token", "create", "x")])
def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A file may not grow beyond so many blocks: to SQLite that is a full disk."""
    data = tmp_path / "data"
    if command[0] != "serve":
        data.mkdir()
        (data / "homeroom.db").touch()
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 100; exec "$@"', "sh", sys.executable, "-m", "homeroom", *command]
    result = subprocess.run(
        [*limited, "--data", str(data)], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("Error: "), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    if command[0] == "serve":
        assert not data.exists(), "A start that failed has made something."


@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("migrate",), ("worker",), ("token", "create", "x"), ("demo", "load")]
)
def test_a_database_of_a_newer_version_is_said_in_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    database = Database(f"sqlite:///{tmp_path}/homeroom.db")
    migrate(database, METADATA)
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    result = run(*command, "--data", tmp_path)
    sentence = "Error: The database is at revision 9999, which only a newer Homeroom knows.\n"
    assert (result.returncode, result.stderr) == (1, sentence)
