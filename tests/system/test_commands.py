"""The other commands, as somebody at a terminal has them."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
from tests.support.live import run, serving

from homeroom import __version__
from homeroom.cli import doctor_checks
from homeroom.db import Database
from homeroom.db.migrate import newest_revision


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school that was started once."""
    folder = tmp_path_factory.mktemp("school")
    with serving(folder):
        pass
    return folder


def rows(data: Path, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(data / "homeroom.db")
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def test_version_and_help() -> None:
    assert run("--version").stdout == f"homeroom {__version__}\n"
    help = run("--help").stdout
    for command in ("serve", "worker", "migrate", "doctor", "token", "account", "openapi", "demo"):
        assert re.search(rf"^  {command} +\w", help, re.MULTILINE)
        described = run(command, "--help")
        assert described.returncode == 0
        assert command in described.stdout


@pytest.mark.parametrize(
    "command", [("nonsense",), ("token", "create"), ("account", "set", "avatars"), ("doctor", "--x")]
)
def test_wrong_usage_is_status_2(command: tuple[str, ...]) -> None:
    assert run(*command).returncode == 2


def test_a_token_is_made_and_works(data: Path) -> None:
    made = run("token", "create", "Admin@Homeroom.Example", "--purpose", "Export", "--data", data)
    assert made.returncode == 0, made.stderr
    with serving(data) as server:
        token = made.stdout.strip()
        answer = requests.get(
            f"{server.url}/api/v1/users/self", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        assert answer.json()["id"] == 1
    assert rows(data, "SELECT purpose, hint, state FROM access_tokens ORDER BY id DESC LIMIT 1") == [
        ("Export", token[:5], "active")
    ]


def test_nobody_gets_no_token(data: Path) -> None:
    result = run("token", "create", "nobody", "--data", data)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "Error: Nobody signs in as 'nobody'.\n")


@pytest.mark.parametrize(
    "purpose, sentence",
    [("x" * 256, "purpose is too long (maximum is 255 characters)."), (" ", "A token needs a purpose.")],
)
def test_a_token_needs_a_purpose_that_can_be_kept(data: Path, purpose: str, sentence: str) -> None:
    before = rows(data, "SELECT count(*) FROM access_tokens")
    result = run("token", "create", "admin@homeroom.example", "--purpose", purpose, "--data", data)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"Error: {sentence}\n")
    assert rows(data, "SELECT count(*) FROM access_tokens") == before


@pytest.mark.spec("homeroom.md#5")
@pytest.mark.parametrize(
    "name, value, said",
    [
        ("avatars", "false", "avatars is false."),
        ("profiles", "True", "profiles is true."),
        ("password_min_length", "12", "password_min_length is 12."),
        ("self_registration", "all", 'self_registration is "all".'),
        ("pronouns", '["She/Her"]', 'pronouns is ["She/Her"].'),
        ("default_locale", "de", 'default_locale is "de".'),
    ],
)
def test_a_setting_of_the_account_is_changed(data: Path, name: str, value: str, said: str) -> None:
    result = run("account", "set", name, value, "--data", data)
    assert (result.returncode, result.stdout) == (0, said + "\n"), result.stderr
    ((kept,),) = rows(data, "SELECT settings FROM accounts WHERE id = 1")
    assert f'"{name}"' in str(kept)


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("avatar", "true", "There is no setting 'avatar'."),
        ("avatars", "maybe", "avatars must be true or false."),
        ("self_registration", "everybody", "self_registration must be one of none, observer, all."),
        ("password_min_length", "many", "password_min_length must be a whole number."),
        ("pronouns", "She", "pronouns must be false or a list of texts."),
    ],
)
def test_a_setting_that_cannot_be_is_refused(data: Path, name: str, value: str, sentence: str) -> None:
    before = rows(data, "SELECT settings FROM accounts")
    result = run("account", "set", name, value, "--data", data)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {sentence}")
    assert result.stderr.count("\n") == 1
    assert rows(data, "SELECT settings FROM accounts") == before


ON_A_SCHOOL = [("token", "create", "x"), ("account", "set", "avatars", "true"), ("demo", "load"), ("worker",)]
ON_A_SCHOOL += [("demo", "retire")]


@pytest.mark.parametrize("command", [*ON_A_SCHOOL, ("migrate",)])
def test_a_mistyped_folder_is_said_and_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = tmp_path / "scool"
    result = run(*command, "--data", folder)
    assert result.returncode == 1
    assert result.stderr == f"Error: There is no school at {folder}/homeroom.db; `homeroom serve` makes one.\n"
    assert not folder.exists()


@pytest.mark.parametrize("command", ON_A_SCHOOL)
def test_without_tables_there_is_nothing_to_work_on(empty_url: str, tmp_path: Path, command: tuple[str, ...]) -> None:
    database = Database(empty_url)
    with database.read():
        pass
    database.close()
    result = run(*command, "--database", empty_url, "--data", tmp_path / "data")
    assert (result.returncode, result.stderr) == (1, "Error: There is no school yet; `homeroom serve` makes it.\n")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ON_A_SCHOOL)
def test_old_tables_are_not_worked_on(tmp_path: Path, command: tuple[str, ...]) -> None:
    from tests.db.test_migrations import walk_the_chain

    database = Database(f"sqlite:///{tmp_path}/homeroom.db")
    walk_the_chain(database, "0001")
    database.close()
    result = run(*command, "--data", tmp_path)
    assert result.returncode == 1
    assert result.stderr == "Error: The tables are not those of this version; run `homeroom migrate` first.\n"


def test_migrate_makes_the_tables_once_and_says_so(empty_url: str, tmp_path: Path) -> None:
    newest = newest_revision()
    with closing(Database(empty_url)) as database, database.read():
        pass
    first = run("migrate", "--database", empty_url, "--data", tmp_path)
    assert first.stdout == f"The tables are made.\nThe tables are at revision {newest}.\n", first.stderr
    second = run("migrate", settings={"HOMEROOM_DATABASE_URL": empty_url, "HOMEROOM_DATA": str(tmp_path)})
    assert second.stdout == f"The tables are at revision {newest} already.\n"
    result = run("token", "create", "x", "--database", empty_url, "--data", tmp_path)
    assert result.stderr == "Error: There is no school yet; `homeroom serve` makes it.\n"


def test_migrate_tells_each_step(empty_url: str, tmp_path: Path) -> None:
    from tests.db.test_migrations import walk_the_chain

    database = Database(empty_url)
    walk_the_chain(database, "0001")
    database.close()
    result = run("migrate", "--database", empty_url, "--data", tmp_path)
    assert result.stdout.startswith("0002: Custom data.\n"), result.stderr
    assert result.stdout.endswith(f"The tables are at revision {newest_revision()}.\n")


def states(output: str) -> dict[str, str]:
    found = re.findall(r"^(\S[\w -]*?) {2,}(ok|note|problem) ", output, re.MULTILINE)
    return dict(found)


CHECKS = [
    "python",
    "settings",
    "data folder",
    "admin-token",
    "database",
    "tables",
    "secrets",
    "invariants",
    "search",
    "clock",
    "worker",
]
CHECKS += ["job queue", "storage", "mail"]


def test_doctor_finds_all_well_while_the_server_runs(empty_url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "--database", empty_url) as server:
        for _ in range(50):
            result = run("doctor", "--data", data, "--database", empty_url)
            if states(result.stdout)["worker"] == "ok":
                break
        assert result.returncode == 0, result.stdout + result.stderr
        assert states(result.stdout) == dict.fromkeys(CHECKS, "ok"), result.stdout
        assert server.first_token not in result.stdout
    after = run("doctor", "--data", data, "--database", empty_url)
    assert after.returncode == 0, after.stdout
    assert states(after.stdout)["worker"] == "note"


def test_doctor_sees_at_once_that_a_worker_was_killed(empty_url: str, tmp_path: Path) -> None:
    where = ("--data", str(tmp_path), "--database", empty_url)
    with serving(tmp_path, "--database", empty_url) as server:
        deadline = time.monotonic() + 20
        while states(run("doctor", *where).stdout)["worker"] != "ok":
            assert time.monotonic() < deadline
        server.kill_all()
    time.sleep(1)
    assert states(run("doctor", *where).stdout)["worker"] == "problem"
    with serving(tmp_path, "--database", empty_url):
        deadline = time.monotonic() + 20
        while states(run("doctor", *where).stdout)["worker"] != "ok":
            assert time.monotonic() < deadline, "The dead worker's lease keeps the live one from reporting."


def test_a_worker_that_ended_and_was_not_reaped_is_not_alive() -> None:
    ended = subprocess.Popen(["true"])
    holder = f"{socket.gethostname()}:{ended.pid}:x"
    deadline = time.monotonic() + 10
    while doctor_checks._may_live(holder):
        # Nobody waits for it here, so it stays a zombie.
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ended.wait() == 0
    assert doctor_checks._may_live(f"{socket.gethostname()}:{os.getpid()}:x")


def test_doctor_says_that_secrets_were_sealed_with_another_key(empty_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--database", empty_url, settings={"HOMEROOM_SECRET_KEY": "the-first-one"}) as server:
        headers = {"Authorization": f"Bearer {server.first_token}"}
        for name in ("One", "Two"):
            key = {"developer_key": {"name": name}}
            url = f"{server.url}/api/v1/accounts/1/developer_keys"
            assert requests.post(url, json=key, headers=headers, timeout=10).status_code == 200
    for secret, status in (("the-first-one", 0), ("another-one", 1)):
        settings = {"HOMEROOM_SECRET_KEY": secret}
        result = run("doctor", "--data", tmp_path, "--database", empty_url, settings=settings)
        assert result.returncode == status
        assert states(result.stdout)["secrets"] == ("problem" if status else "ok"), result.stdout
    assert "2 of 2 do not open" in result.stdout
    assert "another-one" not in result.stdout


def test_doctor_on_nothing_makes_nothing(tmp_path: Path) -> None:
    result = run("doctor", "--data", tmp_path / "none")
    assert result.returncode == 0
    assert states(result.stdout)["data folder"] == states(result.stdout)["database"] == "note"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments, check, said",
    [
        (("--data", "{tmp}/file/school"), "data folder", "{tmp}/file/school cannot be made in {tmp}/file"),
        (("--database", "sqlite:////nowhere/x.db"), "database", "there is no folder /nowhere"),
    ],
)
def test_doctor_does_not_promise_what_serve_cannot_make(
    tmp_path: Path, arguments: tuple[str, ...], check: str, said: str
) -> None:
    (tmp_path / "file").touch()
    result = run("doctor", "--data", tmp_path, *(argument.replace("{tmp}", str(tmp_path)) for argument in arguments))
    assert result.returncode == 1
    assert states(result.stdout)[check] == "problem"
    assert said.replace("{tmp}", str(tmp_path)) in result.stdout


def test_doctor_says_what_is_wrong_and_what_to_do(data: Path) -> None:
    (data / "admin-token").chmod(0o644)
    settings = {
        "HOMEROOM_PUBLIC_ULR": "http://x",
        "HOMEROOM_SMTP_URL": "smtp://u:sesame@127.0.0.1:9",
        "HOMEROOM_STORAGE_URL": "file:///proc/nowhere",
    }
    result = run("doctor", "--data", data, settings=settings)
    (data / "admin-token").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert result.returncode == 1
    found = states(result.stdout)
    assert [name for name, state in found.items() if state == "problem"] == [
        "settings",
        "admin-token",
        "storage",
        "mail",
    ]
    assert f"→ chmod 600 {data}/admin-token" in result.stdout
    assert "HOMEROOM_PUBLIC_ULR: no such setting" in result.stdout
    assert "sesame" not in result.stdout


def test_doctor_says_that_the_database_is_away(tmp_path: Path) -> None:
    result = run("doctor", "--data", tmp_path, "--database", "postgresql+psycopg://u:sesame@127.0.0.1:1/x")
    assert result.returncode == 1
    assert states(result.stdout)["database"] == "problem"
    assert "sesame" not in result.stdout + result.stderr


def test_doctor_says_that_the_tables_are_old(tmp_path: Path) -> None:
    from tests.db.test_migrations import walk_the_chain

    database = Database(f"sqlite:///{tmp_path}/homeroom.db")
    walk_the_chain(database, "0001")
    database.close()
    result = run("doctor", "--data", tmp_path)
    assert result.returncode == 1
    assert states(result.stdout)["tables"] == "problem"
    assert "→ Run `homeroom migrate`." in result.stdout


def test_openapi_prints_the_document_that_the_server_has(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        served = requests.get(f"{server.url}/api/docs/openapi.json", timeout=20).json()
        printed = run("openapi", "--url", f"{server.url}/")
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == served
    assert served["servers"] == [{"url": server.url}]
