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

from homeroom.school.demo import PASSWORD, people_to_try
from homeroom.school.demo.people import COURSES, OBSERVES, STUDENTS

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
    browser = requests.Session()
    page = browser.get(f"{server.url}/login/canvas", timeout=20).text
    token = page.split('name="authenticity_token" value="')[1].split('"')[0]
    reply = browser.post(
        f"{server.url}/login/canvas",
        {
            "authenticity_token": token,
            "pseudonym_session[unique_id]": "taro@demo.homeroom.example",
            "pseudonym_session[password]": PASSWORD,
        },
        timeout=20,
    )
    assert reply.status_code == 200
    assert "山田 太郎" in reply.text


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
