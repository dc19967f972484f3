"""The demo school (issue B): small, living, and the same every time."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.live import LiveServer, run, serving

from homeroom.school.seed.demo import PASSWORD, people_to_try
from homeroom.school.seed.demo.people import COURSES, OBSERVES, STUDENTS

TOKENS = {person.role: person.token for person in people_to_try()}


@pytest.fixture
def server(empty_url: str, tmp_path: Path) -> Any:
    with serving(tmp_path / "data", "--database", empty_url, "--demo") as live:
        yield live


def get(server: LiveServer, role: str, path: str) -> Any:
    reply = requests.get(f"{server.url}/api/v1/{path}", headers={"Authorization": f"Bearer {TOKENS[role]}"}, timeout=20)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_newcomer_pastes_the_three_commands_and_sees_living_answers(server: LiveServer) -> None:
    commands = [line.strip() for line in server.output if line.strip().startswith("curl ")]
    assert len(commands) == 3
    answers = [json.loads(subprocess.check_output([*shlex.split(command), "-s"])) for command in commands]
    assert answers[0]["name"] == "Stella Marchetti"
    assert {course["course_code"] for course in answers[1]} == {"BIO 101", "CHEM 201"}
    assert all(course["total_students"] > 0 for course in answers[1])
    assert [(person["name"], person["email"]) for person in answers[2]] == [
        ("Elena Petrova", "elena@demo.homeroom.example")
    ]


def test_the_school_is_whole(server: LiveServer) -> None:
    people = get(server, "admin", "accounts/1/users?per_page=100")
    assert len(people) == 38  # the demo's 37, and the first admin
    assert {account["name"] for account in get(server, "admin", "accounts/1/sub_accounts")} == {
        "Lower School",
        "Upper School",
    }
    courses = get(server, "admin", "accounts/1/courses?per_page=100")
    assert sorted(course["course_code"] for course in courses) == sorted(course.code for course in COURSES)
    of_the_account = get(server, "admin", "accounts/1/users?enrollment_type=observer&per_page=100")
    assert len(of_the_account) == len(OBSERVES)
    assert len(get(server, "admin", "accounts/1/users?enrollment_type=student&per_page=100")) == len(STUDENTS)


def test_a_student_has_nicknames_colors_and_positions(server: LiveServer) -> None:
    courses = {course["course_code"]: course for course in get(server, "student", "courses")}
    assert courses["BIO 101"]["name"] == "Bio with Ms Nwosu"
    assert courses["BIO 101"]["original_name"] == "Biology: The Living World"
    biology = f"course_{courses['BIO 101']['id']}"
    assert get(server, "student", "users/self/colors")["custom_colors"][biology] == "#0b874b"
    assert get(server, "student", "users/self/dashboard_positions")["dashboard_positions"][biology] == 1


def test_everybody_signs_in_with_the_demo_password(server: LiveServer) -> None:
    assert "山田 太郎" in sign_in(server)


def sign_in(server: LiveServer, login: str = "taro@demo.homeroom.example") -> str:
    """The page after signing in with the demo password."""
    browser = requests.Session()
    page = browser.get(f"{server.url}/login/canvas", timeout=20).text
    return browser.post(
        f"{server.url}/login/canvas",
        {
            "authenticity_token": page.split('name="authenticity_token" value="')[1].split('"')[0],
            "pseudonym_session[unique_id]": login,
            "pseudonym_session[password]": PASSWORD,
        },
        timeout=20,
    ).text


def test_loading_it_again_adds_nobody(empty_url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "--database", empty_url):
        first = run("demo", "load", "--data", data, "--database", empty_url)
        assert (first.returncode, first.stdout) == (0, "37 people came.\n")
        again = run("demo", "load", "--data", data, "--database", empty_url)
        assert (again.returncode, again.stdout) == (0, "The demo school was here already.\n")


def test_two_demo_schools_are_the_same(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        with serving(tmp_path / name, "--demo") as live:
            people = get(live, "admin", "accounts/1/users?per_page=100&include[]=email")
            found.append([{key: person[key] for key in ("id", "name", "sis_user_id", "email")} for person in people])
    assert found[0] == found[1]


OPEN_TO_ALL = ("--host", "0.0.0.0")


@pytest.mark.parametrize(
    ("arguments", "settings", "where"),
    [
        (("--demo", *OPEN_TO_ALL), {}, "0.0.0.0"),
        (OPEN_TO_ALL, {"HOMEROOM_DEV": "1"}, "0.0.0.0"),
        (("--demo", "--host", "::"), {}, "::"),
        (("--demo",), {"HOMEROOM_PUBLIC_URL": "https://school.example"}, "school.example"),
    ],
)
def test_known_tokens_and_a_clock_for_all_are_not_put_on_the_network_unasked(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], where: str
) -> None:
    result = run("serve", "--port", "0", "--data", tmp_path / "data", *arguments, settings=settings)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: HOMEROOM_DEV is on (or --demo), and {where} is reached by other machines")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_development_is_said_at_every_start_and_where_it_is_reached_from(tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path, "--demo", "--dev-on-any-address", *OPEN_TO_ALL) as server:
            said = "\n".join(server.output)
            assert "Development is on: " in said
            assert "WARNING: 0.0.0.0 is reached by other machines. Everybody knows the demo school's tokens" in said
    with serving(tmp_path / "own", settings={"HOMEROOM_DEV": "1"}) as server:
        said = "\n".join(server.output)
        assert "Development is on: " in said
        assert "WARNING" not in said


def status_of(server: LiveServer, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{server.url}/api/v1/users/self", headers=headers, timeout=20).status_code


def test_a_demo_folder_is_not_served_to_real_people_until_its_known_secrets_are_replaced(
    empty_url: str, tmp_path: Path
) -> None:
    where = ("--data", str(tmp_path / "data"), "--database", empty_url)
    with serving(tmp_path / "data", "--database", empty_url, "--demo") as server:
        first = server.first_token
        made = requests.post(
            f"{server.url}/api/v1/users/self/tokens", {"token[purpose]": "Mine"},
            headers={"Authorization": f"Bearer {TOKENS['student']}"}, timeout=20,
        ).json()["visible_token"]  # fmt: skip
        assert status_of(server, made) == 200
    for settings in ({}, {"HOMEROOM_DEV": "1"}):
        refused = run("serve", "--port", "0", *where, settings=settings)
        assert refused.returncode == 1
        assert "homeroom demo retire" in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert "`homeroom demo retire` before real people come" in run("doctor", *where).stdout
    retired = run("demo", "retire", *where)
    assert (retired.returncode, retired.stdout) == (
        0, "3 tokens ended, 37 passwords replaced; everybody is signed out.\n",
    ), retired.stderr  # fmt: skip
    assert "demo school" not in run("doctor", *where).stdout
    with serving(tmp_path / "data", "--database", empty_url) as server:
        assert status_of(server, first) == 200
        for token in (*TOKENS.values(), made):
            assert status_of(server, token) == 401
        assert "That login and password do not go together." in sign_in(server)
    again = run("demo", "retire", *where)
    assert (again.returncode, again.stderr) == (
        1, "Error: There is no demo school here, or it was retired already.\n",
    )  # fmt: skip
    with serving(tmp_path / "data", "--database", empty_url, "--demo") as server:
        assert TOKENS["admin"] not in "\n".join(server.output)


def test_whoever_was_given_the_demo_password_later_has_it_no_more(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as server:
        form = {"user[name]": "Late", "pseudonym[unique_id]": "late@school.test", "pseudonym[password]": PASSWORD}
        headers = {"Authorization": f"Bearer {server.first_token}"}
        url = f"{server.url}/api/v1/accounts/1/users"
        assert requests.post(url, form, headers=headers, timeout=20).status_code == 200
        assert "Late" in sign_in(server, "late@school.test")
    assert "38 passwords replaced" in run("demo", "retire", "--data", tmp_path).stdout
    with serving(tmp_path) as server:
        assert "That login and password do not go together." in sign_in(server, "late@school.test")
